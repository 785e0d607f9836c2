"""Texts of any length as windows that a model of S positions can read.

    [CLS] (prefix [SEP]) pieces start … start + room [SEP] [PAD] …

Neighbouring windows begin `stride` pieces apart and overlap, so that every piece has
context on both sides in one of them: the window where the smaller of its two contexts is
largest, and the earlier one of equals. Reading each piece from that window alone merges
the windows again.

Source: `convert_examples_to_features` and `_check_is_max_context` of
google-research/bert `run_squad.py`.
Shapes: B records, W windows of all records in order, S sequence length, P prefix pieces.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from keras_bert.text.inputs import as_segments
from keras_bert.text.packing import PADDINGS
from keras_bert.text.tokenizer import BertTokenizer


class Windows(NamedTuple):
    """Windows of a batch of records, W ≥ B, with the way back into the texts.

    `features`: the dict of three, int32 [W, S]; type 1 is the text behind a prefix.
    `rows`: int32 [W], the record of each window, rising.
    `pieces`: int32 [W, S], the number of the piece in the record's text; -1 elsewhere.
    `best`: bool [W, S], whether the piece has its maximum context here; true once a piece.
    `byte_starts`, `byte_limits`, `char_starts`, `char_limits`: int64 [W, S], where the
    piece stands in the original text; 0 elsewhere.
    `texts`: string [B], the originals.
    """

    features: dict[str, tf.Tensor]
    rows: tf.Tensor
    pieces: tf.Tensor
    best: tf.Tensor
    byte_starts: tf.Tensor
    byte_limits: tf.Tensor
    char_starts: tf.Tensor
    char_limits: tf.Tensor
    texts: tf.Tensor


class SlidingWindows:
    """Cuts texts, or texts behind a prefix such as a question, into windows.

    Args:
        tokenizer: a `BertTokenizer`.
        sequence_length: positions of a window, special tokens included.
        stride: pieces from the start of one window to the next (Google's `doc_stride`).
            Where the room for the text is smaller, the room: no piece is left out.
        max_prefix_length: pieces of a prefix that are kept.
        padding: "longest" to the longest window of the batch, or "fixed".

    Call arguments:
        first: string [B], texts; with `second` the prefixes.
        second: string [B], texts behind the prefixes.

    Returns:
        `Windows`: one for each record at least, an empty text included.

    Raises:
        ValueError: lengths that leave no room for a piece of text, an unknown padding,
            or what is not texts.
    """

    def __init__(
        self,
        tokenizer: BertTokenizer,
        sequence_length: int,
        stride: int,
        max_prefix_length: int = 64,
        padding: str = "longest",
    ) -> None:
        if stride < 1 or max_prefix_length < 1:
            raise ValueError(
                "expected stride and max_prefix_length of at least 1; received "
                f"stride={stride}, max_prefix_length={max_prefix_length}"
            )
        if sequence_length < 3:
            raise ValueError(
                "expected sequence_length of at least 3 for a piece and two special tokens; "
                f"received {sequence_length}"
            )
        if padding not in PADDINGS:
            raise ValueError(f"expected padding of {PADDINGS}; received {padding!r}")
        self.tokenizer = tokenizer
        self.sequence_length = int(sequence_length)
        self.stride = int(stride)
        self.max_prefix_length = int(max_prefix_length)
        self.padding = padding

    def padded(self, padding: str) -> "SlidingWindows":
        """The same windows with `padding` "fixed" or "longest"."""
        mine = self
        return SlidingWindows(
            mine.tokenizer, mine.sequence_length, mine.stride, mine.max_prefix_length, padding
        )

    def __call__(self, first: Any, second: Any = None) -> Windows:
        """See the class."""
        columns = as_segments(first if second is None else (first, second))
        texts = columns[-1]
        prefix = None
        if len(columns) == 2:
            self._check_room_behind_prefix()
            prefix = self.tokenizer(columns[0])[:, : self.max_prefix_length]
        with tf.device("CPU:0"):
            return self._cut(prefix, texts)

    def _check_room_behind_prefix(self) -> None:
        needed = self.max_prefix_length + 4
        if self.sequence_length < needed:
            raise ValueError(
                f"expected sequence_length of at least {needed} for a prefix of "
                f"{self.max_prefix_length} pieces, three special tokens and a piece of text; "
                f"received {self.sequence_length}"
            )

    def _cut(self, prefix: tf.RaggedTensor | None, texts: tf.Tensor) -> Windows:
        tokens = self.tokenizer.tokenize_with_offsets(texts)
        head = self._heads(prefix, texts)  # ragged [B, (P)]: all before the text
        head_lengths = tf.cast(head.row_lengths(), tf.int32)  # [B]
        totals = tf.cast(tokens.ids.row_lengths(), tf.int32)  # [B]
        rooms = self.sequence_length - 1 - head_lengths  # [B]
        steps = tf.minimum(self.stride, rooms)
        rows, starts = _starts(totals, rooms, steps)  # [W] each
        lengths = tf.minimum(tf.gather(totals, rows) - starts, tf.gather(rooms, rows))
        heads = tf.gather(head_lengths, rows)  # [W]

        used = heads + lengths + 1  # [W], with the last [SEP]
        width = self.sequence_length if self.padding == "fixed" else tf.reduce_max(used, axis=0)
        if self.padding == "longest":  # a batch without records still has its first token
            width = tf.maximum(width, 2)
        place = tf.range(width)[tf.newaxis]  # [1, S]
        offset = place - heads[:, tf.newaxis]  # [W, S]
        within = (offset >= 0) & (offset < lengths[:, tf.newaxis])
        pieces = tf.where(within, offset + starts[:, tf.newaxis], -1)

        flat = _flat_positions(tokens.ids, rows, pieces)  # [W, S], into the ragged values
        take = lambda column: _take(column.flat_values, flat, within)  # noqa: E731
        mask = tf.cast(place < used[:, tf.newaxis], tf.int32)
        ids = tf.where(within, take(tokens.ids), self._frame(head, rows, place, used))
        behind = (offset >= 0) & (mask == 1) & (prefix is not None)
        return Windows(
            {
                "input_word_ids": ids,
                "input_mask": mask,
                "input_type_ids": tf.cast(behind, tf.int32),
            },
            rows,
            pieces,
            _maximum_context(flat, offset, lengths, within, tf.size(tokens.ids.flat_values)),
            *(take(column) for column in tokens[1:]),
            texts,
        )

    def _heads(self, prefix: tf.RaggedTensor | None, texts: tf.Tensor) -> tf.RaggedTensor:
        """What stands before the text: `[CLS]`, or `[CLS]` prefix `[SEP]`."""
        ones = tf.ones([tf.size(texts)], tf.int64)

        def column(token: int) -> tf.RaggedTensor:
            return tf.RaggedTensor.from_row_lengths(
                tf.fill([tf.size(texts)], token), ones, validate=False
            )

        if prefix is None:
            return column(self.tokenizer.cls_id)
        parts = [column(self.tokenizer.cls_id), prefix, column(self.tokenizer.sep_id)]
        return tf.concat(parts, axis=1)

    def _frame(
        self, head: tf.RaggedTensor, rows: tf.Tensor, place: tf.Tensor, used: tf.Tensor
    ) -> tf.Tensor:
        """Ids around the text, int32 [W, S]: the head, the last `[SEP]`, the padding."""
        ids = tf.where(
            place < used[:, tf.newaxis], self.tokenizer.sep_id, self.tokenizer.pad_id
        )  # [W, S]
        lengths = tf.gather(tf.cast(head.row_lengths(), tf.int32), rows)  # [W]
        dense = tf.gather(head.to_tensor(), rows)  # [W, P]
        last = tf.maximum(tf.shape(dense)[1] - 1, 0)
        columns = tf.broadcast_to(tf.minimum(place, last), tf.shape(ids))
        return tf.where(
            place < lengths[:, tf.newaxis], tf.gather(dense, columns, batch_dims=1), ids
        )


def _starts(totals: tf.Tensor, rooms: tf.Tensor, steps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The record and the first piece of each window, int32 [W] each."""
    more = tf.maximum(totals - rooms, 0)
    counts = 1 + (more + steps - 1) // steps  # [B]
    rows = tf.repeat(tf.range(tf.size(totals)), counts)
    before = tf.gather(tf.cumsum(counts, exclusive=True), rows)
    numbers = tf.range(tf.size(rows)) - before
    return rows, numbers * tf.gather(steps, rows)


def _flat_positions(ids: tf.RaggedTensor, rows: tf.Tensor, pieces: tf.Tensor) -> tf.Tensor:
    first = tf.cast(tf.gather(ids.row_splits, rows), tf.int32)  # [W]
    return tf.maximum(pieces, 0) + first[:, tf.newaxis]


def _take(values: tf.Tensor, positions: tf.Tensor, within: tf.Tensor) -> tf.Tensor:
    # One more value, so that there is something to point at when no text has a piece.
    values = tf.concat([values, tf.zeros([1], values.dtype)], axis=0)
    return tf.where(within, tf.gather(values, positions), tf.zeros([], values.dtype))


def _maximum_context(
    flat: tf.Tensor,
    offset: tf.Tensor,
    lengths: tf.Tensor,
    within: tf.Tensor,
    number: tf.Tensor,
) -> tf.Tensor:
    """Whether a piece has its best context in this window, bool [W, S].

    Google's score, min(left, right) + 0.01 · window length, in whole hundredths.
    """
    lengths = lengths[:, tf.newaxis]
    score = 100 * tf.minimum(offset, lengths - 1 - offset) + lengths  # [W, S]
    windows = tf.broadcast_to(tf.range(tf.shape(flat)[0])[:, tf.newaxis], tf.shape(flat))
    keys = tf.boolean_mask(flat, within)  # one for each piece of each window
    scores, windows_of = tf.boolean_mask(score, within), tf.boolean_mask(windows, within)
    top = tf.gather(tf.math.unsorted_segment_max(scores, keys, number), keys)
    contenders = tf.where(scores == top, windows_of, windows_of.dtype.max)
    winner = tf.math.unsorted_segment_min(contenders, keys, number)
    best = tf.gather(winner, keys) == windows_of
    return tf.scatter_nd(tf.where(within), best, tf.shape(within, out_type=tf.int64))
