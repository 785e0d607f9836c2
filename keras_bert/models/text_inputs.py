"""What callers pass as texts in memory: told from other inputs, checked, tokenised.

Shapes: N rows in memory.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_bert.data.features import PackedFeatures
from keras_bert.data.surrogates import refuse_surrogates
from keras_bert.text.preprocessor import BertPreprocessor

ROWS_A_CHUNK = 4096


def is_dataset(x: Any) -> bool:
    """Whether `x` is a `tf.data` pipeline."""
    return isinstance(x, tf.data.Dataset)


def is_raw_text(x: Any) -> bool:
    """Whether `x` holds strings (or pairs of collections of strings) in memory."""
    if isinstance(x, str | bytes):
        return True
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "USO"
    if isinstance(x, tf.Tensor):
        return x.dtype == tf.string
    return isinstance(x, list | tuple) and (not x or is_raw_text(x[0]))


def as_texts(x: Any, pairs: bool) -> tuple[list, ...]:
    """Checks texts in memory and gives them as one list, or two for pairs.

    Args:
        x: N strings; with `pairs`, two collections of N strings each.
        pairs: what the task was made for.

    Raises:
        ValueError: a lone string, texts where pairs are expected or the reverse, two
            collections of different lengths, or half a surrogate pair in a text.
    """
    if isinstance(x, str | bytes):
        raise ValueError(f"expected a collection of texts; received one {type(x).__name__}: {x!r}")
    columns = (x,) if not pairs else tuple(x)
    if pairs and (len(columns) != 2 or any(isinstance(c, str | bytes) for c in columns)):
        raise ValueError(
            "expected pairs, as two collections of texts (firsts, seconds); "
            f"received {type(x).__name__} of length {len(columns)}"
        )
    columns = tuple(_as_list(column) for column in columns)
    if pairs and len(columns[0]) != len(columns[1]):
        raise ValueError(
            "expected as many second texts as first texts; "
            f"received {len(columns[0])} and {len(columns[1])}"
        )
    for column in columns:
        _refuse_other_than_texts(column, pairs)
    return columns


def _as_list(column: Any) -> list:
    column = column.numpy() if isinstance(column, tf.Tensor) else column
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _refuse_other_than_texts(column: list, pairs: bool) -> None:
    for row, text in enumerate(column):
        if not isinstance(text, str | bytes):
            hint = "" if pairs else "; a task for pairs is made with pairs=True"
            raise ValueError(
                f"expected a text in row {row}; received {type(text).__name__}: {text!r}{hint}"
            )
        if isinstance(text, str):
            refuse_surrogates(f"row {row}", text)


def pack(preprocessor: BertPreprocessor, texts: tuple[list, ...]) -> PackedFeatures:
    """Tokenises N rows once, in chunks, into compact features.

    Args:
        preprocessor: one that pads to the longest row of a batch.
        texts: what `as_texts` gives.
    """
    chunks = []
    for start in range(0, max(len(texts[0]), 1), ROWS_A_CHUNK):
        columns = [tf.constant(c[start : start + ROWS_A_CHUNK], tf.string) for c in texts]
        features = preprocessor(columns[0] if len(columns) == 1 else tuple(columns))
        chunks.append(PackedFeatures.from_padded(features))
    return PackedFeatures.concatenate(chunks)


def with_padding(preprocessor: BertPreprocessor, padding: str) -> BertPreprocessor:
    """The same preprocessor with `padding` "fixed" or "longest"."""
    mine = preprocessor
    if mine.padding == padding:
        return mine
    return BertPreprocessor(mine.tokenizer, mine.sequence_length, mine.truncation, padding)


def count_rows(x: Any, y: Any, batch_size: int) -> int:
    """The rows of a data set, from which the learning-rate schedule follows.

    Args:
        x: texts in memory, a `tf.data.Dataset`, or anything else with a length in batches.
        y: labels in memory, or None.
        batch_size: for data whose length counts batches.

    Raises:
        ValueError: the length is unknown.
    """
    held = x if y is None else y
    if isinstance(held, dict):  # of several inputs or several targets
        return len(next(iter(held.values())))
    if y is not None or isinstance(x, list | tuple | np.ndarray):
        return len(held)
    if is_dataset(x):
        length, text = int(x.cardinality()), tf.nest.flatten(x.element_spec)[0]
        rows_each = 1 if text.shape.rank == 0 else batch_size
    else:
        length, rows_each = len(x) if hasattr(x, "__len__") else -1, batch_size
    if length < 0:
        raise ValueError(
            "expected a compiled task or data of known length, from which the learning-rate "
            f"schedule follows; received {type(x).__name__} of unknown length: call "
            "compile_for(num_examples, …) first"
        )
    return length * rows_each
