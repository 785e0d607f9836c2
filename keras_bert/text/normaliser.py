"""Any text to words, by Google's `BasicTokenizer` rules, in core TensorFlow ops.

The exact path: one pass over the code points of all texts together, each looked up in
`unicode_tables`. A space is appended to every text, so that nothing (words, the final
sigma, reordered accents) reaches over the border between two texts.

Shapes: B texts; N code points of all texts together; M of them after normalisation;
V of those visible (not spaces); W words.
"""

from typing import NamedTuple

import tensorflow as tf

from keras_bert.text import unicode_tables as unicode

_FINAL_SIGMA_STEP = ord("\u03c3") - ord("\u03c2")


class Decoded(NamedTuple):
    """Texts as code points: `codes` int32 [N], `byte_starts` int64 [N], `splits` int64 [B + 1]."""

    codes: tf.Tensor
    byte_starts: tf.Tensor
    splits: tf.Tensor


class Words(NamedTuple):
    """Words, and where they come from.

    Attributes:
        words: string [W], UTF-8.
        splits: int64 [B + 1], where the words of each text begin.
        codes: int32 [V], the normalised code points of all words together.
        code_splits: int64 [W + 1], where the code points of each word begin.
        sources: int64 [V], for each of them the code point of the text, in 0..N-1.
    """

    words: tf.Tensor
    splits: tf.Tensor
    codes: tf.Tensor
    code_splits: tf.Tensor
    sources: tf.Tensor


