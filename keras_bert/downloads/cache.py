"""Where fetched models lie, and how each gets there all at once.

`KERAS_BERT_CACHE`, else `XDG_CACHE_HOME/keras_bert`, else `~/.cache/keras_bert`, holds
`models/`: complete folders, checked when they came, never asked for again;
`downloads/`: what has arrived so far of the others.
"""

import contextlib
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

OFFLINE_VARIABLES = ("KERAS_BERT_OFFLINE", "HF_HUB_OFFLINE")


def cache_folder() -> pathlib.Path:
    """The folder of all that was fetched; it may not be there yet."""
    given = os.environ.get("KERAS_BERT_CACHE")
    if given:
        return pathlib.Path(given).expanduser()
    above = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return pathlib.Path(above).expanduser() / "keras_bert"


def model_folder(key: str) -> pathlib.Path:
    """The place of a complete model."""
    return cache_folder() / "models" / key


def is_offline() -> bool:
    """Whether one of `OFFLINE_VARIABLES` asks to leave the network alone."""
    values = [os.environ.get(name, "") for name in OFFLINE_VARIABLES]
    return any(value.strip().lower() in ("1", "true", "yes", "on") for value in values)


def fetched(
    key: str, what: str, fetch: Callable[[pathlib.Path, pathlib.Path], None]
) -> pathlib.Path:
    """The complete folder of a model, which is fetched where it is not there.

    Args:
        key: its name in the cache.
        what: what to call it in errors.
        fetch: is given a folder for parts, kept when it fails, and the folder to make, all
            of it or nothing.

    Raises:
        FileNotFoundError: it is not there, and the network is to be left alone.
        Exception: whatever `fetch` raises.
    """
    final = model_folder(key)
    if final.is_dir():
        return final
    if is_offline():
        variable = next(name for name in OFFLINE_VARIABLES if os.environ.get(name))
        raise FileNotFoundError(
            f"expected {what} in {final}, since {variable} leaves the network alone; "
            "received no such folder: fetch it once with a network, or copy it there"
        )
    parts = cache_folder() / "downloads" / key
    parts.mkdir(parents=True, exist_ok=True)
    with _alone(parts.with_name(f"{key}.lock")):
        if not final.is_dir():  # another process may have been faster
            fetch(parts, final)
        shutil.rmtree(parts, ignore_errors=True)
    return final


@contextlib.contextmanager
def _alone(path: pathlib.Path) -> Iterator[None]:
    """One process at a time; the system lets go of the lock of a process that dies."""
    with path.open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
