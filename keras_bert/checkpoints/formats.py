"""The formats by name: which one a folder is in, reading it, and writing another.

- `google`: `bert_config.json` and a TF1 checkpoint (`*.ckpt*.index`);
- `huggingface`: `config.json` and `model.safetensors` or its shards;
- `tf-models`: `bert_config.json` and a checkpoint of objects (`*.index`);
- `hub`: an encoder module of TF Hub or Kaggle (`saved_model.pb`), which is only read here;
- `keras`: keras_bert's own `preset.json` and `model.safetensors`.
"""

import os
import pathlib
from collections.abc import Callable
from typing import NamedTuple

from keras_bert.checkpoints.agreement import agreeing_rows
from keras_bert.checkpoints.atomic import atomic_folder
from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.google import read_google, write_google
from keras_bert.checkpoints.google_config import CONFIG_FILE as GOOGLE_CONFIG
from keras_bert.checkpoints.hub_module import read_hub_module
from keras_bert.checkpoints.huggingface import CONFIG_FILE as HUGGINGFACE_CONFIG
from keras_bert.checkpoints.huggingface import read_huggingface, write_huggingface
from keras_bert.checkpoints.object_graph import holds_object_graph
from keras_bert.checkpoints.preset_folder import PRESET_FILE, read_preset, write_preset
from keras_bert.checkpoints.safetensors_file import INDEX_FILE, WEIGHTS_FILE
from keras_bert.checkpoints.saved_model_graph import SAVED_MODEL_FILE
from keras_bert.checkpoints.tf_models import read_tf_models, write_tf_models
from keras_bert.checkpoints.vocabulary_file import require_room
from keras_bert.checkpoints.weight_types import STORED


class Format(NamedTuple):
    """The two directions of a format, and the types that it keeps weights in."""

    read: Callable[[pathlib.Path], Checkpoint]
    write: Callable[..., None]
    dtypes: tuple[str, ...] = ("float32",)


FORMATS = {
    "google": Format(read_google, write_google),
    "huggingface": Format(read_huggingface, write_huggingface, STORED),
    "tf-models": Format(read_tf_models, write_tf_models),
    "keras": Format(read_preset, write_preset, STORED),
}

READERS = {name: format.read for name, format in FORMATS.items()} | {"hub": read_hub_module}

_PICKLE = "pytorch_model"


