"""Where a verb's words go: results to standard output, all else to standard error."""

import contextlib
import json
import sys
from typing import Any


def progress_to_stderr() -> contextlib.AbstractContextManager[Any]:
    """Keras prints its progress bar to standard output, where results belong."""
    return contextlib.redirect_stdout(sys.stderr)


def verbosity() -> int:
    """Keras's `verbose`: a moving bar for a person, a line an epoch for a log."""
    return 1 if sys.stderr.isatty() else 2


def print_scores(scores: dict[str, Any], *, as_json: bool) -> None:
    """One JSON object, or a line a score."""
    if as_json:
        print(json.dumps(scores))
        return
    width = max(map(len, scores))
    for name, value in scores.items():
        text = f"{value:.4f}" if isinstance(value, float) else str(value)
        print(f"{name:<{width}}  {text}")
