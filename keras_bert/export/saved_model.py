"""Writes a SavedModel from traced functions, all of it or nothing.

Knows no task and no Keras model: functions, variables and small files go in, and a
TensorFlow Serving version folder comes out. The root is an AutoTrackable object that
holds raw `tf.Variable`s: a Keras model attached to it would load in Python and fail in
the C++ loader.

Source: https://www.tensorflow.org/guide/saved_model (format), TensorFlow Serving's
`<name>/<version>/` base path and its `assets.extra/` folder.
"""

import pathlib
from collections.abc import Iterable, Mapping, Sequence

import tensorflow as tf

from keras_bert.checkpoints.atomic import atomic_folder, check_destination
from keras_bert.export.records import Record
from keras_bert.export.warmup import EXTRA_ASSETS, WARMUP_FILE, warmup_content, warmup_requests


class ServingRoot(tf.train.Checkpoint):
    """What the functions of a SavedModel read.

    The functions are in its signatures alone: attached here too, each would be traced and
    stored a second time.
    """

    def __init__(self, variables: Iterable[tf.Variable], tracked: Iterable) -> None:
        super().__init__()
        self.variables = list(variables)
        self.tracked = list(tracked)


def version_folder(path: str | pathlib.Path) -> pathlib.Path:
    """The folder a version is written to.

    `models/intents/3` names version 3 itself; `models/intents` means the next free one.
    """
    path = pathlib.Path(path)
    if path.name.isdigit():
        return path
    versions = [int(child.name) for child in path.glob("*") if child.name.isdigit()]
    return path / str(max(versions, default=0) + 1)


def write_saved_model(
    path: str | pathlib.Path,
    signatures: Mapping[str, tf.types.experimental.PolymorphicFunction],
    variables: Iterable[tf.Variable],
    *,
    tracked: Iterable = (),
    extra_assets: Mapping[str, str] | None = None,
    warmup: Sequence[Record] | None = None,
    overwrite: bool = False,
) -> pathlib.Path:
    """Writes one version; an interrupted call leaves no half-written folder behind.

    Args:
        path: a version folder (`…/intents/3`), or its parent for the next version.
        signatures: `tf.function`s with an input signature, by signature name; each
            returns a flat dict of tensors. `serving_default` is what servers call.
        variables: every variable that the functions read, each once.
        tracked: resources that the functions read (lookup tables, for example).
        extra_assets: contents of small UTF-8 files for `assets.extra/`, by file name.
        warmup: records that a server answers while it loads the version; see
            `keras_bert.export.warmup.warmup_requests`.
        overwrite: replace a version that is there.

    Returns:
        The version folder.

    Raises:
        ImportError: warm-up records without tensorflow-serving-api.
        ValueError: a warm-up record that the model does not answer.
        FileExistsError: the version is there and `overwrite` is false.
        OSError: the folder cannot be written; nothing is left of it.
    """
    version = version_folder(path)
    root = ServingRoot(variables, tracked)
    check_destination(version, overwrite)
    concrete = {name: function.get_concrete_function() for name, function in signatures.items()}
    files = {name: text.encode("utf-8") for name, text in (extra_assets or {}).items()}
    if warmup is not None:
        requests = warmup_requests(version.resolve().parent.name, concrete, warmup)
        files[WARMUP_FILE] = warmup_content(requests)
    with atomic_folder(version, overwrite=overwrite) as folder:
        tf.saved_model.save(root, str(folder), signatures=concrete)
        for name, content in files.items():
            extra = folder / EXTRA_ASSETS
            extra.mkdir(exist_ok=True)
            (extra / name).write_bytes(content)
    return version
