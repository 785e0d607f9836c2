"""Texts in packed rows, and batches of these."""

import collections

import numpy as np
import pytest

from keras_bert.data.features import PackedFeatures, TokenLabels
from keras_bert.data.packed_batches import PackedBatches, PackedMaskedLMBatches
from keras_bert.data.packed_rows import PackedRows
from keras_bert.data.packing import pack_lengths

TEXTS, LENGTH, BATCH = 53, 23, 3


def make_texts(count=TEXTS, seed=1):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 17, count)
    splits = np.concatenate([[0], np.cumsum(lengths)])
    ids = random.integers(5, 97, splits[-1])
    return PackedFeatures(ids, splits, ids % 2, pad_id=3)


@pytest.mark.parametrize("options", [{}, {"longest_first": True}, {"most_texts": 2}])
def test_every_text_is_in_one_row_that_has_room(options):
    lengths = make_texts().lengths
    rows = pack_lengths(lengths, LENGTH, **options)
    assert sorted(text for row in rows for text in row) == list(range(TEXTS))
    assert max(lengths[row].sum() for row in rows) <= LENGTH
    assert max(map(len, rows)) <= options.get("most_texts", TEXTS)
    assert rows == pack_lengths(lengths.tolist(), LENGTH, **options)


def test_texts_go_where_they_fit_best():
    # 6 and 5 open rows with room for 4 and 5; 4 fits the first exactly, 5 then the second.
    assert pack_lengths([6, 5, 4, 5, 1], 10) == [[0, 2], [1, 3], [4]]
    assert pack_lengths([3, 8, 2, 7], 10, longest_first=True) == [[1, 2], [3, 0]]
    assert pack_lengths([], 10) == []


def test_rows_are_nearly_full_and_hold_about_as_many_texts():
    random = np.random.default_rng(3)
    lengths = np.clip(random.gamma(3, 8, 4001).astype(int), 3, 128)
    counts = {}
    for longest_first in (False, True):
        rows = pack_lengths(lengths, 128, longest_first=longest_first)
        assert lengths.sum() / (128 * len(rows)) > 0.98
        counts[longest_first] = np.std([len(row) for row in rows])
    assert counts[False] < 0.6 * counts[True]


def test_rows_hold_the_texts():
    texts = make_texts()
    rows = PackedRows(texts, LENGTH)
    batch = rows.padded(np.arange(len(rows)))
    shape = {name: values.shape for name, values in batch.items()}
    assert shape.pop("first_positions") == rows.text_numbers.shape
    assert set(shape.values()) == {(len(rows), LENGTH)}
    assert {values.dtype for values in batch.values()} == {np.dtype("int32")}
    seen = collections.Counter()
    for row, numbers in enumerate(rows.text_numbers):
        for slot, text in enumerate(numbers[numbers >= 0]):
            place = np.flatnonzero(batch["input_sequence_ids"][row] == slot + 1)
            expected = texts.padded([text])
            for name in ("input_word_ids", "input_mask", "input_type_ids"):
                assert (batch[name][row, place] == expected[name][0]).all()
            assert batch["first_positions"][row, slot] == place[0]
            seen[text] += 1
    assert seen == collections.Counter(range(TEXTS))
    padding = batch["input_sequence_ids"] == 0
    assert (batch["input_word_ids"][padding] == 3).all() and not batch["input_mask"][padding].any()


def test_the_seed_fixes_the_rows():
    texts = make_texts()
    first, again, other = (PackedRows(texts, LENGTH, seed=seed) for seed in (0, 0, 1))
    assert (first.text_numbers == again.text_numbers).all()
    assert first.features.digest() != other.features.digest()
    assert PackedRows(texts, LENGTH, seed=None).text_numbers[0, 0] == 0


