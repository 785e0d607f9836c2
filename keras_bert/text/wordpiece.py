"""Texts to word pieces as a graph: a short way for plain texts, an exact one for the rest.

Both end in tensorflow-text's FastWordpiece op (greedy longest match, linear time; Song
et al. 2021, arXiv:2012.15524). Plain texts go to it whole. The others are first split
into normalised words by `Normaliser`, and the op sees one word at a time. A batch may
hold both kinds: they are parted, tokenized, and put back in order.

Shapes: B texts; P pieces of all texts together; W words.
"""

from typing import NamedTuple

import tensorflow as tf

from keras_bert.text import unicode_tables as unicode
from keras_bert.text.matcher import PieceMatcher
from keras_bert.text.normaliser import Decoded, Normaliser, Words
from keras_bert.text.plain import LONGEST_RUN, LONGEST_RUN_BYTES, plain_pattern
from keras_bert.text.vocabulary import Vocabulary

_LONGEST_CHARACTER = 4  # bytes, in UTF-8


class Pieces(NamedTuple):
    """Word pieces of B texts: `ids` int32 [P], `splits` int64 [B + 1]; offsets int64 [P] or none.

    Offsets count from the beginning of the piece's own text; limits are exclusive.
    """

    ids: tf.Tensor
    splits: tf.Tensor
    byte_starts: tf.Tensor | None = None
    byte_limits: tf.Tensor | None = None
    char_starts: tf.Tensor | None = None
    char_limits: tf.Tensor | None = None


class WordPiece:
    """The tokenization graph of one vocabulary. Build it under `tf.init_scope`.

    Args:
        vocabulary: the word pieces.
        lowercase: lower-case and strip accents first, as the uncased models do.
        max_characters_per_word: longer words become `[UNK]`.
    """

    def __init__(self, vocabulary: Vocabulary, lowercase: bool, max_characters_per_word: int):
        self.lowercase = lowercase
        self.longest_word = max_characters_per_word
        self.normaliser = Normaliser(lowercase)
        self._plain = plain_pattern(lowercase, min(LONGEST_RUN, max_characters_per_word))
        bytes_per_word = _LONGEST_CHARACTER * max_characters_per_word
        self._match_texts = PieceMatcher(vocabulary, LONGEST_RUN_BYTES, splits_texts=True)
        self._match_words = PieceMatcher(vocabulary, bytes_per_word, splits_texts=False)
        self._overlong = "x" * (bytes_per_word + 1)

    def tokenize(self, texts: tf.Tensor, with_offsets: bool = False) -> Pieces:
        """Tokenizes string [B]."""
        plain = tf.strings.regex_full_match(texts, self._plain)
        return tf.cond(
            tf.reduce_all(plain),
            lambda: self._short_way(texts, with_offsets),
            lambda: self._both_ways(texts, plain, with_offsets),
        )

    def _both_ways(self, texts: tf.Tensor, plain: tf.Tensor, with_offsets: bool) -> Pieces:
        plain_rows, other_rows = tf.where(plain)[:, 0], tf.where(~plain)[:, 0]
        first = self._short_way(tf.gather(texts, plain_rows), with_offsets)
        second = self._exact_way(tf.gather(texts, other_rows), with_offsets)
        order = tf.argsort(tf.concat([plain_rows, other_rows], axis=0))
        return _merge(first, second, order)

    def _short_way(self, texts: tf.Tensor, with_offsets: bool) -> Pieces:
        lowered = tf.strings.lower(texts) if self.lowercase else texts  # ASCII only: same length
        ids, splits, starts, limits = self._match_texts(lowered)
        if not with_offsets:
            return Pieces(ids, splits)
        rows = _rows(splits)
        return Pieces(ids, splits, starts, limits, *_characters_at(texts, rows, starts, limits))

    def _exact_way(self, texts: tf.Tensor, with_offsets: bool) -> Pieces:
        decoded = self.normaliser.decode(texts)
        words = self.normaliser.split(decoded)
        lengths = words.code_splits[1:] - words.code_splits[:-1]
        matchable = tf.where(lengths > self.longest_word, self._overlong, words.words)  # [W]
        ids, splits_of_words, starts, limits = self._match_words(matchable)
        splits = tf.gather(splits_of_words, words.splits)
        if not with_offsets:
            return Pieces(ids, splits)
        first, last = _spans(words, _rows(splits_of_words), starts, limits)
        return Pieces(ids, splits, *self._offsets(decoded, first, last, _rows(splits)))

    def _offsets(self, decoded: Decoded, first, last, rows):
        """Offsets of pieces from the first to the last code point, with the accents after it."""
        marks = tf.bitwise.bitwise_and(self.normaliser.properties(decoded.codes), unicode.MARK)
        others = tf.where(marks == 0)[:, 0]  # the space after every text is one: next exists
        limit = tf.gather(others, tf.searchsorted(others, last + 1))  # [P]
        byte_limits = decoded.byte_starts + _utf8_lengths(decoded.codes)  # [N]
        row_starts = tf.gather(decoded.splits, rows)  # [P]
        return (
            tf.gather(decoded.byte_starts, first),
            tf.gather(byte_limits, limit - 1),
            first - row_starts,
            limit - row_starts,
        )