def detect_format(folder: str | os.PathLike[str]) -> str:
    """Says which format a folder is in: "google", "huggingface", "tf-models", "hub" or "keras".

    Raises:
        ValueError: it is no folder, is in none of them, or in two.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise ValueError(f"expected a checkpoint folder; received {folder}, which is none")
    if (folder / PRESET_FILE).exists():
        return "keras"
    found = [name for name, holds in _SIGNS.items() if holds(folder)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            f"expected a checkpoint of one format in {folder}; received {' and '.join(found)}: "
            f'read it with format="{found[0]}" or format="{found[1]}"'
        )
    raise ValueError(_nothing_found(folder))


def read_checkpoint(folder: str | os.PathLike[str], format: str | None = None) -> Checkpoint:
    """Reads a checkpoint folder of any format into arrays by Google's names.

    Args:
        folder: the folder.
        format: "google", "huggingface", "tf-models", "hub" or "keras"; found out if None.

    Returns:
        The `Checkpoint`, its arrays float32 and complete for its configuration: embeddings
        and encoder, and the pooler and heads that the folder holds.

    Raises:
        ValueError: the folder is of no known format; a file is damaged (the message gives
            its name, what was expected and what was received); or the configuration and
            the arrays disagree (one message lists everything missing, unknown and
            misshapen).
    """
    folder = pathlib.Path(folder)
    name = format or detect_format(folder)
    if name not in READERS:
        raise ValueError(f"expected a format of {', '.join(READERS)}; received {name!r}")
    checkpoint = READERS[name](folder)
    require_room(checkpoint.vocabulary, checkpoint.config.vocab_size, str(folder))
    return checkpoint


def write_checkpoint(
    checkpoint: Checkpoint,
    folder: str | os.PathLike[str],
    format: str = "huggingface",
    *,
    overwrite: bool = False,
    dtype: str = "float32",
) -> pathlib.Path:
    """Writes a checkpoint folder, all of it or nothing.

    Args:
        checkpoint: what to write; its arrays must fit its configuration.
        folder: a folder that is empty or not there yet.
        format: "google", "huggingface", "tf-models" or "keras".
        overwrite: replace a folder that holds something.
        dtype: "float32", or "float16" for half the bytes in the formats "huggingface" and
            "keras": each weight is rounded to 11 bits, and read as float32 again.

    Returns:
        The folder.

    Raises:
        ValueError: an unknown format, a type that it does not keep or that a weight is too
            large for, arrays that do not fit the configuration, or a configuration or a head
            that the format cannot express.
        FileExistsError: the folder is not empty and `overwrite` is false.
        OSError: the disk is full or the place cannot be written to; nothing is left there.
    """
    if format not in FORMATS:
        raise ValueError(f"expected a format of {', '.join(FORMATS)}; received {format!r}")
    _, write, dtypes = FORMATS[format]
    if dtype not in dtypes:
        raise ValueError(
            f"expected weights of type {' or '.join(dtypes)} for {format}; received {dtype!r}"
        )
    _refuse_head_of_ours(checkpoint, format)
    shapes = {name: array.shape for name, array in checkpoint.arrays.items()}
    num_labels = None if checkpoint.labels is None else len(checkpoint.labels)
    agreeing_rows(checkpoint.config, shapes, "a checkpoint to write", num_labels=num_labels)
    require_room(checkpoint.vocabulary, checkpoint.config.vocab_size, "a checkpoint to write")
    options = {"dtype": dtype} if len(dtypes) > 1 else {}
    with atomic_folder(folder, overwrite=overwrite) as partial:
        write(checkpoint, partial, **options)
    return pathlib.Path(folder)


def _refuse_head_of_ours(checkpoint: Checkpoint, format: str) -> None:
    """Others' classifiers stand on the pooled first token; the same weights elsewhere differ."""
    pooling = (checkpoint.metadata.get("task") or {}).get("pooling", "first")
    if format != "keras" and "classifier" in checkpoint.heads and pooling != "first":
        raise ValueError(
            f"expected a classifier that {format} computes too, with pooling='first'; "
            f"received pooling={pooling!r}"
        )
    ours = {"embedding": "the projection of a sentence encoder", "heads": "several named heads"}
    for head, what in ours.items():
        kept = ("keras", "huggingface") if head == "embedding" else ("keras",)
        if format not in kept and head in checkpoint.heads:
            raise ValueError(f"expected a head that {format} has too; received {what}")


def _holds_google(folder: pathlib.Path) -> bool:
    return (folder / GOOGLE_CONFIG).exists() and any(
        not holds_object_graph(path.with_suffix("")) for path in folder.glob("*.ckpt*.index")
    )


def _holds_tf_models(folder: pathlib.Path) -> bool:
    return (folder / GOOGLE_CONFIG).exists() and any(
        holds_object_graph(path.with_suffix("")) for path in folder.glob("*.index")
    )


def _holds_huggingface(folder: pathlib.Path) -> bool:
    weights = any((folder / name).exists() for name in (WEIGHTS_FILE, INDEX_FILE))
    return weights and (folder / HUGGINGFACE_CONFIG).exists()


_SIGNS = {
    "google": _holds_google,
    "huggingface": _holds_huggingface,
    "tf-models": _holds_tf_models,
    "hub": lambda folder: (folder / SAVED_MODEL_FILE).exists(),
}


def _nothing_found(folder: pathlib.Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    if any(name.startswith(_PICKLE) for name in names):
        return (
            f"expected weights in model.safetensors; received {folder} with {_PICKLE}.bin, a "
            "pickle, which can run code when it is read. Where you trust it and have transformers "
            "with torch, AutoModel.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER), or the "
            "same of the class with its head, makes a model.safetensors of it"
        )
    return (
        "expected bert_config.json with *.ckpt*.index (Google, tf-models), config.json with "
        "model.safetensors (Hugging Face), saved_model.pb (TF Hub) or preset.json (keras_bert); "
        f"received {folder} with {names[:20] or 'nothing'}"
    )
