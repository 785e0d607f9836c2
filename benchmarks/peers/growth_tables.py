"""The study of growth as Markdown: two tables a series, of time and of peak memory."""

import typing

import history
from alternation import spread
from growth_points import AXES
from result_tables import HEADINGS, SHOWN, engines_list, measured, memory_parts

NAMES = {"length": "tokens of a row", "batch": "rows", "layers": "layers", "count": "texts"}
NOT_THERE = "–"


class Series(typing.NamedTuple):
    """Points that differ in one setting.

    Attributes:
        axis: the setting.
        entries: in the order of its values.
    """

    axis: str
    entries: list[dict]

    @property
    def job(self) -> str:
        """What is measured."""
        return self.entries[0]["settings"]["job"]

    @property
    def values(self) -> list[int]:
        """Of the axis."""
        return [entry["settings"][self.axis] for entry in self.entries]

    @property
    def rows(self) -> list[str]:
        """Names of the rows that any point has."""
        return list(dict.fromkeys(row for entry in self.entries for row in entry["engines"]))

    def title(self) -> str:
        """The job, the axis and what stays the same."""
        settings = self.entries[0]["settings"]
        same = [f"{key} {settings[key]}" for key in SHOWN if key != self.axis and key in settings]
        return f"{HEADINGS[self.job]} by {NAMES[self.axis]}: {', '.join(same)}"

    def numbers(self, row: str, quantity: str) -> list[float | None]:
        """Of each point: seconds (`wall`), or bytes; None where it was not measured."""
        facts = [entry["engines"].get(row, {}) for entry in self.entries]
        if quantity == "wall":
            return [spread(f["wall"])["median"] if f.get("wall") else None for f in facts]
        return [f.get(quantity) for f in facts]


def all_series(entries: list[dict]) -> list[Series]:
    """Points of the newest entry's machine that differ in one setting, two or more."""
    machine = history.machine_of(max(entries, key=lambda entry: entry["time"]))
    found = []
    for job, axes in AXES.items():
        for axis in axes:
            groups: dict[str, list[dict]] = {}
            for entry in entries:
                if entry["settings"]["job"] == job and history.machine_of(entry) == machine:
                    same = {k: v for k, v in entry["settings"].items() if k != axis}
                    groups.setdefault(history.key(entry | {"settings": same}), []).append(entry)
            for group in groups.values():
                if len(group) > 1:
                    group.sort(key=lambda entry: entry["settings"][axis])
                    found.append(Series(axis, group))
    return found


def section(series: Series) -> str:
    """Both tables of a series, and why a point is not there."""
    lines = [f"## {series.title()}", "", measured(series.entries[-1]), ""]
    lines += [*_table(series, "s" if series.job == "texts" else "ms", _times), ""]
    lines += [*_table(series, "MiB", _memories), ""]
    for value, entry in zip(series.values, series.entries, strict=True):
        for row, facts in entry["engines"].items():
            if "reason" in facts:
                reason = " ".join(facts["reason"].split())[:200]
                lines.append(f"- {row} at {NAMES[series.axis]} {value}: {reason}")
    return "\n".join(lines).rstrip() + "\n"


def _table(series, unit, cells_of) -> list[str]:
    values = [f"{value:,}" for value in series.values]
    head = f"| {unit} by {NAMES[series.axis]} | {' | '.join(values)} |"
    body = [f"| {row} | {' | '.join(cells_of(series, row))} |" for row in series.rows]
    return [head, "|---" * (len(values) + 1) + "|", *body]


def _times(series, row) -> list[str]:
    scale, digits = (1, 2) if series.job == "texts" else (1e3, 1)
    times = series.numbers(row, "wall")
    return [NOT_THERE if t is None else f"{scale * t:,.{digits}f}" for t in times]


def _memories(series, row) -> list[str]:
    found = [memory_parts(entry["engines"].get(row, {})) for entry in series.entries]
    return [
        f"{sum(parts):,.0f} = {parts[0]:,.0f} {parts[1]:+,.0f} {parts[2]:+,.0f}"
        if parts
        else NOT_THERE
        for parts in found
    ]


HEAD = """# How time and memory grow

Written by `python benchmarks/peers/growth.py`; the figures of every run are in
[growth/](growth/). Times are medians over rounds that alternate between the engines. Every
engine has a new process at every point. *MiB* is the peak of its resident memory during its
steps, after the first one, as a sum: what the process held when the model was loaded and had
made no step; what the first step left behind (the traced graph, an optimizer's moments, memory
that the library keeps for the next step); and what is needed during a step beyond that. A
library that keeps all of its memory shows it in the second part.

![time and memory by each setting, on logarithmic scales; keras_bert in orange](growth.svg)
"""


def page(entries: list[dict]) -> str:
    """The whole page."""
    found = all_series(entries)
    shown = [entry for series in found for entry in series.entries]
    return "\n".join([HEAD, *map(section, found), engines_list(shown)])
