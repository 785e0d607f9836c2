import itertools

import pytest
import tensorflow as tf

from keras_bert.text.packing import SpecialIds, pack, truncate

SPECIAL = SpecialIds(cls=101, sep=102, pad=0)


def google_truncation(first, second, room):
    """Drops the last token of the longer one, of the second when equal, until both fit."""
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    return first, second


def round_robin(first, second, room):
    taken = [0, 0]
    for segment in itertools.cycle((0, 1)):
        if sum(taken) == room or taken == [first, second]:
            return tuple(taken)
        taken[segment] += taken[segment] < (first, second)[segment]


@pytest.mark.parametrize("room", [1, 2, 5, 8])
def test_truncation_is_googles_and_round_robin(room):
    lengths = list(itertools.product(range(11), repeat=2))
    kept = truncate([tf.constant(column) for column in zip(*lengths, strict=True)], room)
    kept = list(zip(*(column.numpy().tolist() for column in kept), strict=True))
    assert kept == [google_truncation(*pair, room) for pair in lengths]
    assert kept == [round_robin(*pair, room) for pair in lengths]


def test_one_segment():
    packed = pack((tf.ragged.constant([[1, 2, 3, 4], [5], []]),), 5, SPECIAL)
    assert packed["input_word_ids"].numpy().tolist() == [
        [101, 1, 2, 3, 102],
        [101, 5, 102, 0, 0],
        [101, 102, 0, 0, 0],
    ]
    assert packed["input_mask"].numpy().tolist() == [[1] * 5, [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]]
    assert not packed["input_type_ids"].numpy().any()
    assert {tensor.dtype for tensor in packed.values()} == {tf.int32}


def test_two_segments():
    first = tf.ragged.constant([[1, 2, 3, 4, 5], [1], []], dtype=tf.int32)
    second = tf.ragged.constant([[7, 8, 9], [], [7]], dtype=tf.int32)
    packed = pack((first, second), 8, SPECIAL)
    assert packed["input_word_ids"].numpy().tolist() == [
        [101, 1, 2, 3, 102, 7, 8, 102],
        [101, 1, 102, 102, 0, 0, 0, 0],
        [101, 102, 7, 102, 0, 0, 0, 0],
    ]
    assert packed["input_type_ids"].numpy().tolist() == [
        [0, 0, 0, 0, 0, 1, 1, 1],
        [0, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 1, 1, 0, 0, 0, 0],
    ]
    assert packed["input_mask"].numpy().sum(axis=1).tolist() == [8, 4, 4]


def test_longest_pads_to_the_longest_row():
    tokens = tf.ragged.constant([[1, 2, 3], [5]], dtype=tf.int32)
    assert pack((tokens,), 99, SPECIAL, "longest")["input_word_ids"].shape == (2, 5)
    assert pack((tokens,), 4, SPECIAL, "longest")["input_word_ids"].shape == (2, 4)


@pytest.mark.parametrize("padding", ["fixed", "longest"])
def test_an_empty_batch_is_as_wide_as_an_empty_text(padding):
    empty = tf.RaggedTensor.from_row_splits(tf.constant([], tf.int32), tf.constant([0], tf.int64))
    for segments in ((empty,), (empty, empty)):
        for tensor in pack(segments, 6, SPECIAL, padding).values():
            width = 6 if padding == "fixed" else 1 + len(segments)
            assert tensor.shape == (0, width)