class Normaliser:
    """Splits texts into normalised words; the tables become constants of the graph.

    Args:
        lowercase: lower-case and strip accents, as the uncased models do.
    """

    def __init__(self, lowercase: bool):
        tables = unicode.unicode_tables(lowercase)
        self.lowercase = lowercase
        self._pages = tf.constant(tables.pages)
        self._words = tf.constant(tables.words)
        self._expansions = tf.constant(tables.expansions)
        self._expansion_splits = tf.constant(tables.expansion_splits)

    def decode(self, texts: tf.Tensor) -> Decoded:
        """Decodes string [B] from UTF-8, leaving invalid bytes out."""
        ended = tf.strings.join([texts, " "])
        codes, starts = tf.strings.unicode_decode_with_offsets(ended, "UTF-8", errors="ignore")
        return Decoded(codes.values, starts.values, codes.row_splits)

    def properties(self, codes: tf.Tensor) -> tf.Tensor:
        """Looks up the property words, int32 [N], of code points, int32 [N]."""
        page = tf.gather(self._pages, tf.bitwise.right_shift(codes, unicode.PAGE_BITS))
        within = tf.bitwise.bitwise_and(codes, (1 << unicode.PAGE_BITS) - 1)
        return tf.bitwise.bitwise_xor(tf.gather(self._words, page + within), codes)

    def split(self, decoded: Decoded) -> Words:
        """Cleans, lower-cases, strips accents and splits into words."""
        properties = self.properties(decoded.codes)  # [N]
        if self.lowercase:
            properties = _finish_sigmas(decoded.codes, properties)  # [N]
        properties, sources = self._regular(properties)  # [M], [M]
        kinds = _kinds(properties)  # [M]
        visible = tf.where(kinds != unicode.SPACE)[:, 0]  # [V]
        word_starts = tf.where(tf.gather(_starts_word(kinds), visible))[:, 0]  # [W]
        codes = tf.gather(tf.bitwise.bitwise_and(properties, unicode.CODE_POINT_MASK), visible)
        sources = tf.gather(sources, visible)  # [V]
        code_splits = tf.concat([word_starts, [tf.size(codes, tf.int64)]], axis=0)  # [W + 1]
        rows = tf.RaggedTensor.from_row_splits(codes, code_splits, validate=False)
        words = tf.strings.unicode_encode(rows, "UTF-8")  # [W]
        splits = tf.searchsorted(tf.gather(sources, word_starts), decoded.splits, out_type=tf.int64)
        return Words(words, splits, codes, code_splits, sources)

    def _regular(self, properties: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Drops what is empty and expands what becomes several: [N] to [M], with sources."""
        multiple = _has(properties, unicode.MULTIPLE)
        irregular = multiple | (_kinds(properties) == unicode.EMPTY)
        make_regular = _expand if self.lowercase else _drop_empty
        regular, sources = tf.cond(
            tf.reduce_any(irregular),
            lambda: make_regular(properties, multiple, self._expansions, self._expansion_splits),
            lambda: (properties, tf.range(tf.size(properties, tf.int64))),
        )
        regular = tf.cond(
            tf.reduce_any(regular >= 1 << unicode.RANK_SHIFT),
            lambda: _reorder(regular, sources, properties),
            lambda: regular,
        )
        return regular, sources


def _kinds(properties: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_and(tf.bitwise.right_shift(properties, unicode.KIND_SHIFT), 3)


def _has(properties: tf.Tensor, flag: int) -> tf.Tensor:
    return tf.bitwise.bitwise_and(properties, flag) != 0


def _starts_word(kinds: tf.Tensor) -> tf.Tensor:
    """Whether a word begins here, bool [M]: at isolated ones and after anything but a letter."""
    previous = tf.concat([[unicode.SPACE], kinds[:-1]], axis=0)
    return (kinds == unicode.ISOLATED) | (previous != unicode.WORD)


def _drop_empty(properties, *_):
    sources = tf.where(_kinds(properties) != unicode.EMPTY)[:, 0]
    return tf.gather(properties, sources), sources


def _expand(properties, multiple, expansions, expansion_splits):
    low_bits = tf.bitwise.bitwise_and(properties, unicode.CODE_POINT_MASK)
    row = tf.where(multiple, low_bits, 0)
    first = tf.gather(expansion_splits, row)
    single = tf.cast(_kinds(properties) != unicode.EMPTY, tf.int32)
    counts = tf.where(multiple, tf.gather(expansion_splits, row + 1) - first, single)  # [N]
    sources = tf.repeat(tf.range(tf.size(properties)), counts)  # [M]
    begins = tf.cumsum(counts, exclusive=True)  # [N]
    place = tf.range(tf.size(sources)) - tf.gather(begins, sources)  # [M], within its expansion
    expanded = tf.gather(expansions, tf.gather(first, sources) + place)
    kept = tf.gather(properties, sources)
    regular = tf.where(tf.gather(multiple, sources), expanded, kept)
    return regular, tf.cast(sources, tf.int64)


def _reorder(regular, sources, properties):
    """Sorts the kept marks (Mc) of each run by combining class: canonical ordering.

    Only the marks move: `sources` stay, so that offsets still rise from piece to piece.
    """
    starters = tf.cast(_has(properties, unicode.STARTER), tf.int32)
    runs = tf.gather(tf.cumsum(starters), sources)  # [M]
    ranks = tf.bitwise.right_shift(regular, unicode.RANK_SHIFT)
    return tf.gather(regular, tf.argsort(runs * 8 + ranks, stable=True))


def _finish_sigmas(codes: tf.Tensor, properties: tf.Tensor) -> tf.Tensor:
    """Turns capital sigmas at the end of words into final ones, by the rule of `str.lower`."""
    sigmas = codes == ord(unicode.CAPITAL_SIGMA)
    return tf.cond(
        tf.reduce_any(sigmas),
        lambda: _finish(tf.where(sigmas)[:, 0], properties),
        lambda: properties,
    )


def _finish(sigmas, properties):
    skipped = _has(properties, unicode.CASE_IGNORABLE) | (_kinds(properties) == unicode.EMPTY)
    solid = tf.where(~skipped)[:, 0]
    cased = tf.gather(_has(properties, unicode.CASED), solid)
    place = tf.searchsorted(solid, sigmas)  # a space follows every text: place + 1 exists
    after_cased = (place > 0) & tf.gather(cased, tf.maximum(place - 1, 0))
    final = after_cased & ~tf.gather(cased, place + 1)
    step = tf.where(final, _FINAL_SIGMA_STEP, 0)
    return tf.tensor_scatter_nd_sub(properties, sigmas[:, None], step)
