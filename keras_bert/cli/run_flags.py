"""The flags of a run that may be killed, kept beside its state.

A run that goes on with other flags would be neither the one nor the other. So they are
written down when it starts, and compared by name when it is started again.
"""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

FLAGS_FILE = "flags.json"


def keep_flags(folder: str, flags: Mapping[str, Any], *, begun: bool) -> None:
    """Writes the flags into a folder, or compares them with those that are there.

    Args:
        folder: of the run's state; made if need be.
        flags: by name; what JSON can hold. One that is None counts as one that is not there,
            so that later versions can add flags.
        begun: whether the folder holds a run's state; without one a run begins.

    Raises:
        ValueError: the run in the folder had others: all are named.
        OSError: the folder cannot be written.
    """
    from keras_bert.checkpoints.atomic_file import atomic_file
    from keras_bert.checkpoints.json_file import read_json

    path = pathlib.Path(folder) / FLAGS_FILE
    flags = json.loads(json.dumps(flags))
    if not (begun and path.exists()):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as stream:
            stream.write(json.dumps(flags, indent=2).encode() + b"\n")
        return
    kept = read_json(path)
    others = [name for name in {**kept, **flags} if kept.get(name) != flags.get(name)]
    if others:
        differences = ", ".join(
            f"{name} {flags.get(name)!r} (then: {kept.get(name)!r})" for name in others
        )
        raise ValueError(
            f"expected the flags of the run that is kept in {folder}; received {differences}: "
            "give the flags of then, or another folder for another run"
        )


def delete_flags(folder: str) -> None:
    """Deletes the file, and its folder if nothing else is in it."""
    path = pathlib.Path(folder) / FLAGS_FILE
    path.unlink(missing_ok=True)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()
