"""A model's variables by their canonical names, and arrays into and out of them.

The names are Google's TF1 names (see `keras_bert.checkpoints.rows`), and an array has
Google's shape. Keras keeps attention kernels by head, and a head's projection as a
`Dense` kernel: both are turned here, in both directions.

Shapes: H hidden size, N heads, D = H / N, C outputs of a head.
"""

import operator
import warnings
from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np

from keras_bert.checkpoints.agreement import require_agreement
from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.rows import expand

_NORM, _DENSE = ("beta", "gamma"), ("kernel", "bias")

# Google's scope inside `layer_{i}` → the attribute of a `TransformerEncoderBlock`.
_BLOCK = {
    "attention/self/query": ("attention.query_dense", _DENSE),
    "attention/self/key": ("attention.key_dense", _DENSE),
    "attention/self/value": ("attention.value_dense", _DENSE),
    "attention/output/dense": ("attention.output_dense", _DENSE),
    "attention/output/LayerNorm": ("attention_layer_norm", _NORM),
    "intermediate/dense": ("intermediate_dense", _DENSE),
    "output/dense": ("output_dense", _DENSE),
    "output/LayerNorm": ("output_layer_norm", _NORM),
}
_TABLES = ("word_embeddings", "token_type_embeddings", "position_embeddings")


def named_variables(model: Any) -> dict[str, keras.Variable]:
    """The variables of a backbone, or of a task with its head, by canonical name.

    Args:
        model: a `BertBackbone`; or a model with a `backbone` and, for its head, a method
            `head_variables()` that returns variables by canonical name, such as
            `{"output_weights": dense.kernel, "output_bias": dense.bias}`.
    """
    backbone = getattr(model, "backbone", model)
    embeddings = backbone.embeddings
    named = {f"bert/embeddings/{name}": getattr(embeddings, name).embeddings for name in _TABLES}
    named |= _variables(embeddings.layer_norm, "bert/embeddings/LayerNorm", _NORM)
    for i, block in enumerate(backbone.encoder_blocks):
        for scope, (path, kinds) in _BLOCK.items():
            layer = operator.attrgetter(path)(block)
            named |= _variables(layer, f"bert/encoder/layer_{i}/{scope}", kinds)
    named |= _variables(backbone.pooler.dense, "bert/pooler/dense", _DENSE)
    return named | getattr(model, "head_variables", dict)()


def assign_arrays(
    named: Mapping[str, keras.Variable],
    arrays: Mapping[str, np.ndarray],
    source: str = "arrays",
) -> None:
    """Gives every variable its array, or none of them if any does not fit.

    Args:
        named: variables by canonical name.
        arrays: an array for each, in Google's shape.
        source: what the arrays are, for the message.

    Raises:
        ValueError: names are missing or unknown, or shapes differ: all in one message.
    """
    expected = {name: _google_shape(name, variable) for name, variable in named.items()}
    require_agreement(expected, {name: array.shape for name, array in arrays.items()}, source)
    for name, variable in named.items():
        array = arrays[name].T if _is_projection(name) else arrays[name]
        variable.assign(array.reshape(variable.shape))


def collect_arrays(named: Mapping[str, keras.Variable]) -> dict[str, np.ndarray]:
    """The variables' values as float32 arrays in Google's shapes."""
    arrays = {}
    for name, variable in named.items():
        array = keras.ops.convert_to_numpy(variable.value).astype(np.float32)
        array = array.T if _is_projection(name) else array
        arrays[name] = array.reshape(_google_shape(name, variable))
    return arrays


def load_checkpoint(
    model: Any, checkpoint: Checkpoint, source: str, may_be_new: Collection[str] = ("pooler",)
) -> tuple[str, ...]:
    """Fills a model from a checkpoint; heads that only the checkpoint has are left out.

    Args:
        model: as for `named_variables`.
        checkpoint: what `read_checkpoint` returned.
        source: where it came from, for messages.
        may_be_new: parts of the table (`pooler`, `mlm`, `nsp`, `classifier`, `squad`) that
            keep their present values when the checkpoint has nothing of them.

    Returns:
        The parts that kept their present values. Warns when the pooler is among them,
        unless it is not trainable: tasks freeze a pooler that they do not use.

    Raises:
        ValueError: as `assign_arrays`.
    """
    named = named_variables(model)
    part_of = {row.google: row.part for row in expand(checkpoint.config)}
    given = {part_of.get(name) for name in checkpoint.arrays}
    new = tuple(
        part
        for part in may_be_new
        if part not in given and any(part_of.get(name) == part for name in named)
    )
    left_out = {part for part in given if not any(part_of.get(name) == part for name in named)}
    assign_arrays(
        {name: variable for name, variable in named.items() if part_of.get(name) not in new},
        {name: a for name, a in checkpoint.arrays.items() if part_of.get(name) not in left_out},
        source,
    )
    if "pooler" in new and getattr(model, "backbone", model).pooler.trainable:
        warnings.warn(
            f"{source} has no pooler: pooled_output comes from new, untrained "
            "bert/pooler/dense/kernel and bert/pooler/dense/bias",
            stacklevel=3,
        )
    return new


def _variables(layer: Any, scope: str, kinds: Collection[str]) -> dict[str, keras.Variable]:
    return {f"{scope}/{kind}": getattr(layer, kind) for kind in kinds}


def _is_projection(name: str) -> bool:
    """Google keeps a head's weights [C, H], where a `Dense` kernel is [H, C]."""
    return name.endswith("output_weights")


def _google_shape(name: str, variable: keras.Variable) -> tuple[int, ...]:
    shape = tuple(variable.shape)
    if _is_projection(name):
        return shape[::-1]
    if name.endswith("attention/output/dense/kernel"):
        return (shape[0] * shape[1], shape[2])  # [N, D, H]
    if name.endswith("/kernel") and len(shape) == 3:
        return (shape[0], shape[1] * shape[2])  # [H, N, D]
    if name.endswith("/bias") and len(shape) == 2:
        return (shape[0] * shape[1],)  # [N, D]
    return shape
