"""Regressions of ours: the newest two entries of one job on one machine, side by side.

Times of two days cannot be compared, ratios within a run can: each of our engines is divided
by a peer of the same run, or by the time that its products take at the measured limit. Ours
is slower when the median over those ratios rose by more than `TOLERANCE`.
"""

import statistics

from alternation import spread
from result_tables import share_of_limit, title

OURS = ("keras_bert", "keras_bert_packed", "served", "served_text")
TOLERANCE = 0.10


def ratios(entry: dict, name: str) -> dict[str, float]:
    """The median time of an engine over that of each peer, and over the limit's."""
    medians = {
        engine: spread(facts["wall"])["median"]
        for engine, facts in entry["engines"].items()
        if facts.get("wall")
    }
    if name not in medians:
        return {}
    found = {peer: medians[name] / seconds for peer, seconds in medians.items() if peer not in OURS}
    share = share_of_limit(entry, medians[name])
    return found | ({"the limit": 1 / share} if share else {})


def regressions(older: dict, newer: dict, tolerance: float = TOLERANCE) -> list[str]:
    """A line for each engine of ours that fell back, or that no longer answers."""
    lines = []
    for name in OURS:
        before, after = ratios(older, name), ratios(newer, name)
        if before and not after:
            reason = newer["engines"].get(name, {}).get("reason", "it was not asked")
            lines.append(f"{title(newer)}: {name} has no times any more: {reason}")
            continue
        common = sorted(before.keys() & after.keys())
        if not common:
            continue
        change = statistics.median(after[peer] / before[peer] for peer in common) - 1
        if change > tolerance:
            parts = (f"{peer} {before[peer]:.2f} to {after[peer]:.2f}" for peer in common)
            lines.append(f"{title(newer)}: {name} is {change:.0%} slower ({', '.join(parts)})")
    return lines
