"""Where a verb's words go: results to standard output, all else to standard error."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any


def progress_to_stderr() -> contextlib.AbstractContextManager[Any]:
    """Keras prints its progress bar to standard output, where results belong."""
    return contextlib.redirect_stdout(sys.stderr)


def verbosity() -> int:
    """Keras's `verbose`: a moving bar for a person, a line an epoch for a log."""
    return 1 if sys.stderr.isatty() else 2


@contextlib.contextmanager
def record_counter() -> Iterator[Callable[[int], None]]:
    """Tells a person who would otherwise see nothing how many records are done.

    How many there will be is not known of a stream. Nothing is shown in a log, or beside
    answers on the same screen.
    """
    shown = sys.stderr.isatty() and not sys.stdout.isatty()
    done, started = 0, time.monotonic()

    def count(number: int) -> None:
        nonlocal done
        done += number
        if shown:
            rate = done / max(time.monotonic() - started, 1e-9)
            print(f"\r{done:,} records, {rate:,.0f} a second", end="", file=sys.stderr, flush=True)

    yield count
    if shown and done:
        print(file=sys.stderr)


def print_scores(scores: dict[str, Any], *, as_json: bool) -> None:
    """One JSON object, or a line a score."""
    if as_json:
        print(json.dumps(scores))
        return
    width = max(map(len, scores))
    for name, value in scores.items():
        text = f"{value:.4f}" if isinstance(value, float) else str(value)
        print(f"{name:<{width}}  {text}")
