"""TensorFlow's errors in a line, for those who do not import it.

Its kernels report by errors of its own, `tf.errors.OpError`, whose text holds the name of
the operation, and out of a graph the stack of calls that made it, before the reason.
"""

import re

_OPERATION = re.compile(r"\{\{\w+ [^}]*\}\}\s*|\s*\[Op:\w+\].*")
_OF_A_GRAPH = ("Graph execution error", "Detected at node", "Stack trace for op definition")


def is_tensorflow_error(error: BaseException) -> bool:
    """Whether it is a `tf.errors.OpError`."""
    return any(
        kind.__name__ == "OpError" and kind.__module__.startswith("tensorflow.")
        for kind in type(error).__mro__
    )


def reason_of(error: BaseException) -> str:
    """What one of TensorFlow's errors says, without its operations and calls."""
    lines = _OPERATION.sub("", str(getattr(error, "message", error))).splitlines()
    told = [
        line.strip()
        for line in lines
        if line.strip() and not line[0].isspace() and not line.startswith(_OF_A_GRAPH)
    ]
    return "; ".join(told) or type(error).__name__
