"""Results as Markdown: a section for each job and settings, a row for each engine."""

from alternation import spread

HEADINGS = {
    "forward": "Inference",
    "train": "Training step",
    "gpu_forward": "Inference",
    "gpu_train": "Training step of a classifier",
    "gpu_masked_lm": "Training step of the masked language model",
    "fit": "An epoch on texts",
    "texts": "Texts end to end",
    "classify": "Labels for texts",
    "start": "From the start of a process to the first answer",
}
OF_TEXTS = ("fit", "texts", "classify")
IN_SECONDS = (*OF_TEXTS, "start")
SHOWN = ("shape", "layers", "batch", "length", "dtype", "dropout", "corpus", "count", "card")


def title(entry: dict) -> str:
    """The job and what distinguishes its settings."""
    settings = entry["settings"]
    facts = [f"{name} {settings[name]}" for name in SHOWN if settings.get(name) is not None]
    return f"{HEADINGS.get(settings['job'], settings['job'])}: {', '.join(facts)}"


def share_of_limit(entry: dict, seconds: float) -> float | None:
    """The measured part of the machine's product rate; None where no operations are counted."""
    rate = entry["limit"].get("operations_per_second")
    if not rate or "operations" not in entry:
        return None
    return entry["operations"] / seconds / rate


def table(entry: dict) -> str:
    """One section."""
    lines = [f"## {title(entry)}", "", measured(entry), ""]
    job = entry["settings"]["job"]
    columns = ["engine", "s" if job in IN_SECONDS else "ms", "quartiles", "processor"]
    columns += ["texts/s", "tokens/s"] if job in OF_TEXTS else ["of the limit"]
    columns += ["peak memory", "first answer", "difference"]
    lines += [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    engines = sorted(entry["engines"].items(), key=lambda item: _median(item[1]))
    for name, facts in engines:
        cells = _cells(entry, facts) if facts.get("wall") else _missing(facts, len(columns) - 1)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def memory_parts(facts: dict) -> tuple[float, ...] | None:
    """Peak MiB of steps as a sum: when loaded, kept from the first step on, during a step."""
    stages = [facts.get(f"{stage}_memory") for stage in ("loaded", "resting", "peak")]
    if None in stages:
        return None
    loaded, resting, peak = (bytes_ / 2**20 for bytes_ in stages)
    return loaded, resting - loaded, peak - resting


def _median(facts: dict) -> float:
    return spread(facts["wall"])["median"] if facts.get("wall") else float("inf")


def _missing(facts: dict, columns: int) -> list[str]:
    reason = " ".join(facts.get("reason", "no times").replace("|", "/").split())
    return [f"not measured: {reason[:200]}", *[""] * (columns - 1)]


def _cells(entry: dict, facts: dict) -> list[str]:
    settings = entry["settings"]
    texts = settings["job"] in OF_TEXTS
    scale, digits = (1, 2) if settings["job"] in IN_SECONDS else (1e3, 1)
    wall = spread(facts["wall"])
    processor = spread(facts["processor"])["median"] if facts.get("processor") else None
    cells = [
        f"{scale * wall['median']:,.{digits}f}",
        f"{scale * wall['low']:,.{digits}f} to {scale * wall['high']:,.{digits}f}",
        "" if processor is None else f"{scale * processor:,.{digits}f}",
    ]
    if texts:
        cells += [f"{settings[unit] / wall['median']:,.0f}" for unit in ("count", "tokens")]
    else:
        share = share_of_limit(entry, wall["median"])
        cells.append("" if share is None else f"{share:.0%}")
    memory, first = facts.get("memory"), facts.get("first_seconds")
    cells.append("" if memory is None else f"{memory / 2**20:,.0f} MiB")
    cells.append("" if first is None else f"{first:.1f} s")
    difference = facts.get("difference")
    return [*cells, "" if difference is None else f"{difference:.1e}"]


def measured(entry: dict) -> str:
    """Where, when and against which limit."""
    machine, limit = entry["machine"], entry["limit"]
    facts = [
        f"{entry['time'][:10]}, commit {entry['commit']}",
        f"{machine['processor']}, {entry['settings']['threads']} threads",
        f"{entry['rounds']} alternated rounds",
    ]
    if "operations_per_second" in limit:
        rate = limit["operations_per_second"] / 1e9
        facts.append(f"limit {rate:,.0f} GFLOP/s in {entry['settings']['dtype']}")
    if "bytes_per_second" in limit:
        facts.append(f"copies at {limit['bytes_per_second'] / 1e9:.1f} GB/s")
    if entry.get("others") is not None:
        facts.append(f"other programs had {entry['others']:.0%} of the processors")
    facts += [f"{name}: {reason}" for name, reason in limit.get("reasons", {}).items()]
    return "; ".join(facts) + "."


def engines_list(entries: list[dict]) -> str:
    """What each engine is: how it is run, and the versions of its packages."""
    found: dict[str, dict] = {}
    for entry in entries:
        for name, facts in entry["engines"].items():
            if "versions" in facts or name not in found:
                found[name] = facts
    lines = ["## Engines", ""]
    for name, facts in sorted(found.items()):
        versions = ", ".join(f"{key} {value}" for key, value in facts.get("versions", {}).items())
        lines.append(f"- **{name}** ({versions or 'not installed'}): {facts['about']}.")
    return "\n".join(lines) + "\n"


HEAD = """# Beside other implementations

Written by `python benchmarks/peers/run.py`; the figures of every run are in
[peers/](peers/). Times are medians with quartiles over rounds that alternate between the
engines, all in one run, each engine in a process and an environment of its own. *Processor*
is the time of all threads. *Of the limit* is the rate of the model's matrix products over
the best rate of a large product that the same run saw. *First answer* is the time from the
start of loading to the first answer, imports included. *Difference* is the largest one
between the vector of the first text, mean of its tokens' (of labels, their probabilities)
and of length 1, and what keras_bert gives for it in float32; empty for engines with weights
of their own, and for losses.

![medians, with quartiles; keras_bert in orange](peers.svg)
"""


def page(entries: list[dict]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *map(table, entries), engines_list(entries)])
