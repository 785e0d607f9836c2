"""Which points the study of growth measures, and which would take too long.

One setting grows at a time, the others stay at the point that all series have in common.
"""

from alternation import spread
from model_shapes import FORWARDS, operations, shape_of

AXES = {
    "forward": ("length", "batch", "layers"),
    "train": ("length", "batch", "layers"),
    "texts": ("count",),
}


def points(common: dict, values: dict[str, list[int]]) -> list[dict]:
    """The settings of every point, once, those of the least work first.

    Args:
        common: settings of the point that all series have in common.
        values: of each axis.
    """
    found = {tuple(sorted(common.items())): common} if len(values) > 1 else {}
    for axis, numbers in values.items():
        for number in numbers:
            settings = common | {axis: number}
            found[tuple(sorted(settings.items()))] = settings
    return sorted(found.values(), key=work)


def work(settings: dict) -> int:
    """What time is at least proportional to: operations of the products, or texts."""
    if settings["job"] not in FORWARDS:
        return settings["count"]
    return operations(shape_of(settings), settings["batch"], settings["length"])


class Bound:
    """Tells from the points that were measured which a row cannot do in time.

    Args:
        seconds: that a step may take.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.measured: dict[str, tuple[int, float]] = {}

    def add(self, entry: dict) -> None:
        """Remember the times of a point; points come in the order of their work."""
        for row, facts in entry["engines"].items():
            if facts.get("wall"):
                self.measured[row] = (work(entry["settings"]), spread(facts["wall"])["median"])

    def reason(self, row: str, settings: dict) -> str | None:
        """Why a row is left out at a point; None if it is not."""
        if row not in self.measured:
            return None
        amount, seconds = self.measured[row]
        expected = seconds * work(settings) / amount
        if expected <= self.seconds:
            return None
        return f"left out: a step would take {expected:.0f} s, more than {self.seconds:g} s"