def _utf8_lengths(codes: tf.Tensor) -> tf.Tensor:
    return 1 + sum(tf.cast(codes >= limit, tf.int64) for limit in (0x80, 0x800, 0x10000))


def _rows(splits: tf.Tensor) -> tf.Tensor:
    """From row splits [rows + 1] to the row of each value."""
    return tf.repeat(tf.range(tf.size(splits) - 1), splits[1:] - splits[:-1])


def _spans(words: Words, word: tf.Tensor, starts: tf.Tensor, limits: tf.Tensor):
    """From bytes of words to code points of the text: first and last of each piece, [P]."""
    ends = tf.cumsum(_utf8_lengths(words.codes))  # [V]
    bytes_before = tf.concat([[0], ends], axis=0)
    origin = tf.gather(bytes_before, tf.gather(words.code_splits, word))
    word_end = tf.gather(bytes_before, tf.gather(words.code_splits, word + 1))
    end = tf.minimum(origin + limits, word_end)  # an overlong word was stood in for
    first = tf.searchsorted(ends, origin + starts, side="right", out_type=tf.int64)
    last = tf.searchsorted(ends, end, side="left", out_type=tf.int64)
    return tf.gather(words.sources, first), tf.gather(words.sources, last)


def _characters_at(texts, rows, starts, limits) -> tuple[tf.Tensor, tf.Tensor]:
    """From byte offsets to character offsets, [P], in texts of valid UTF-8."""

    def count():
        _, places = tf.strings.unicode_decode_with_offsets(texts, "UTF-8", errors="ignore")
        begins = tf.cumsum(tf.cast(tf.strings.length(texts), tf.int64), exclusive=True)  # [B]
        characters = places.values + tf.gather(begins, places.value_rowids())
        origin, before = tf.gather(begins, rows), tf.gather(places.row_splits, rows)  # [P]
        return tuple(
            tf.searchsorted(characters, origin + offsets, out_type=tf.int64) - before
            for offsets in (starts, limits)
        )

    ascii_only = tf.reduce_all(
        tf.strings.length(texts) == tf.strings.length(texts, unit="UTF8_CHAR")
    )
    return tf.cond(ascii_only, lambda: (starts, limits), count)


def _merge(first: Pieces, second: Pieces, order: tf.Tensor) -> Pieces:
    """Joins the pieces of two groups of texts and puts the texts in `order`."""
    splits = tf.concat([first.splits, second.splits[1:] + first.splits[-1]], axis=0)
    places = tf.RaggedTensor.from_row_splits(tf.range(splits[-1]), splits, validate=False)
    places = tf.gather(places, order)
    columns = {
        name: tf.gather(tf.concat([mine, other], axis=0), places.values)
        for name, mine, other in zip(Pieces._fields, first, second, strict=True)
        if name != "splits" and mine is not None
    }
    return Pieces(splits=places.row_splits, **columns)
