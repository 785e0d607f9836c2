"""Word piece ids back to text."""

from typing import Any

import tensorflow as tf

from keras_bert.text.vocabulary import SPECIAL_TOKENS, SUFFIX_INDICATOR, Vocabulary


class Detokenizer:
    """Looks up how each piece continues a text and joins these. Build under `tf.init_scope`."""

    def __init__(self, vocabulary: Vocabulary):
        self._continuations = tf.constant([_continuation(token) for token in vocabulary])
        self._special = tf.constant([token in SPECIAL_TOKENS for token in vocabulary])

    def __call__(self, ids: Any, skip_special_tokens: bool) -> tf.Tensor:
        """Joins int [B, S] (ragged or dense) to string [B], or [S] to a scalar."""
        ids = _checked(ids)
        texts = tf.gather(self._continuations, ids)
        if skip_special_tokens:
            skipped = tf.gather(self._special, ids)
            texts = tf.where(skipped, tf.zeros_like(texts), texts)
        return tf.strings.strip(tf.strings.reduce_join(texts, axis=-1))


def _continuation(token: str) -> str:
    if token.startswith(SUFFIX_INDICATOR) and token != SUFFIX_INDICATOR:
        return token.removeprefix(SUFFIX_INDICATOR)
    return f" {token}"


def _checked(ids: Any) -> tf.Tensor | tf.RaggedTensor:
    if isinstance(ids, list | tuple):
        ids = tf.ragged.constant(ids, dtype=tf.int32)
    elif not isinstance(ids, tf.RaggedTensor):
        ids = tf.convert_to_tensor(ids)
    if not ids.dtype.is_integer:
        raise ValueError(f"expected ids of an integer dtype; received {ids.dtype.name}")
    if ids.shape.rank not in (1, 2):
        raise ValueError(f"expected ids of shape [B, S] or [S]; received shape {ids.shape}")
    return ids
