"""One or two segments to the fixed tensors of BERT, in core TensorFlow ops.

    [CLS] first [SEP] (second [SEP]) [PAD] ...

Source: Devlin et al. 2019, arXiv:1810.04805, figure 2; truncation as
`_truncate_seq_pair` of google-research/bert.
Shapes: B texts; S sequence length.
"""

from typing import NamedTuple

import tensorflow as tf

TRUNCATIONS = ("round_robin", "longest_first")
PADDINGS = ("fixed", "longest")


class SpecialIds(NamedTuple):
    """Ids of `[CLS]`, `[SEP]` and `[PAD]`."""

    cls: int
    sep: int
    pad: int


def pack(
    segments: tuple[tf.RaggedTensor, ...],
    sequence_length: int | tf.Tensor,
    special: SpecialIds,
    padding: str = "fixed",
) -> dict[str, tf.Tensor]:
    """Packs one or two segments.

    Args:
        segments: one or two ragged int32 tensors [B, (pieces)].
        sequence_length: S, which longer inputs are cut to; a number, or an int32 scalar.
        special: ids of the special tokens.
        padding: `"fixed"` pads to `sequence_length`, `"longest"` to the longest of the
            batch after truncation.

    Returns:
        `input_word_ids`, `input_mask`, `input_type_ids`: int32 [B, S].
    """
    room = sequence_length - 1 - len(segments)
    lengths = truncate([tf.cast(s.row_lengths(), tf.int32) for s in segments], room)
    total = tf.add_n(lengths) + 1 + len(segments)  # [B]
    width = sequence_length
    if padding == "longest":
        # A batch without rows still has a first token to point at, as models do.
        width = tf.reduce_max(tf.concat([total, [1 + len(segments)]], axis=0))
    place = tf.range(width)[tf.newaxis, :]  # [1, S]
    ids = tf.where(place < total[:, tf.newaxis], special.sep, special.pad)  # [B, S]
    types = tf.zeros_like(ids)
    start = tf.ones_like(total)  # [B], after [CLS]
    for number, (segment, length) in enumerate(zip(segments, lengths, strict=True)):
        # One more, so that there is a piece to gather where no text has any.
        pieces = tf.concat([segment.values, [special.pad]], axis=0)
        within = place - start[:, tf.newaxis]  # [B, S]
        source = tf.cast(segment.row_starts(), tf.int32)[:, tf.newaxis] + within
        moved = tf.gather(pieces, tf.clip_by_value(source, 0, tf.size(pieces) - 1))
        ids = tf.where((within >= 0) & (within < length[:, tf.newaxis]), moved, ids)
        own = (within >= 0) & (within <= length[:, tf.newaxis])  # with its [SEP]
        types = tf.where(own, number, types)
        start += length + 1
    ids = tf.where(place == 0, special.cls, ids)
    mask = tf.cast(place < total[:, tf.newaxis], tf.int32)
    return {"input_word_ids": ids, "input_mask": mask, "input_type_ids": types}


def truncate(lengths: list[tf.Tensor], room: int | tf.Tensor) -> list[tf.Tensor]:
    """Returns how many tokens of each segment, int32 [B], fit into `room` together.

    Taking tokens in turns (round robin) until the room is full, and dropping the last
    token of the longer segment (of the second one when both are equal) until they fit
    (longest first), leave the same lengths with up to two segments: each may have half
    of the room, the first one the odd place, and what the other one leaves.
    """
    if len(lengths) == 1:
        return [tf.minimum(lengths[0], room)]
    first, second = lengths
    half = room // 2
    return [
        tf.minimum(first, tf.maximum(room - half, room - second)),
        tf.minimum(second, tf.maximum(half, room - first)),
    ]
