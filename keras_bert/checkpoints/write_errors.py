"""What did not let a file or a folder be written, told with its place."""

import os

from keras_bert.checkpoints.tensorflow_errors import reason_of


def write_error(target: str | os.PathLike[str], error: BaseException) -> OSError:
    """The error to raise instead, of the same number where there is one.

    Args:
        target: what was to be written, by the name that a user gave it.
        error: of the system, or of a library that met the disk.
    """
    reason = getattr(error, "strerror", None) or reason_of(error)
    if getattr(error, "filename", None):
        reason = f"{reason}: {error.filename}"  # type: ignore[attr-defined]
    message = f"expected room and permission to write {os.fspath(target)}; received: {reason}"
    number = getattr(error, "errno", None)
    return OSError(number, message) if number else OSError(message)
