"""What callers pass as texts, as string tensors of one axis.

Accepts Python lists and tuples of str or bytes, numpy arrays (`<U`, `S`, object),
anything that numpy can read as such (a pandas column), and TensorFlow string tensors.
"""

import re
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# A lone surrogate has no UTF-8 form. Google's tokenizer keeps it as a letter that is in
# no vocabulary; so does ours, as this code point that is none of a character either.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NONCHARACTER = "\U0010ffff"


def as_texts(value: Any, name: str = "texts") -> tf.Tensor:
    """Returns `value` as a string tensor [B].

    Raises:
        ValueError: for a single text, for more axes than one, for anything but text.
    """
    if isinstance(value, str | bytes):
        raise ValueError(
            f"expected {name} as a batch of one axis; received a single text: wrap it in a list"
        )
    if tf.is_tensor(value) or isinstance(value, tf.RaggedTensor):
        return _checked_tensor(value, name)
    texts = _as_list(value, name)
    if any(map(tf.is_tensor, texts)):
        return tf.stack(texts)
    return tf.constant(texts, tf.string, shape=[len(texts)])


def as_segments(value: Any) -> tuple[tf.Tensor, ...]:
    """Returns one string tensor [B], or two of equal length for a pair of collections.

    Raises:
        ValueError: as `as_texts`, and for two collections of unequal lengths.
    """
    if not is_pair(value):
        return (as_texts(value),)
    first, second = as_texts(value[0], "first texts"), as_texts(value[1], "second texts")
    lengths = first.shape[0], second.shape[0]
    if None not in lengths and lengths[0] != lengths[1]:
        raise ValueError(
            f"expected pairs of equal number; received {lengths[0]} first and "
            f"{lengths[1]} second texts"
        )
    same = tf.debugging.assert_equal(
        tf.size(first), tf.size(second), "expected pairs of equal number"
    )
    with tf.control_dependencies([] if same is None else [same]):
        return tf.identity(first), tf.identity(second)


def is_pair(value: Any) -> bool:
    """Whether `value` is a tuple or list of two collections, and not of two texts."""
    return isinstance(value, tuple | list) and len(value) == 2 and all(map(_is_collection, value))


def _is_collection(value: Any) -> bool:
    if isinstance(value, str | bytes):
        return False
    if isinstance(value, keras.KerasTensor) or tf.is_tensor(value):
        return value.shape.rank != 0 if isinstance(value, tf.Tensor) else True
    return isinstance(value, list | tuple) or np.ndim(value) > 0


def _checked_tensor(value: tf.Tensor, name: str) -> tf.Tensor:
    if value.dtype != tf.string:
        raise ValueError(f"expected {name} of dtype string; received {value.dtype.name}")
    if value.shape.rank not in (1, None):
        raise ValueError(
            f"expected {name} of one axis, [batch]; received a tensor of shape {value.shape}"
        )
    return tf.ensure_shape(value, [None])


def _as_list(value: Any, name: str) -> list[bytes | tf.Tensor]:
    if not isinstance(value, list | tuple):
        value = np.asarray(value)
        if value.ndim != 1:
            raise ValueError(
                f"expected {name} of one axis, [batch]; received an array of shape {value.shape}"
            )
        value = value.tolist()
    return [_encoded(text, number, name) for number, text in enumerate(value)]


def _encoded(text: Any, number: int, name: str) -> bytes | tf.Tensor:
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:
            return _LONE_SURROGATE.sub(_NONCHARACTER, text).encode("utf-8")
    if tf.is_tensor(text) and text.dtype == tf.string and text.shape.rank == 0:
        return text
    raise ValueError(
        f"expected {name} as str or bytes; received {type(text).__name__} "
        f"({text!r:.60}) as number {number}"
    )
