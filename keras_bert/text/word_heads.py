"""Which words the pieces of a text belong to, and which pieces begin them.

Shapes: B records, W windows, S positions, P pieces of all records together.
"""

import re
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_bert.text.tagging import Tokens, tokens_of
from keras_bert.text.unicode_tables import CJK
from keras_bert.text.windows import Windows

_IDEOGRAPHS = "".join(f"{chr(first)}-{chr(last)}" for first, last in CJK)
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\s{_IDEOGRAPHS}]+")


def word_heads(windows: Windows, starts: Sequence[Sequence[int]]) -> np.ndarray:
    """The first piece of each word, in the window where it has its maximum context.

    Args:
        windows: of B texts.
        starts: for each text, the characters where its words begin, rising.

    Returns:
        bool [W, S]. A word of which the tokenizer leaves nothing has no piece.
    """
    pieces = pieces_of(windows, windows.pieces >= 0)
    rows, word = pieces.rows.numpy(), words_of(pieces, starts)
    first = np.ones(len(rows), bool)
    first[1:] = (word[1:] != word[:-1]) | (rows[1:] != rows[:-1])
    heads = np.zeros(windows.pieces.shape, bool)
    heads.flat[pieces.logits.numpy()[first]] = True
    return heads


def words_of(pieces: Tokens, starts: Sequence[Sequence[int]]) -> np.ndarray:
    """The word of each piece, int64 [P], counted over all records; 0 before the first.

    Args:
        pieces: of B texts.
        starts: for each text, the characters where its words begin, rising.
    """
    owner = np.repeat(np.arange(len(starts)), [len(own) for own in starts])
    begins = np.concatenate([np.asarray(own, np.int64) for own in starts] or [[]]).astype(np.int64)
    rows, places = pieces.rows.numpy(), pieces.char_starts.numpy()
    # One number line for all records: what begins in a record is at row · stride + offset.
    stride = 1 + max(begins.max(initial=0), places.max(initial=0))
    return np.searchsorted(owner * stride + begins, rows * stride + places, side="right")


def shares_of_words(words: np.ndarray) -> np.ndarray:
    """One over the number of each piece's word, float [P]; `words` as of `words_of`."""
    _, inverse, number = np.unique(words, return_inverse=True, return_counts=True)
    return 1 / number[inverse]


def firsts_of_words(words: np.ndarray) -> np.ndarray:
    """Whether each piece is the first of its word, bool [P]; `words` as of `words_of`."""
    _, first = np.unique(words, return_index=True)
    return np.isin(np.arange(len(words)), first)


def word_starts(text: str) -> list[int]:
    """The characters where words begin: behind white space, and each CJK character."""
    return [found.start() for found in _WORD.finditer(text)]


def pieces_of(windows: Windows, heads: tf.Tensor) -> Tokens:
    """As `tokens_of`, with the place of each token in the flat [W · S] for its logits."""
    return tokens_of(tf.reshape(tf.range(tf.size(heads)), tf.shape(heads)), windows, heads)
