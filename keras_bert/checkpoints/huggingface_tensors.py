"""Arrays by Google's names from and to Hugging Face's tensors.

Read with and without the `bert.` prefix, with the LayerNorm names of 2018 (`gamma`,
`beta`), and with the masked-LM head's tied decoder stored a second time.

Source: transformers `modeling_bert.py`, `modeling_utils.py`.
"""

from collections.abc import Mapping

import numpy as np

from keras_bert.checkpoints.agreement import Spelling, agreeing_rows
from keras_bert.checkpoints.rows import expand
from keras_bert.checkpoints.weight_types import as_float32
from keras_bert.config import BertConfig

PREFIX = "bert."

_BUFFERS = ("embeddings.position_ids", "bert.embeddings.position_ids")
_LEGACY = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
_TIED = {
    "cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}


def spelling(prefixed: bool) -> Spelling:
    """Hugging Face's names, of a model with heads (prefixed) or of a bare `BertModel`."""
    if prefixed:
        return Spelling(lambda row: row.huggingface, transposes_kernels=True)
    return Spelling(lambda row: row.huggingface.removeprefix(PREFIX), transposes_kernels=True)


def from_huggingface(
    tensors: Mapping[str, np.ndarray], config: BertConfig, source: str, num_labels: int | None
) -> dict[str, np.ndarray]:
    """Tensors of a file → float32 arrays by Google's names.

    Raises:
        ValueError: tensors are missing, unknown, misshapen, stored twice with different
            values, or of a type that float32 cannot hold.
    """
    tensors = _modern(tensors, source)
    prefixed = any(name.startswith(PREFIX) for name in tensors)
    _drop_tied_copies(tensors, PREFIX if prefixed else "", source)
    names = spelling(prefixed)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    rows = agreeing_rows(config, shapes, source, spelling=names, num_labels=num_labels)
    arrays = {}
    for row in rows:
        name = names.name(row)
        array = as_float32(tensors.pop(name), name, source)
        arrays[row.google] = np.ascontiguousarray(array.T) if row.transposed else array
    return arrays


def to_huggingface(
    arrays: Mapping[str, np.ndarray], config: BertConfig, prefixed: bool
) -> dict[str, np.ndarray]:
    """Float32 arrays by Google's names → the tensors of a file."""
    names = spelling(prefixed)
    tensors = {}
    for row in expand(config):
        if row.google in arrays:
            array = np.asarray(arrays[row.google], np.float32)
            tensors[names.name(row)] = array.T if row.transposed else array
    return tensors


def _modern(tensors: Mapping[str, np.ndarray], source: str) -> dict[str, np.ndarray]:
    """Drops buffers and renames what was called otherwise in 2018."""
    modern: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        if name in _BUFFERS:
            continue
        for old, new in _LEGACY.items():
            name = name.removesuffix(old) + new if name.endswith(old) else name
        if name in modern:
            raise ValueError(f"expected one tensor {name} in {source}; received it by two names")
        modern[name] = tensor
    return modern


def _drop_tied_copies(tensors: dict[str, np.ndarray], prefix: str, source: str) -> None:
    """Keeps the original of each tied pair; a file may hold either or both."""
    for copy_name, name in _TIED.items():
        if copy_name not in tensors:
            continue
        original_name = name if name.startswith("cls.") else prefix + name
        copy = tensors.pop(copy_name)
        if not np.array_equal(copy, tensors.setdefault(original_name, copy)):
            raise ValueError(
                f"expected {copy_name} to equal {original_name}, to which BERT ties it; "
                f"received other values in {source}"
            )
