"""Words cut into the pieces of a vocabulary, and how often each piece is used.

The words are normalised ones (`word_counts`), matched by the tokenizer's own op.

Shapes: W words; P pieces of all of them; V pieces of the vocabulary.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_bert.data.wordpiece_training import LONGEST_WORD
from keras_bert.text.matcher import PieceMatcher
from keras_bert.text.vocabulary import UNKNOWN, Vocabulary

_LONGEST_BYTES = 4 * LONGEST_WORD
_WORDS_PER_CALL = 1 << 16


class Segmentation(NamedTuple):
    """Pieces of words: `ids` int32 [P], and `splits` int64 [W + 1] where each word's begin."""

    ids: np.ndarray
    splits: np.ndarray


class VocabularyUse(NamedTuple):
    """What a corpus makes of a vocabulary.

    Attributes:
        pieces: int64 [V], occurrences of each piece.
        words: occurrences of words.
        unknown: occurrences of words that are `[UNK]`.
    """

    pieces: np.ndarray
    words: int
    unknown: int

    @property
    def pieces_per_word(self) -> float:
        """Mean number of pieces of a word, `[UNK]` being one; 0 of no words."""
        return int(self.pieces.sum()) / self.words if self.words else 0.0

    @property
    def unknown_share(self) -> float:
        """Share of words that are `[UNK]`, in 0..1."""
        return self.unknown / self.words if self.words else 0.0


def segment(vocabulary: Vocabulary, words: Sequence[str]) -> Segmentation:
    """Cuts normalised words into pieces."""
    with tf.init_scope(), tf.device("CPU:0"):
        match = PieceMatcher(vocabulary, _LONGEST_BYTES, splits_texts=False)
        # A stand-in that is too long for any vocabulary.
        overlong = "x" * (_LONGEST_BYTES + 1)
        ids, lengths = [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
        for start in range(0, len(words), _WORDS_PER_CALL):
            batch = words[start : start + _WORDS_PER_CALL]
            strings = [word if len(word) <= LONGEST_WORD else overlong for word in batch]
            found, splits, _, _ = match(tf.constant(strings, tf.string))
            ids.append(found.numpy())
            lengths.append(np.diff(splits.numpy()))
    return Segmentation(np.concatenate(ids), np.cumsum(np.concatenate(lengths)))


def use_of(vocabulary: Vocabulary, counts: Mapping[str, int]) -> VocabularyUse:
    """Counts the pieces of a corpus.

    Args:
        vocabulary: the pieces.
        counts: occurrences of each normalised word.
    """
    ids, splits = segment(vocabulary, list(counts))
    occurrences = np.fromiter(counts.values(), np.int64, len(counts))  # [W]
    weights = np.repeat(occurrences, np.diff(splits))  # [P]
    pieces = np.zeros(len(vocabulary), np.int64)
    np.add.at(pieces, ids, weights)
    return VocabularyUse(pieces, int(occurrences.sum()), int(pieces[vocabulary.id_of(UNKNOWN)]))
