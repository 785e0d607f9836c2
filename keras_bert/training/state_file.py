"""Arrays and facts in one file that is always whole.

The file is NumPy's `.npz`, whose members carry checksums; nothing in it is pickled.
"""

import contextlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_bert.checkpoints.atomic_file import atomic_file

_FACTS = "facts"


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
    with atomic_file(path) as stream:
        np.savez(stream, **members)


def read_state(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and facts that `write_state` wrote.

    Raises:
        ValueError: for a file that is damaged or none of these.
    """
    with _telling_damage(path), np.load(path, allow_pickle=False) as members:
        arrays = {name: members[name] for name in members.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
        dtypes = facts["dtypes"]
        return {name: array.view(dtypes[name]) for name, array in arrays.items()}, facts["facts"]


def read_facts(path: Path) -> dict[str, Any]:
    """The facts alone, without reading the arrays.

    Raises:
        ValueError: as `read_state`, of what is read.
    """
    with _telling_damage(path), np.load(path, allow_pickle=False) as members:
        return json.loads(members[_FACTS].tobytes())["facts"]


@contextlib.contextmanager
def _telling_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, TypeError) as error:
        raise ValueError(
            f"expected a whole training state in {path}; received: {error} "
            "(delete the file to start anew)"
        ) from error


def _native(array: np.ndarray) -> np.ndarray:
    """NumPy's files hold its own dtypes only: others go as integers of their size."""
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")
