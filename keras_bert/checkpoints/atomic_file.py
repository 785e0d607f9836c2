"""Writes one file all at once: a reader finds the old one or the new one.

A write goes to a temporary file beside it, reaches the disk, and takes the old file's
place in one step: a process killed at any moment leaves the old file or the new one.

Source: rename(2) and fsync(2) of POSIX, https://pubs.opengroup.org/onlinepubs/9699919799/
"""

import contextlib
import os
import pathlib
from collections.abc import Iterator
from typing import BinaryIO

from keras_bert.checkpoints.write_errors import write_error

_TEMPORARY = ".{name}.{process}.partial"


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Gives a binary stream whose content becomes the file at `path` when the block ends well.

    Args:
        path: the file; its folder exists.

    Raises:
        OSError: the disk is full or the folder cannot be written. The old file stays.
            Errors of other files that the block names are passed on.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(_TEMPORARY.format(name=path.name, process=os.getpid()))
    try:
        with open(temporary, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and _is_of(error, temporary):
            raise write_error(path, error) from error
        raise


def _is_of(error: OSError, temporary: pathlib.Path) -> bool:
    """Writing names no file, opening and renaming do; what the block reads has other names."""
    names = (str(temporary), str(temporary.parent))
    return error.filename is None or str(error.filename) in names


def remove_leftovers(path: pathlib.Path) -> None:
    """Removes temporary files that killed writers of `path` left."""
    for leftover in path.parent.glob(_TEMPORARY.format(name=path.name, process="*")):
        leftover.unlink(missing_ok=True)


def _flush_folder(folder: pathlib.Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