def test_batches_have_one_shape_and_every_label_once():
    texts = make_texts()
    rows = PackedRows(texts, LENGTH)
    data = PackedBatches(
        rows, np.arange(TEXTS), 1.0 + np.arange(TEXTS), batch_size=BATCH, shuffle=True, seed=5
    )
    assert len(rows) % BATCH, "a last batch that is filled up is what this test is about"
    epochs = []
    for data.epoch in (0, 1):
        batches = [data[index] for index in range(len(data))]
        assert {y.shape for _, y, _ in batches} == {(BATCH, rows.text_numbers.shape[1])}
        assert {x["input_word_ids"].shape for x, *_ in batches} == {(BATCH, LENGTH)}
        labels = np.concatenate([y[weight > 0] for _, y, weight in batches])
        weights = np.concatenate([weight[weight > 0] for *_, weight in batches])
        assert sorted(labels) == list(range(TEXTS))
        assert (weights == 1 + labels).all()
        epochs.append(labels.tolist())
    assert epochs[0] != epochs[1]
    assert not batches[-1][0]["input_mask"][len(rows) % BATCH - BATCH :].any()
    assert len(PackedBatches(rows)[0]) == 1


def test_labels_of_word_pieces_stay_beside_them():
    texts = make_texts()
    labels = TokenLabels(2 * texts.word_ids, texts.word_ids / 2)
    data = PackedBatches(PackedRows(texts, LENGTH), labels, batch_size=BATCH)
    for index in range(len(data)):
        x, y, weights = data[index]
        there = x["input_mask"] == 1
        assert (y[there] == 2 * x["input_word_ids"][there]).all() and (y[~there] == -1).all()
        scale = weights.sum() / x["input_word_ids"][there].sum()  # one for a batch
        expected = np.where(there, x["input_word_ids"] * scale, 0)
        np.testing.assert_allclose(weights, expected, rtol=1e-5)
        assert "first_positions" not in x and y.shape == (BATCH, LENGTH)


def test_fingerprints_tell_labels_weights_and_places_apart():
    texts, labels = make_texts(), np.arange(TEXTS)
    rows = PackedRows(texts, LENGTH)
    runs = [
        PackedBatches(rows, labels),
        PackedBatches(rows, labels + 1),
        PackedBatches(rows, labels, labels),
        PackedBatches(PackedRows(texts, LENGTH, seed=1), labels),
    ]
    assert len({str(run.fingerprint()) for run in runs}) == 4
    assert PackedBatches(rows, labels).fingerprint() == runs[0].fingerprint()


class Masker:
    """Gives back what it is given, with the key."""

    def __call__(self, features, key):
        return {**features, "key": np.asarray(key)}

    def settings(self):
        return {}


def test_masked_batches_are_packed_rows_before_masks_are_drawn():
    rows = PackedRows(make_texts(), LENGTH)
    data = PackedMaskedLMBatches(rows, Masker(), lambda x: (x,), batch_size=BATCH, seed=7)
    x = data[2][0]
    assert x["key"].tolist() == [7, 2]
    assert x["input_sequence_ids"].shape == (BATCH, LENGTH) and "first_positions" not in x
    assert not data[len(data) - 1][0]["input_mask"][len(rows) % BATCH - BATCH :].any()
    other = PackedMaskedLMBatches(PackedRows(make_texts(), LENGTH, seed=1), Masker(), tuple)
    assert other.fingerprint()["packed"] != data.fingerprint()["packed"]


def test_refusals():
    with pytest.raises(ValueError, match="received row_length=0, most_texts=None"):
        pack_lengths([1], 0)
    with pytest.raises(ValueError, match="at least 1; received row_length=5, most_texts=0"):
        pack_lengths([1], 5, 0)
    with pytest.raises(ValueError, match=r"of 1 to 5 word pieces.*one of 6, text 1"):
        pack_lengths([5, 6], 5)
    with pytest.raises(ValueError, match="one of 0, text 2"):
        pack_lengths([5, 5, 0], 5)
    rows = PackedRows(make_texts(), LENGTH)
    with pytest.raises(ValueError, match="expected labels for each of 53 texts; received 52"):
        PackedBatches(rows, np.zeros(52))
    with pytest.raises(ValueError, match="expected sample_weight for each of 53 texts; received 1"):
        PackedBatches(rows, np.zeros(53), [1.0])
    labels = TokenLabels(make_texts().word_ids)
    with pytest.raises(ValueError, match="no sample_weight beside labels of word pieces"):
        PackedBatches(rows, labels, np.ones(53))
    with pytest.raises(ValueError, match="at least one row of features; received none"):
        PackedBatches(PackedRows(make_texts().take([]), LENGTH))
