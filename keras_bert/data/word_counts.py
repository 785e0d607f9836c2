"""How often each word occurs in a corpus, the words being those that our tokenizer sees.

A text is first cut at plain spaces, which no rule of normalisation reaches across, and each
distinct piece of that is normalised once, by the graph of the tokenizer itself. So the words
are exactly those that will later be matched with the vocabulary.

Memory is bounded by lossy counting: when more than `max_words` distinct words are kept, the
rarest are forgotten, those of count 1 first, then of count 2, and so on. A word's count is
then too low by at most the number of its occurrences that were forgotten.

Source of lossy counting: Manku and Motwani 2002, "Approximate frequency counts over data
streams", https://www.vldb.org/conf/2002/S10P03.pdf

Shapes: B pieces between spaces; W words of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_bert.text.normaliser import Normaliser

MAX_WORDS = 2_000_000
_MOST_PIECES = 1 << 19
_MOST_CHARACTERS = 1 << 25
_CHARACTERS_PER_CALL = 1 << 18


class WordCounts(NamedTuple):
    """Words of a corpus.

    Attributes:
        counts: occurrences of each distinct word, by falling count, then by code points.
        total: all occurrences, forgotten ones included.
        forgotten: occurrences of words that were rare when memory ran out.
    """

    counts: dict[str, int]
    total: int
    forgotten: int


class WordCounter:
    """Counts words of lines that come one after the other.

    Args:
        lowercase: lower-case and strip accents, as for an uncased model.
        max_words: the most distinct words that are kept, at least 1.

    Example:
        >>> counter = WordCounter(lowercase=True)
        >>> counter.add(["Naïve, naive!"])
        >>> counter.result().counts
        {'naive': 2, '!': 1, ',': 1}
    """

    def __init__(self, lowercase: bool, max_words: int = MAX_WORDS):
        if max_words < 1:
            raise ValueError(f"expected max_words of at least 1; received {max_words}")
        self._max_words = max_words
        self._words_of = _word_splitter(lowercase)
        self._pieces: Counter[str] = Counter()
        self._characters = 0
        self._counts: Counter[str] = Counter()
        self._total = 0
        self._forgotten = 0

    def add(self, lines: Iterable[str]) -> None:
        """Counts the words of some lines."""
        for line in lines:
            self._pieces.update(line.split(" "))
            self._characters += len(line)
            if self._characters > _MOST_CHARACTERS or len(self._pieces) > _MOST_PIECES:
                self._settle()

    def result(self) -> WordCounts:
        """Returns the words of all lines so far."""
        self._settle()
        ordered = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        return WordCounts(dict(ordered), self._total, self._forgotten)

    def _settle(self) -> None:
        """Turns the pieces between spaces into words."""
        for pieces in _batches(self._pieces):
            words, splits = self._words_of(tf.constant(list(pieces), tf.string))
            repeats = np.diff(splits.numpy())
            counts = np.repeat(np.fromiter(pieces.values(), np.int64), repeats).tolist()
            self._total += sum(counts)
            for word, count in zip(words.numpy().tolist(), counts, strict=True):
                self._counts[word.decode("utf-8")] += count
            self._forget_rare_words()
        self._pieces, self._characters = Counter(), 0

    def _forget_rare_words(self) -> None:
        rare = 0
        while len(self._counts) > self._max_words:
            rare += 1
            kept = Counter({w: count for w, count in self._counts.items() if count > rare})
            self._forgotten += self._counts.total() - kept.total()
            self._counts = kept


def _batches(pieces: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Parts of the mapping that the graph takes at once."""
    batch: dict[str, int] = {}
    characters = 0
    for piece, count in pieces.items():
        batch[piece] = count
        characters += len(piece) + 1
        if characters > _CHARACTERS_PER_CALL:
            yield batch
            batch, characters = {}, 0
    if batch:
        yield batch


def _word_splitter(lowercase: bool) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """From string [B] to words, string [W], and where those of each text begin, [B + 1]."""
    with tf.init_scope(), tf.device("CPU:0"):
        normaliser = Normaliser(lowercase)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def split(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.device("CPU:0"):
            words = normaliser.split(normaliser.decode(texts))
        return words.words, words.splits

    return split
