"""Google's TF1 folders: `bert_config.json`, `vocab.txt`, `bert_model.ckpt.*`.

`gelu` in Google's file is the tanh approximation, which `BertConfig` calls `gelu_new`. What
that file has no key for is written under keys of our own, which Google's code reads over:
`hidden_act_form: erf` for an exact gelu, `layer_norm_eps` where it is not Google's 1e-12,
`do_lower_case`, and what `config_facts.py` lists.

Source: google-research/bert `modeling.py`, `optimization.py`; TensorFlow's tensor bundle.
"""

import pathlib
import warnings
from typing import Any

import numpy as np

from keras_bert.checkpoints.agreement import agreeing_rows
from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.config_facts import facts_of, facts_to_json, make_config
from keras_bert.checkpoints.float32 import as_float32
from keras_bert.checkpoints.json_file import read_json, require_types, write_json
from keras_bert.checkpoints.tensor_bundle import read_bundle, write_bundle
from keras_bert.checkpoints.vocabulary_file import (
    looks_lowercase,
    read_vocabulary,
    write_vocabulary,
)
from keras_bert.config import BertConfig

CONFIG_FILE = "bert_config.json"
PREFIX = "bert_model.ckpt"

_EPSILON = 1e-12
_TANH_GELU = ("gelu_new", "gelu_tanh", "gelu_pytorch_tanh")
_OTHER_ACTS = ("relu", "tanh", "linear")
_TRAINING_STATE = ("global_step",)
_OPTIMIZER_SLOTS = ("/adam_m", "/adam_v")


def read_google(folder: pathlib.Path) -> Checkpoint:
    """Reads a Google folder; optimizer slots and the step counter are left out by name.

    Raises:
        ValueError: a file is damaged, or the arrays do not fit the configuration.
    """
    values = read_json(folder / CONFIG_FILE)
    require_types(values, {"do_lower_case": bool}, folder / CONFIG_FILE)
    lowercase = values.pop("do_lower_case", None)
    labels, metadata = facts_of(values, folder / CONFIG_FILE)
    config = _read_config(values, folder / CONFIG_FILE)
    vocabulary = read_vocabulary(folder)
    prefix = checkpoint_prefix(folder)
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
    values: dict[str, Any] = _config_to_json(checkpoint.config)
    if checkpoint.lowercase is not None:
        values["do_lower_case"] = checkpoint.lowercase
    write_json(values | facts_to_json(checkpoint), folder / CONFIG_FILE)
    if checkpoint.vocabulary is not None:
        write_vocabulary(checkpoint.vocabulary, folder)
    arrays = {name: np.asarray(array, np.float32) for name, array in checkpoint.arrays.items()}
    write_bundle(arrays, folder / PREFIX)


def checkpoint_prefix(folder: pathlib.Path) -> pathlib.Path:
    """The one checkpoint in a folder, such as `bert_model.ckpt` or `model.ckpt-1234`.

    Raises:
        ValueError: there is none, or more than one.
    """
    found = sorted(path.with_suffix("") for path in folder.glob("*.ckpt*.index"))
    if len(found) != 1:
        names = [path.name for path in found] or "none"
        raise ValueError(f"expected one checkpoint (*.ckpt*.index) in {folder}; received {names}")
    return found[0]


def _is_training_state(name: str) -> bool:
    return name in _TRAINING_STATE or name.endswith(_OPTIMIZER_SLOTS)


def _read_config(values: dict[str, Any], path: pathlib.Path) -> BertConfig:
    if values.get("hidden_act", "gelu") == "gelu" and "hidden_act_form" not in values:
        values["hidden_act"] = "gelu_new"
    return make_config(values, path)


def _config_to_json(config: BertConfig) -> dict[str, Any]:
    values = config.to_dict()
    if config.hidden_act in _TANH_GELU:
        values["hidden_act"] = "gelu"
    elif config.hidden_act == "gelu":
        values["hidden_act_form"] = "erf"
        _warn_that_google_computes("the tanh approximation of gelu", "hidden_act_form='erf'")
    elif config.hidden_act not in _OTHER_ACTS:
        raise ValueError(
            "expected a hidden_act that Google's code has: gelu, gelu_new, "
            f"{', '.join(_OTHER_ACTS)}; received {config.hidden_act!r}"
        )
    if config.layer_norm_eps == _EPSILON:
        del values["layer_norm_eps"]
    else:
        written = f"layer_norm_eps={config.layer_norm_eps}"
        _warn_that_google_computes(f"layer norm with {_EPSILON}", written)
    return values


def _warn_that_google_computes(other: str, written: str) -> None:
    warnings.warn(
        f"Google's own code computes {other} whatever its {CONFIG_FILE} says; keras_bert "
        f"honours the {written} that is written there",
        stacklevel=4,
    )
