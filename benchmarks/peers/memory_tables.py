"""The study of training's memory as Markdown: gain and cost beside the plain step."""

from alternation import spread
from result_tables import HEADINGS, SHOWN, engines_list, measured, memory_parts

PLAIN = "plain"
COMPARED = (0, 1, 4)  # time, peak and what a step needs, of `amounts`


def section(entry: dict) -> str:
    """A table of one size of batch, or of one number of predictions."""
    settings = entry["settings"]
    clock = "processor" if settings["job"] == "loss" else "wall"
    unit = "processor ms" if clock == "processor" else "ms"
    lines = [f"## {title(settings)}", "", measured(entry), ""]
    columns = ["row", unit, "of plain", "peak MiB", "of plain", "loaded", "kept"]
    lines += [f"| {' | '.join(columns)} | in a step | of plain |", "|" + "---|" * 9]
    for row, facts in entry["engines"].items():
        lines.append(f"| {row} | {' | '.join(_cells(entry, row, facts, clock))} |")
    return "\n".join(lines) + "\n"


def title(settings: dict) -> str:
    """The job and its sizes; every row has its own precision."""
    if settings["job"] == "loss":
        return f"Loss and gradients of {settings['predictions']:,} masked positions"
    settings = {key: value for key, value in settings.items() if key != "dtype"}
    same = [f"{key} {settings[key]}" for key in (*SHOWN, "engines") if key in settings]
    return f"{HEADINGS[settings['job']]}: {', '.join(same)}"


def plain_of(entry: dict, row: str) -> dict:
    """Facts of the plain row of the same engine."""
    engine = row.partition(",")[0]
    return entry["engines"].get(PLAIN if entry["settings"]["job"] == "loss" else engine, {})


def amounts(facts: dict, clock: str) -> list[float | None]:
    """Median milliseconds of a step; MiB at its peak, when loaded, kept, and during a step."""
    parts = memory_parts(facts)
    time = 1e3 * spread(facts[clock])["median"] if facts.get(clock) else None
    return [time, *((sum(parts), *parts) if parts else (None,) * 4)]


def _cells(entry, row, facts, clock) -> list[str]:
    if "reason" in facts:
        reason = " ".join(facts["reason"].replace("|", "/").split())
        return [f"not measured: {reason[:200]}", *[""] * 7]
    cells = []
    plain = amounts(plain_of(entry, row), clock)
    for place, (number, beside) in enumerate(zip(amounts(facts, clock), plain, strict=True)):
        cells.append("" if number is None else f"{number:,.0f}")
        if place in COMPARED:
            cells.append("" if number is None or not beside else f"{number / beside:.2f}")
    return cells


HEAD = """# Memory of training

Written by `python benchmarks/peers/memory.py`; the figures of every run are in
[memory/](memory/). Rows of one table take turns in one run, each in a new process. *Peak* is
the most resident memory during steps after the first one. It is the sum of what the process
held when the model was *loaded*; what the first step left behind and is *kept*, as the traced
graph and an optimizer's moments; and what is needed *in a step* beyond that: gradients, and
values that the backward pass reads. *Of plain* is the ratio to the plain step of the same
engine in the same run, below 1 for a gain. Checkpointing computes a block's values anew in the
backward pass; *bfloat16* is Keras's `mixed_bfloat16` and torch's autocast, with weights in
float32. The loss is counted beyond a process with eight predictions (*loaded*), its time is
the processor's.
"""


def page(entries: list[dict]) -> str:
    """The whole page, steps before losses."""
    ordered = sorted(entries, key=lambda entry: entry["settings"]["job"] == "loss")
    steps = [entry for entry in ordered if entry["settings"]["job"] != "loss"]
    return "\n".join([HEAD, *map(section, ordered), engines_list(list(map(_plain, steps)))])


def _plain(entry: dict) -> dict:
    engines = {row: facts for row, facts in entry["engines"].items() if "," not in row}
    return entry | {"engines": engines}
