"""How far a download is: a line that moves on a terminal, one line a large file elsewhere."""

import sys
import time
from typing import TextIO

_PAUSE = 0.2  # seconds between two drawings
_WORTH_A_LINE = 1_000_000  # bytes, where lines stay


class Progress:
    """Counts bytes and shows them on standard error.

    Args:
        label: what is fetched.
        total: bytes there are, None if nobody knows.
        done: bytes that were here already.
        stream: where to write; standard error.
    """

    def __init__(
        self, label: str, total: int | None, done: int = 0, stream: TextIO | None = None
    ) -> None:
        self.label, self.total, self.done = label, total, done
        self.stream = sys.stderr if stream is None else stream
        self._moves = self.stream.isatty()
        self._drawn = 0.0
        if not self._moves and (total is None or total >= _WORTH_A_LINE):
            begun = f", {_size(done)} of it here already" if done else ""
            self.stream.write(f"fetching {label} ({_size(total)}{begun})\n")

    def advance(self, count: int) -> None:
        """Adds bytes; negative ones where a download starts again."""
        self.done += count
        if self._moves and time.monotonic() - self._drawn > _PAUSE:
            self._draw()

    def close(self) -> None:
        """Ends the line."""
        if self._moves:
            self._draw()
            self.stream.write("\n")
        self.stream.flush()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        part = f"{100 * self.done / self.total:3.0f} %, " if self.total else ""
        self.stream.write(f"\r{self.label}: {part}{_size(self.done)} of {_size(self.total)}\x1b[K")
        self.stream.flush()


def _size(count: int | None) -> str:
    if count is None:
        return "unknown size"
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count:,} bytes"
