"""`bert_config.json`, Google's and tf-models' configuration file.

`gelu` there is the tanh approximation, which `BertConfig` calls `gelu_new`. What the file has
no key for is written under keys of our own, which Google's code reads over:
`hidden_act_form: erf` for an exact gelu, `layer_norm_eps` where it is not Google's 1e-12,
`do_lower_case`, and what `config_facts.py` lists.

Source: google-research/bert `modeling.py`; tf-models `official/legacy/bert/configs.py`.
"""

import pathlib
import warnings
from typing import Any, NamedTuple

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.config_facts import facts_of, facts_to_json, make_config
from keras_bert.checkpoints.json_file import read_json, require_types, write_json
from keras_bert.config import BertConfig

CONFIG_FILE = "bert_config.json"

_EPSILON = 1e-12
_TANH_GELU = ("gelu_new", "gelu_tanh", "gelu_pytorch_tanh")
_OTHER_ACTS = ("relu", "tanh", "linear")


class GoogleConfig(NamedTuple):
    """What the file says: the encoder's numbers, and facts beside them."""

    config: BertConfig
    lowercase: bool | None
    labels: list[str] | None
    metadata: dict[str, Any]


def read_google_config(folder: pathlib.Path) -> GoogleConfig:
    """Reads a folder's `bert_config.json`.

    Raises:
        ValueError: there is none, or it describes another model than BERT.
    """
    path = folder / CONFIG_FILE
    values = read_json(path)
    require_types(values, {"do_lower_case": bool}, path)
    lowercase = values.pop("do_lower_case", None)
    labels, metadata = facts_of(values, path)
    if values.get("hidden_act", "gelu") == "gelu" and "hidden_act_form" not in values:
        values["hidden_act"] = "gelu_new"
    return GoogleConfig(make_config(values, path), lowercase, labels, metadata)


def write_google_config(checkpoint: Checkpoint, folder: pathlib.Path) -> None:
    """Writes what `read_google_config` reads back.

    Raises:
        ValueError: an activation that Google's code does not have.
    """
    values: dict[str, Any] = _config_to_json(checkpoint.config)
    if checkpoint.lowercase is not None:
        values["do_lower_case"] = checkpoint.lowercase
    write_json(values | facts_to_json(checkpoint), folder / CONFIG_FILE)


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
        stacklevel=5,
    )
