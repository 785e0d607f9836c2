"""Writes a folder all at once: a reader finds the whole of it or nothing.

The files go into a hidden sibling `.NAME.XXXXXXXX.partial`, reach the disk (fsync), and
one rename puts the folder in its place. A failure removes the sibling; a killed process
leaves it, hidden, and never a half-written destination.

Source: rename(2) and fsync(2) of POSIX, https://pubs.opengroup.org/onlinepubs/9699919799/
"""

import contextlib
import os
import pathlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator

from keras_bert.checkpoints.write_errors import write_error

# What TensorFlow raises for ENOSPC, EACCES, ENOENT, EFBIG and the rest of errno.
_TENSORFLOW_DISK_ERRORS = (
    "ResourceExhaustedError",
    "PermissionDeniedError",
    "NotFoundError",
    "OutOfRangeError",
    "UnknownError",
)


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[pathlib.Path]:
    """Gives a temporary folder to fill, which becomes `path` when the block ends well.

    Args:
        path: the folder to make; missing parents are made too. An empty folder that is
            already there is replaced.
        overwrite: replace a folder that holds something. Until the new one is complete the
            old one stays as it is.

    Yields:
        The temporary folder.

    Raises:
        FileExistsError: `path` is a file, or a folder that is not empty and `overwrite` is
            false.
        OSError: the disk is full, or the place cannot be written to. Nothing is left behind.
    """
    target = pathlib.Path(os.path.realpath(path))
    _refuse_occupied(target, overwrite)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    made_parents = [parent for parent in target.parents if not parent.exists()]
    try:
        partial.mkdir(parents=True)
        yield partial
        _flush(partial)
        _put_in_place(partial, target)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in made_parents:
            with contextlib.suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError) or _failed_in_a_writer(error):
            raise write_error(target, error) from error
        raise


def check_destination(path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Refuses what `atomic_folder` would refuse, before the work whose result goes there.

    Raises:
        FileExistsError: as `atomic_folder`.
        OSError: no folder can be made there.
    """
    target = pathlib.Path(os.path.realpath(path))
    _refuse_occupied(target, overwrite)
    ground = next(parent for parent in target.parents if parent.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=ground):
            pass
    except OSError as error:
        raise write_error(target, error) from error


def _refuse_occupied(target: pathlib.Path, overwrite: bool) -> None:
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"expected a folder, or nothing yet, at {target}; received a file")
    if not overwrite and target.is_dir() and any(target.iterdir()):
        raise FileExistsError(
            f"expected no files yet in {target}; received a folder that is not empty "
            "(overwrite=True replaces it)"
        )


def _flush(folder: pathlib.Path) -> None:
    """Makes every file, then every folder, reach the disk."""
    for parent, _, files in os.walk(folder, topdown=False):
        for name in (*files, "."):
            descriptor = os.open(os.path.join(parent, name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _put_in_place(partial: pathlib.Path, target: pathlib.Path) -> None:
    """Renames; a folder that is replaced steps aside first and comes back on failure."""
    if not (target.is_dir() and any(target.iterdir())):
        os.rename(partial, target)
        return
    aside = partial.with_suffix(".replaced")
    os.rename(target, aside)
    try:
        os.rename(partial, target)
    except BaseException:
        os.rename(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _failed_in_a_writer(error: BaseException) -> bool:
    """Whether a library met the disk: these report a full one by errors of their own."""
    kind = type(error)
    if kind.__module__.startswith("tensorflow."):
        return kind.__name__ in _TENSORFLOW_DISK_ERRORS
    return kind.__name__ == "SafetensorError"
