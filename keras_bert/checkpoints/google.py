"""Google's TF1 folders: `bert_config.json`, `vocab.txt`, `bert_model.ckpt.*`.

Source: google-research/bert `modeling.py`, `optimization.py`; TensorFlow's tensor bundle.
"""

import pathlib

import numpy as np

from keras_bert.checkpoints.agreement import agreeing_rows
from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.google_config import read_google_config, write_google_config
from keras_bert.checkpoints.tensor_bundle import bundle_prefix, read_bundle, write_bundle
from keras_bert.checkpoints.vocabulary_file import (
    looks_lowercase,
    read_vocabulary,
    write_vocabulary,
)
from keras_bert.checkpoints.weight_types import as_float32

PREFIX = "bert_model.ckpt"

_TRAINING_STATE = ("global_step",)
_OPTIMIZER_SLOTS = ("/adam_m", "/adam_v")


def read_google(folder: pathlib.Path) -> Checkpoint:
    """Reads a Google folder; optimizer slots and the step counter are left out by name.

    Raises:
        ValueError: a file is damaged, or the arrays do not fit the configuration.
    """
    config, lowercase, labels, metadata = read_google_config(folder)
    vocabulary = read_vocabulary(folder)
    prefix = bundle_prefix(folder, "*.ckpt*.index")
    arrays = read_bundle(prefix, skip=_is_training_state)
    shapes = {name: array.shape for name, array in arrays.items()}
    rows = agreeing_rows(
        config, shapes, str(prefix), num_labels=None if labels is None else len(labels)
    )
    return Checkpoint(
        config=config,
        arrays={r.google: as_float32(arrays[r.google], r.google, str(prefix)) for r in rows},
        vocabulary=vocabulary,
        lowercase=looks_lowercase(vocabulary) if lowercase is None else lowercase,
        labels=labels,
        metadata=metadata,
    )


def write_google(checkpoint: Checkpoint, folder: pathlib.Path) -> None:
    """Writes a Google folder that `modeling.get_assignment_map_from_checkpoint` reads."""
    write_google_config(checkpoint, folder)
    if checkpoint.vocabulary is not None:
        write_vocabulary(checkpoint.vocabulary, folder)
    arrays = {name: np.asarray(array, np.float32) for name, array in checkpoint.arrays.items()}
    write_bundle(arrays, folder / PREFIX)


def _is_training_state(name: str) -> bool:
    return name in _TRAINING_STATE or name.endswith(_OPTIMIZER_SLOTS)
