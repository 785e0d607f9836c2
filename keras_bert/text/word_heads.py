"""Which word pieces begin the words that a text was joined of.

Shapes: B records, W windows, S positions, P pieces of all records together.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_bert.text.tagging import Tokens, tokens_of
from keras_bert.text.windows import Windows


def word_heads(windows: Windows, starts: Sequence[Sequence[int]]) -> np.ndarray:
    """The first piece of each word, in the window where it has its maximum context.

    Args:
        windows: of B texts.
        starts: for each text, the characters where its words begin, rising.

    Returns:
        bool [W, S]. A word of which the tokenizer leaves nothing has no piece.
    """
    pieces = pieces_of(windows, windows.pieces >= 0)
    owner = np.repeat(np.arange(len(starts)), [len(own) for own in starts])
    begins = np.concatenate([np.asarray(own, np.int64) for own in starts] or [[]]).astype(np.int64)
    rows, places = pieces.rows.numpy(), pieces.char_starts.numpy()
    # One number line for all records: what begins in a record is at row · stride + offset.
    stride = 1 + max(begins.max(initial=0), places.max(initial=0))
    word = np.searchsorted(owner * stride + begins, rows * stride + places, side="right")  # [P]
    first = np.ones(len(rows), bool)
    first[1:] = (word[1:] != word[:-1]) | (rows[1:] != rows[:-1])
    heads = np.zeros(windows.pieces.shape, bool)
    heads.flat[pieces.logits.numpy()[first]] = True
    return heads


def pieces_of(windows: Windows, heads: tf.Tensor) -> Tokens:
    """As `tokens_of`, with the place of each token in the flat [W · S] for its logits."""
    return tokens_of(tf.reshape(tf.range(tf.size(heads)), tf.shape(heads)), windows, heads)
