"""The study on an accelerator as Markdown."""

from alternation import spread
from result_tables import engines_list, measured, share_of_limit, title

COLUMNS = ("row", "ms", "quartiles", "tokens/s", "TFLOP/s", "of the limit")
COLUMNS += ("peak GiB", "first step", "difference")


def section(entry: dict) -> str:
    """A table of one point, the fastest row first."""
    lines = [f"## {title(entry)}", "", measured(entry), *_limits(entry), ""]
    lines += [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    for row, facts in sorted(entry["engines"].items(), key=lambda item: _median(item[1])):
        lines.append(f"| {row} | {' | '.join(_cells(entry, facts))} |")
    return "\n".join(lines) + "\n"


def _limits(entry: dict) -> list[str]:
    """The rate of products that each library reached, and what the card is."""
    rates = entry["limit"].get("products", {})
    found = [f"{name} {rate / 1e12:,.4g} TFLOP/s" for name, rate in rates.items()]
    card = [f"{name} {fact}" for name, fact in entry.get("card", {}).items()]
    return [f"Products: {', '.join(found) or 'not measured'}. Card: {'; '.join(card)}."]


def _median(facts: dict) -> float:
    return spread(facts["wall"])["median"] if facts.get("wall") else float("inf")


def _cells(entry: dict, facts: dict) -> list[str]:
    if not facts.get("wall"):
        reason = " ".join(facts.get("reason", "no times").replace("|", "/").split())
        if len(reason) > 300:  # what failed stands first, and why last
            reason = f"{reason[:150]} … {reason[-150:]}"
        return [f"not measured: {reason}", *[""] * (len(COLUMNS) - 2)]
    wall, settings = spread(facts["wall"]), entry["settings"]
    share = share_of_limit(entry, wall["median"])
    memory, first = facts.get("peak_memory"), facts.get("first_step_seconds")
    difference = facts.get("difference")
    return [
        f"{1e3 * wall['median']:,.2f}",
        f"{1e3 * wall['low']:,.2f} to {1e3 * wall['high']:,.2f}",
        f"{settings['batch'] * settings['length'] / wall['median']:,.0f}",
        f"{entry['operations'] / wall['median'] / 1e12:,.4g}",
        "" if share is None else f"{share:.1%}",
        "" if memory is None else f"{memory / 2**30:,.2f}",
        "" if first is None else f"{first:.1f} s",
        "" if difference is None else f"{difference:.1e}",
    ]


def left_out(entries: list[dict]) -> str:
    """Points that no engine was measured at for want of time."""
    lines = [f"- {title(entry)}: {_why(entry)}" for entry in entries]
    return "\n".join(["## Left out", "", *lines]) + "\n" if lines else ""


def _why(entry: dict) -> str:
    return next(iter(entry["engines"].values()), {}).get("reason", "no engine does it")


HEAD = """# On an accelerator

Written by `python benchmarks/peers/gpu.py`; the figures of every run are in [gpu/](gpu/).
Rows of one table take turns on one card in one run, each in a process and an environment of
its own. Times are medians with quartiles; a turn is as many steps as fill it, and the device
is waited for at its end alone. *Of the limit* is the model's operations (its matrix
products, a training step counted as three forward passes) over what the time would allow at
the best rate of a large product that the same rounds saw, in JAX or in torch, in the same
precision: float32 in full, tf32 with rounded factors, bfloat16. *Peak* is the device's memory
in use; JAX's includes what compiling tried. *First step* compiles. *Difference* is the
largest one between the vector of the first row, mean of its tokens' and of length 1, and
what keras_bert gives in the same precision; training has none. Weights are random, and no row
has padding.
"""


def page(entries: list[dict]) -> str:
    """The whole page."""
    without = [entry for entry in entries if _why(entry).startswith("left out")]
    tables = [section(entry) for entry in entries if entry not in without]
    parts = [HEAD, *tables, left_out(without), engines_list(entries)]
    return "\n".join(part for part in parts if part)
