"""Greedy longest match of word pieces: tensorflow-text's FastWordpiece op.

Source: Song et al. 2021, arXiv:2012.15524. The op takes texts, which it splits at white
space, punctuation and CJK itself, or single words. It is given only pieces that a
word can hold: with others (`...`, `##` alone, a control character, a space inside) it
does not build, or matches them across words.
"""

from collections.abc import Iterator

import tensorflow as tf
import tensorflow_text

from keras_bert.text.unicode_tables import is_absent, is_isolated
from keras_bert.text.vocabulary import SUFFIX_INDICATOR, UNKNOWN, Vocabulary


class PieceMatcher:
    """Matches word pieces. Build it under `tf.init_scope`.

    Args:
        vocabulary: the word pieces.
        max_bytes_per_word: longer words become `[UNK]`.
        splits_texts: whether it is given texts, or words.
    """

    def __init__(self, vocabulary: Vocabulary, max_bytes_per_word: int, splits_texts: bool):
        ids = list(_reachable(vocabulary))
        self._ids = tf.constant(ids, tf.int32)
        self._op = tensorflow_text.FastWordpieceTokenizer(
            [vocabulary[number] for number in ids],
            max_bytes_per_word=max_bytes_per_word,
            token_out_type=tf.int32,
            unknown_token=UNKNOWN,
            no_pretokenization=not splits_texts,
        )

    def __call__(self, strings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Matches string [R]: ids int32 [P], splits int64 [R + 1], byte starts and limits [P]."""
        matched, starts, limits = self._op.tokenize_with_offsets(strings)
        ids = tf.gather(self._ids, matched.values)
        starts, limits = tf.cast(starts.values, tf.int64), tf.cast(limits.values, tf.int64)
        return ids, matched.row_splits, starts, limits


def _reachable(vocabulary: Vocabulary) -> Iterator[int]:
    """Ids of the pieces that a word can hold, in order, and of `[UNK]`."""
    for number, piece in enumerate(vocabulary):
        body = piece.removeprefix(SUFFIX_INDICATOR)
        possible = body and not any(map(is_absent, body))
        mixed = len(piece) > 1 and any(map(is_isolated, body))
        if piece == UNKNOWN or (possible and not mixed):
            yield number
