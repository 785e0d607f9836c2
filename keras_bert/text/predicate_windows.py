"""Windows of sentences in which one predicate is marked.

    ids    [CLS] they want to want it [SEP]
    types    0     0    0  0   1   0    0

The mark is segment type 1 on the predicate's own pieces, so that the same word elsewhere in
the sentence is not taken for it, as it may be where the predicate is only repeated behind the
sentence.

Source: Shi & Lin 2019, arXiv:1904.05255 (a predicate indicator for BERT).
Shapes: B records, W windows, S positions.
"""

from typing import Any

import tensorflow as tf

from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.windows import SlidingWindows, Windows


class PredicateWindows:
    """Marks a predicate in the windows of each text.

    Args:
        windows: cuts the texts.

    Call arguments:
        texts: string [B].
        starts: int32 [B], the predicate's first character in each text.
        limits: int32 [B], behind its last one.

    Returns:
        `Windows`. In a window that does not hold the predicate nothing is marked.
    """

    def __init__(self, windows: SlidingWindows) -> None:
        self.windows = windows

    @property
    def tokenizer(self) -> BertTokenizer:
        """The tokenizer of the windows."""
        return self.windows.tokenizer

    @property
    def sequence_length(self) -> int:
        """Positions of a window."""
        return self.windows.sequence_length

    def padded(self, padding: str) -> "PredicateWindows":
        """The same windows with `padding` "fixed" or "longest"."""
        return PredicateWindows(self.windows.padded(padding))

    def __call__(self, texts: Any, starts: Any, limits: Any) -> Windows:
        """See the class."""
        windows = self.windows(texts)
        start, limit = (
            tf.gather(tf.cast(offsets, tf.int64), windows.rows)[:, tf.newaxis]
            for offsets in (starts, limits)
        )  # [W, 1] each
        touched = (windows.char_starts < limit) & (windows.char_limits > start)
        types = tf.cast(touched & (windows.pieces >= 0), tf.int32)
        return windows._replace(features={**windows.features, "input_type_ids": types})
