import numpy as np
import pytest

from keras_bert.data.features import IGNORED, PackedFeatures, TokenLabels


def by_hand(lengths, firsts, width, pad_id=0):
    """The dict of three, row by row, as a preprocessor would give it."""
    ids = np.full((len(lengths), width), pad_id, np.int32)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for row, (length, first) in enumerate(zip(lengths, firsts, strict=True)):
        ids[row, :length] = 100 * (row + 1) + np.arange(length)
        mask[row, :length] = 1
        types[row, first:length] = 1
    return {"input_word_ids": ids, "input_mask": mask, "input_type_ids": types}


LENGTHS, FIRSTS = [5, 2, 7, 0, 3], [3, 2, 4, 0, 3]


def test_padded_gives_back_what_was_packed():
    padded = by_hand(LENGTHS, FIRSTS, 11)
    packed = PackedFeatures.from_padded(padded)
    assert len(packed) == 5
    assert packed.word_ids.dtype == np.int32
    assert packed.row_splits.dtype == np.int64
    np.testing.assert_array_equal(packed.lengths, LENGTHS)
    assert packed.type_ids.dtype == np.int8
    again = packed.padded(range(5), 11)
    assert list(again) == ["input_word_ids", "input_mask", "input_type_ids"]
    for name, array in padded.items():
        assert again[name].dtype == np.int32
        np.testing.assert_array_equal(again[name], array)


def test_padded_some_rows_to_their_longest():
    packed = PackedFeatures.from_padded(by_hand(LENGTHS, FIRSTS, 11, pad_id=9), pad_id=9)
    batch = packed.padded([4, 0, 4])
    np.testing.assert_array_equal(
        batch["input_word_ids"],
        [[500, 501, 502, 9, 9], [100, 101, 102, 103, 104], [500, 501, 502, 9, 9]],
    )
    np.testing.assert_array_equal(batch["input_mask"].sum(axis=1), [3, 5, 3])
    np.testing.assert_array_equal(batch["input_type_ids"][1], [0, 0, 0, 1, 1])
    assert packed.padded([], 4)["input_mask"].shape == (0, 4)


def test_concatenate_and_take():
    whole = by_hand(LENGTHS, FIRSTS, 11)
    chunks = [
        PackedFeatures.from_padded({name: array[rows] for name, array in whole.items()})
        for rows in (slice(0, 2), slice(2, 2), slice(2, 5))
    ]
    joined = PackedFeatures.concatenate(chunks)
    assert joined.digest() == PackedFeatures.from_padded(whole).digest()
    rows = [4, 2, 2, 0]
    taken = joined.take(rows)
    for name, array in joined.padded(rows, 11).items():
        np.testing.assert_array_equal(taken.padded(range(4), 11)[name], array)


def test_digest_sees_every_part():
    features = PackedFeatures.from_padded(by_hand(LENGTHS, FIRSTS, 11))
    others = [
        PackedFeatures.from_padded(by_hand([5, 2, 7, 1, 3], FIRSTS, 11)),
        PackedFeatures.from_padded(by_hand(LENGTHS, [2, 2, 4, 0, 3], 11)),
        PackedFeatures(features.word_ids + 1, features.row_splits, features.type_ids),
        PackedFeatures(features.word_ids, features.row_splits, features.type_ids, pad_id=1),
    ]
    assert len({features.digest(), *(other.digest() for other in others)}) == 5


def test_bad_features():
    padded = by_hand(LENGTHS, FIRSTS, 11)
    gap = {**padded, "input_mask": padded["input_mask"].copy()}
    gap["input_mask"][0, 1] = 0
    with pytest.raises(ValueError, match="expected input_mask of ones and then zeros"):
        PackedFeatures.from_padded(gap)
    packed = PackedFeatures.from_padded(padded)
    with pytest.raises(ValueError, match="rows of at most 6 word pieces; received 7"):
        packed.padded([2], 6)
    with pytest.raises(ValueError, match=r"one pad_id; received pad ids \[0, 3\]"):
        PackedFeatures.concatenate([packed, PackedFeatures.from_padded(padded, pad_id=3)])
    with pytest.raises(ValueError, match=r"one pad_id; received pad ids \[\]"):
        PackedFeatures.concatenate([])


@pytest.mark.parametrize(
    ("splits", "types"),
    [([0, 2], [0, 0, 0]), ([1, 3], [0, 0, 0]), ([0, 3, 1, 3], [0, 0, 0]), ([0, 3], [0]), ([], [])],
)
def test_arrays_that_do_not_fit(splits, types):
    with pytest.raises(ValueError, match=r"expected row_splits \[N \+ 1\] that rise"):
        PackedFeatures(np.arange(3), splits, types)


def test_types_in_any_order_and_none():
    marked = by_hand([3, 5], [3, 5], 7)
    marked["input_type_ids"][1, 2:4] = 1
    packed = PackedFeatures.from_padded(marked)
    np.testing.assert_array_equal(
        packed.padded([1, 0], 6)["input_type_ids"], marked["input_type_ids"][::-1, :6]
    )
    plain = PackedFeatures(packed.word_ids, packed.row_splits)
    assert not plain.padded([0, 1])["input_type_ids"].any()


def test_a_label_for_each_word_piece():
    features = by_hand(LENGTHS, FIRSTS, 11)
    labels = np.where(features["input_mask"], features["input_word_ids"] % 13, IGNORED)
    packed = PackedFeatures.from_padded(features)
    tokens = TokenLabels.from_padded(labels, features["input_mask"])
    np.testing.assert_array_equal(packed.padded_labels(tokens, range(5), 11), labels)
    batch = packed.padded_labels(tokens, [4, 2, 3])
    assert batch.dtype == np.int32
    np.testing.assert_array_equal(batch, labels[[4, 2, 3], :7])
    joined = TokenLabels.concatenate(
        [TokenLabels([1, 2], [3, 4]), TokenLabels([]), TokenLabels([5])]
    )
    assert joined.values.tolist() == [1, 2, 5] and joined.weights.tolist() == [3, 4, 1]
