"""Texts of a `tf.data` pipeline as packed rows, some thousand texts at a time.

Memory does not grow with the data: of each stretch of texts, rows are made as
`PackedRows` makes them, and the last rows of a stretch are about all that is not full.

Shapes: W texts of a stretch, B rows of a batch, S length of a row, T the most texts of a row.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_bert.data.features import PackedFeatures
from keras_bert.data.packed_rows import PackedRows
from keras_bert.text.preprocessor import BertPreprocessor

TEXTS_AT_ONCE = 2048
_NAMES = ("input_word_ids", "input_mask", "input_type_ids", "input_sequence_ids")


def packed_text_rows(
    texts: tf.data.Dataset,
    preprocessor: BertPreprocessor,
    batch_size: int,
    *,
    row_length: int | None = None,
    texts_at_once: int = TEXTS_AT_ONCE,
) -> tf.data.Dataset:
    """Tokenises texts as they pass, and packs them.

    Args:
        texts: strings, or tuples of two for pairs; single ones, not batches.
        preprocessor: pads to the longest text; longer ones than its `sequence_length` are cut.
        batch_size: B; the last batch may be smaller.
        row_length: S, at least `sequence_length`, which it is when None.
        texts_at_once: W.

    Returns:
        A dataset of dicts: `input_word_ids`, `input_mask`, `input_type_ids` and
        `input_sequence_ids`, int32 [B, S], for a `BertBackbone(…, packed=True)`. In the same
        order for the same texts.

    Raises:
        ValueError: batches of texts, something else than strings, or a row shorter than a text.
    """
    length = preprocessor.sequence_length if row_length is None else row_length
    specs = tf.nest.flatten(texts.element_spec)
    if any(spec.dtype != tf.string or spec.shape.rank != 0 for spec in specs):
        raise ValueError(
            f"expected a dataset of single texts to pack; received {texts.element_spec}"
        )
    if length < preprocessor.sequence_length:
        raise ValueError(
            f"expected a row_length of at least sequence_length={preprocessor.sequence_length}; "
            f"received {length}"
        )
    pad_id = preprocessor.tokenizer.pad_id

    def pack(*text: Any) -> dict[str, tf.Tensor]:
        features = preprocessor(text[0] if len(text) == 1 else text)
        arrays = [features[name] for name in _NAMES[:3]]
        rows = tf.numpy_function(
            lambda *given: _rows(given, length, pad_id), arrays, [tf.int32] * 4, stateful=False
        )
        return {
            name: tf.ensure_shape(values, [None, length])
            for name, values in zip(_NAMES, rows, strict=True)
        }

    stretches = texts.batch(texts_at_once).map(pack, num_parallel_calls=tf.data.AUTOTUNE)
    return stretches.rebatch(batch_size).prefetch(tf.data.AUTOTUNE)


def _rows(arrays: Any, length: int, pad_id: int) -> list[np.ndarray]:
    named: Mapping[str, np.ndarray] = dict(zip(_NAMES, arrays, strict=False))
    rows = PackedRows(PackedFeatures.from_padded(named, pad_id), length, seed=None)
    batch = rows.padded(np.arange(len(rows)))
    return [batch[name] for name in _NAMES]
