"""Special tokens that stand written in a text, such as `[MASK]`, kept as one piece each.

Rust `tokenizers` and transformers treat them so: a special token is found first, exactly
as it is spelt and wherever it stands (`a[MASK]b` too); the parts between are tokenized as
texts of their own. Google's `FullTokenizer`, and this package's by default, split them like
any other text.

Shapes: B texts; R parts of all texts together; P pieces of all texts together.
"""

from typing import NamedTuple, Protocol

import tensorflow as tf

from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary
from keras_bert.text.wordpiece import Pieces


class _Tokenizes(Protocol):
    def tokenize(self, texts: tf.Tensor, with_offsets: bool = False) -> Pieces: ...


class _Parts(NamedTuple):
    """Texts cut at special tokens.

    Attributes:
        texts: string [R], what stands before each special token, and the rest.
        rows: int64 [R], the text that each part is of.
        special: int32 [R], which of `SPECIAL_TOKENS` follows the part; -1 for none.
    """

    texts: tf.Tensor
    rows: tf.Tensor
    special: tf.Tensor


class SpecialTokenKeeper:
    """Tokenizes around special tokens. Build it under `tf.init_scope`.

    Args:
        vocabulary: gives the ids of the special tokens.
        wordpiece: tokenizes the parts between them.
    """

    def __init__(self, vocabulary: Vocabulary, wordpiece: _Tokenizes):
        self._wordpiece = wordpiece
        self._ids = tf.constant([vocabulary.id_of(token) for token in SPECIAL_TOKENS], tf.int32)
        self._lengths = tf.constant([len(token) for token in SPECIAL_TOKENS], tf.int64)

    def tokenize(self, texts: tf.Tensor, with_offsets: bool = False) -> Pieces:
        """Tokenizes string [B]."""
        parts = _cut(texts)
        pieces = self._wordpiece.tokenize(parts.texts, with_offsets)
        followed = parts.special >= 0  # [R]
        special_splits = tf.concat([[0], tf.cumsum(tf.cast(followed, tf.int64))], axis=0)
        first_parts = tf.searchsorted(parts.rows, tf.range(tf.size(texts, tf.int64) + 1))
        splits = tf.gather(pieces.splits + special_splits, first_parts)  # [B + 1]

        def after_each_part(values: tf.Tensor, special: tf.Tensor) -> tf.Tensor:
            """Puts one value after the pieces of each part that is followed: [P]."""
            ragged = tf.RaggedTensor.from_row_splits
            own = ragged(values, pieces.splits, validate=False)
            more = ragged(tf.boolean_mask(special, followed), special_splits, validate=False)
            return tf.concat([own, more], axis=1).values

        special = tf.maximum(parts.special, 0)
        ids = after_each_part(pieces.ids, tf.gather(self._ids, special))
        if not with_offsets:
            return Pieces(ids, splits)
        part_of = tf.repeat(tf.range(tf.size(parts.texts)), pieces.splits[1:] - pieces.splits[:-1])
        widths = tf.where(followed, tf.gather(self._lengths, special), 0)  # [R]
        columns = []
        for lengths, starts, limits in (
            (_byte_lengths(parts.texts), pieces.byte_starts, pieces.byte_limits),
            (_character_lengths(parts.texts), pieces.char_starts, pieces.char_limits),
        ):
            begins = _begins(parts.rows, lengths + widths)  # [R], within the text
            origin = tf.gather(begins, part_of)
            columns += [
                after_each_part(origin + starts, begins + lengths),
                after_each_part(origin + limits, begins + lengths + widths),
            ]
        return Pieces(ids, splits, *columns)


def _cut(texts: tf.Tensor) -> _Parts:
    """Cuts string [B] at each special token in turn: none can overlap another."""
    rows = tf.range(tf.size(texts, tf.int64))
    special = tf.fill(tf.shape(texts), -1)
    for number, token in enumerate(SPECIAL_TOKENS):
        cut = tf.strings.split(texts, sep=token)  # [R, (parts)], one at least
        origin = cut.value_rowids()
        is_last = tf.concat([origin[1:] != origin[:-1], tf.ones_like(origin[:1], tf.bool)], axis=0)
        special = tf.where(is_last, tf.gather(special, origin), number)
        texts, rows = cut.values, tf.gather(rows, origin)
    return _Parts(texts, rows, special)


def _begins(rows: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Where each part begins in its text, int64 [R]."""
    before = tf.cumsum(lengths, exclusive=True)
    first = tf.searchsorted(rows, rows)  # rows ascend: the first part of the same text
    return before - tf.gather(before, first)


def _byte_lengths(texts: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.strings.length(texts), tf.int64)


def _character_lengths(texts: tf.Tensor) -> tf.Tensor:
    return tf.strings.unicode_decode(texts, "UTF-8", errors="ignore").row_lengths()
