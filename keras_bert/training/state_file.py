"""Arrays and facts in one file that is always whole.

A write goes to a temporary file beside it, reaches the disk, and takes the old
file's place in one step (POSIX `rename`): a process killed at any moment leaves
the old state or the new one. The file is NumPy's `.npz`, whose members carry
checksums; nothing in it is pickled.
"""

import contextlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_FACTS = "facts"
_TEMPORARY = ".{name}.{process}.partial"


def write_state(path: Path, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
    """Replaces the file at `path`, or leaves it as it was.

    Args:
        path: the file; its folder exists.
        arrays: by name; extended dtypes such as bfloat16 are kept.
        facts: what JSON can hold.

    Raises:
        OSError: where the disk is full or the folder cannot be written.
    """
    dtypes = {name: array.dtype.name for name, array in arrays.items()}
    facts = {"dtypes": dtypes, "facts": dict(facts)}
    members = {name: _native(array) for name, array in arrays.items()}
    members[_FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    temporary = path.with_name(_TEMPORARY.format(name=path.name, process=os.getpid()))
    try:
        with open(temporary, "wb") as stream:
            np.savez(stream, **members)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def read_state(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and facts that `write_state` wrote.

    Raises:
        ValueError: for a file that is damaged or none of these.
    """
    try:
        with np.load(path, allow_pickle=False) as members:
            arrays = {name: members[name] for name in members.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
        dtypes = facts["dtypes"]
        return {name: array.view(dtypes[name]) for name, array in arrays.items()}, facts["facts"]
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, TypeError) as error:
        raise ValueError(
            f"expected a whole training state in {path}; received: {error} "
            "(delete the file to start anew)"
        ) from error


def remove_leftovers(path: Path) -> None:
    """Removes temporary files that killed writers of `path` left."""
    for leftover in path.parent.glob(_TEMPORARY.format(name=path.name, process="*")):
        leftover.unlink(missing_ok=True)


def _native(array: np.ndarray) -> np.ndarray:
    """NumPy's files hold its own dtypes only: others go as integers of their size."""
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
