"""keras_bert's own folders: `preset.json`, `model.safetensors`, `vocab.txt`.

The arrays keep their canonical names, so one reader serves every format, a head is found by
its name, and a folder can be read without Keras.

`preset.json`: {"format": "keras_bert", "format_version": 1, "class_name": "BertBackbone",
"config": {a BertConfig}, "preprocessor": {"lowercase": …, …}, "labels": […], "task": {…},
and what `config_facts.CARRIED` lists}.
"""

import pathlib
from typing import Any

from keras_bert.checkpoints.agreement import agreeing_rows
from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.config_facts import CARRIED, make_config
from keras_bert.checkpoints.json_file import Types, read_json, require_types, write_json
from keras_bert.checkpoints.safetensors_file import read_tensors, write_tensors
from keras_bert.checkpoints.vocabulary_file import read_vocabulary, write_vocabulary
from keras_bert.checkpoints.weight_types import as_float32

PRESET_FILE = "preset.json"
FORMAT = "keras_bert"
FORMAT_VERSION = 1

_CARRIED: dict[str, Types] = {"class_name": str, "preprocessor": dict, "task": dict} | CARRIED
_TYPES: dict[str, Types] = _CARRIED | {"config": dict, "labels": list}


def read_preset(folder: pathlib.Path) -> Checkpoint:
    """Reads a folder that `save_to_preset` wrote.

    Raises:
        ValueError: it is of a newer version or not ours, a file is damaged, or the arrays do
            not fit the configuration.
    """
    path = folder / PRESET_FILE
    values = read_json(path)
    kind, version = values.get("format"), values.get("format_version")
    if kind != FORMAT or version != FORMAT_VERSION:
        raise ValueError(
            f"expected format {FORMAT!r} of version {FORMAT_VERSION} in {path}; "
            f"received {kind!r} of version {version!r}"
        )
    require_types(values, _TYPES, path)
    require_types(values.get("preprocessor") or {}, {"lowercase": bool}, path)
    config = make_config(values.get("config") or {}, path)
    labels = values.get("labels")
    tensors = read_tensors(folder)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    rows = agreeing_rows(
        config, shapes, str(folder), num_labels=None if labels is None else len(labels)
    )
    return Checkpoint(
        config=config,
        arrays={r.google: as_float32(tensors[r.google], r.google, str(folder)) for r in rows},
        vocabulary=read_vocabulary(folder),
        lowercase=(values.get("preprocessor") or {}).get("lowercase"),
        labels=labels and [str(label) for label in labels],
        metadata={key: values[key] for key in _CARRIED if key in values},
    )


def write_preset(checkpoint: Checkpoint, folder: pathlib.Path, dtype: str = "float32") -> None:
    """Writes the three files; `vocab.txt` only if there is a vocabulary.

    Raises:
        ValueError: a weight that is too large for `dtype`.
    """
    metadata = {key: checkpoint.metadata[key] for key in _CARRIED if key in checkpoint.metadata}
    values: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "class_name": "BertBackbone",
        "config": checkpoint.config.to_dict(),
        **metadata,
    }
    if checkpoint.lowercase is not None:
        values["preprocessor"] = values.get("preprocessor", {}) | {
            "lowercase": checkpoint.lowercase
        }
    if checkpoint.labels is not None:
        values["labels"] = checkpoint.labels
    write_json(values, folder / PRESET_FILE)
    if checkpoint.vocabulary is not None:
        write_vocabulary(checkpoint.vocabulary, folder)
    write_tensors(checkpoint.arrays, folder, dtype)
