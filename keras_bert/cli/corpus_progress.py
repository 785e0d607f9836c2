"""How far a corpus has been read: a bar for a person, nothing in a log."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

_WIDTH = 30
_PAUSE = 0.2  # seconds between two drawings


@contextlib.contextmanager
def corpus_progress(total: int | None, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Shows a bar on standard error, if that is a screen.

    Args:
        total: bytes of the corpus on the disk; None where that is not known.
        unit: what comes of it, in the plural.

    Yields:
        `show(bytes_read, count)`: bytes that were read up to now, and how many more units.
    """
    shown = sys.stderr.isatty()
    started, done, reached, drawn = time.monotonic(), 0, 0, 0.0

    def draw(end: str) -> None:
        nonlocal drawn
        drawn = time.monotonic()
        line = _line(reached, total, done, unit, drawn - started)
        print(f"\r{line}\x1b[K", end=end, file=sys.stderr, flush=True)

    def show(bytes_read: int, count: int) -> None:
        nonlocal done, reached
        done, reached = done + count, bytes_read
        if shown and time.monotonic() - drawn > _PAUSE:
            draw("")

    try:
        yield show
    finally:
        if shown and done:
            draw("\n")


def _line(bytes_read: int, total: int | None, done: int, unit: str, seconds: float) -> str:
    text = f"{done:,} {unit} of {bytes_read / 1e6:,.1f} MB"
    if not total:
        return text
    share = min(1.0, bytes_read / total)
    bar = "█" * round(_WIDTH * share)
    left = f", {_clock(seconds * (1 - share) / share)} left" if 0 < share < 1 else ""
    return f"{100 * share:3.0f} % {bar:░<{_WIDTH}} {text}{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
