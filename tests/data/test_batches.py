"""Batches by themselves: contents, orders, padding, errors."""

import keras
import numpy as np
import pytest

from keras_bert.data.batches import EpochCounter, FeatureBatches
from keras_bert.data.features import PackedFeatures, TokenLabels


def features_of(lengths):
    """Rows whose every word piece is the row's number + 1."""
    lengths = np.asarray(lengths, np.int64)
    rows = np.repeat(np.arange(1, len(lengths) + 1), lengths)
    return PackedFeatures(rows, np.concatenate([[0], np.cumsum(lengths)]))


def varied(rows, longest=37, seed=0):
    lengths = np.random.default_rng(seed).integers(3, longest + 1, rows)
    lengths[0] = longest
    return lengths


def rows_of(batch):
    return batch[0]["input_word_ids"][:, 0] - 1


@pytest.mark.parametrize("options", [{"shuffle": True}, {}, {"keep_order": True}])
@pytest.mark.parametrize("rows", [1, 7, 64, 1001])
def test_every_row_is_served_once_with_its_label(rows, options):
    lengths = varied(rows)
    labels, weights = np.arange(rows) * 10, np.arange(rows) / 2
    batches = FeatureBatches(features_of(lengths), labels, weights, batch_size=7, **options)
    served = [batches[i] for i in range(len(batches))]
    order = np.concatenate([rows_of(batch) for batch in served])
    np.testing.assert_array_equal(np.sort(order), np.arange(rows))
    np.testing.assert_array_equal(order, batches.order)
    np.testing.assert_array_equal(np.concatenate([batch[1] for batch in served]), order * 10)
    np.testing.assert_array_equal(np.concatenate([batch[2] for batch in served]), order / 2)
    for batch in served:
        mask = batch[0]["input_mask"]
        np.testing.assert_array_equal(mask.sum(axis=1), lengths[rows_of(batch)])
        assert mask.shape[1] <= lengths.max()
    np.testing.assert_array_equal(batches.restore({"a": order})["a"], np.arange(rows))
    if options == {"keep_order": True}:
        np.testing.assert_array_equal(order, np.arange(rows))


def test_parts_that_are_not_given_are_not_served():
    features = features_of([3, 5])
    assert len(FeatureBatches(features)[0]) == 1
    assert len(FeatureBatches(features, [0, 1])[0]) == 2
    assert FeatureBatches(features, [[0, 1], [1, 0]])[0][1].shape == (2, 2)


def test_the_order_depends_on_seed_and_epoch_alone():
    features = features_of(varied(200))

    def order(epoch, seed=5):
        batches = FeatureBatches(features, batch_size=7, shuffle=True, seed=seed)
        for visited in (3, 0, epoch):  # whatever was served before
            batches.epoch = visited
            batches[1]
        return batches.order.tolist()

    assert order(2) == order(2)
    assert len({tuple(order(0)), tuple(order(1)), tuple(order(2)), tuple(order(2, seed=6))}) == 4


def test_the_order_is_the_same_as_ever():
    # A saved run resumes with a later version too.
    batches = FeatureBatches(features_of(varied(11)), batch_size=4, shuffle=True, seed=3)
    batches.epoch = 2
    assert batches.order.tolist() == [7, 6, 4, 2, 1, 10, 9, 0, 8, 3, 5]


def test_bucketing_saves_padding_and_still_mixes():
    lengths = varied(5000, longest=128)
    batches = FeatureBatches(features_of(lengths), batch_size=32, shuffle=True)
    shapes = [batches[i][0]["input_mask"].shape for i in range(len(batches))]
    padded = sum(rows * length for rows, length in shapes)
    assert lengths.sum() / padded > 0.92
    # Neither sorted nor always the same companions.
    firsts = [length for _, length in shapes]
    assert firsts != sorted(firsts)
    companions = {frozenset(rows_of(batches[i])) for i in range(len(batches))}
    batches.epoch = 1
    assert not companions & {frozenset(rows_of(batches[i])) for i in range(len(batches) - 1)}


def test_the_remainder_is_random_and_can_be_dropped():
    lengths = np.arange(3, 3 + 50)
    batches = FeatureBatches(features_of(lengths), batch_size=8, shuffle=True)
    dropping = FeatureBatches(features_of(lengths), batch_size=8, shuffle=True, drop_remainder=True)
    assert (len(batches), len(dropping)) == (7, 6)
    left_out = set()
    for epoch in range(10):
        dropping.epoch = epoch
        left_out |= set(range(50)) - set(dropping.order.tolist())
        assert len(dropping.order) == 48
    assert min(left_out) < 25 <= max(left_out)


def test_lengths_without_shuffling_fall():
    batches = FeatureBatches(features_of(varied(100)), batch_size=9)
    lengths = [batches[i][0]["input_mask"].shape[1] for i in range(len(batches))]
    assert lengths[0] == 37
    # The second place may be another's, to show TensorFlow that lengths vary.
    assert lengths[2:] == sorted(lengths[2:], reverse=True)


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({"fixed_length": 40}, {40}),
        ({"bucket_lengths": (40, 16)}, {16, 40}),
        ({}, set(range(3, 38))),
        ({"length_multiple": 8}, {8, 16, 24, 32, 37}),
        ({"length_multiple": 30}, {30, 37}),
    ],
)
@pytest.mark.parametrize("shuffle", [True, False])
def test_padded_lengths(options, allowed, shuffle):
    batches = FeatureBatches(features_of(varied(300)), batch_size=5, shuffle=shuffle, **options)
    seen = {batches[i][0]["input_mask"].shape[1] for i in range(len(batches))}
    assert seen <= allowed
    assert len(seen) > 1 or len(allowed) == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "lengths",
    [
        varied(40),
        varied(9),
        np.full(50, 20),
        np.r_[np.full(40, 20), 5, 6, 7],
        np.r_[np.full(20, 20), np.full(20, 5)],
        np.r_[20, np.full(30, 5)],
        np.full(12, 9) - np.eye(12, dtype=int)[3],
    ],
    ids=["varied", "few", "alike", "few short", "half short", "one long", "one short"],
)
@pytest.mark.parametrize(
    "options",
    [{"shuffle": True}, {"shuffle": True, "drop_remainder": True}, {"keep_order": True}, {}],
)
@pytest.mark.parametrize("batch_size", [4, 7, 9])
def test_the_first_two_batches_show_whether_lengths_vary(lengths, options, batch_size, seed):
    for flipped in (lengths, lengths[::-1]):
        batches = FeatureBatches(features_of(flipped), batch_size=batch_size, seed=seed, **options)
        shown, seen = set(), set()
        for epoch in range(5 if options.get("shuffle") else 1):
            batches.epoch = epoch
            widths = [batches[i][0]["input_mask"].shape[1] for i in range(len(batches))]
            shown.add(len(set(widths[:2])))
            seen.update(widths)
        assert shown == {2} or len(seen) == 1


def test_epochs_are_counted_by_what_was_served():
    batches = FeatureBatches(features_of(varied(10)), batch_size=4, shuffle=True)
    batches.on_epoch_end()  # Keras resets before the first epoch
    assert batches.epoch == 0
    batches.on_epoch_begin()  # and looks at one batch
    batches[0]
    batches.on_epoch_end()
    assert batches.epoch == 0
    batches.on_epoch_begin()
    for i in range(3):
        batches[i]
    batches.on_epoch_end()
    assert batches.epoch == 1
    EpochCounter(batches).on_epoch_begin(7)
    assert batches.epoch == 7


def test_requests_out_of_order_are_noticed():
    batches = FeatureBatches(features_of(varied(10)), batch_size=4)
    for indices, in_order in ([0, 1, 2], True), ([0, 2, 1], False), ([0, 1], True):
        batches.on_epoch_begin()
        for i in indices:
            batches[i]
        assert batches.in_order is in_order
        batches.on_epoch_end()


def test_fingerprints_differ_where_batches_do():
    lengths = varied(20)
    features = features_of(lengths)
    labels = np.arange(20)

    def fingerprint(features=features, labels=labels, **options):
        return FeatureBatches(features, labels, shuffle=True, **options).fingerprint()

    same = fingerprint()
    assert fingerprint(features=features_of(lengths)) == same
    others = [
        fingerprint(seed=1),
        fingerprint(batch_size=16),
        fingerprint(labels=labels[::-1]),
        fingerprint(fixed_length=40),
        fingerprint(features=features_of(lengths[::-1])),
    ]
    assert all(other != same for other in others)


def test_it_is_a_keras_dataset_with_workers():
    batches = FeatureBatches(features_of([3, 4]), workers=2, max_queue_size=3)
    assert isinstance(batches, keras.utils.PyDataset)
    assert (batches.workers, batches.max_queue_size) == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([features_of([])], {}, "at least one row of features; received none"),
        ([features_of([3])], {"batch_size": 0}, "of at least 1; received batch_size=0"),
        ([features_of([3])], {"length_multiple": 0}, "length_multiple=0"),
        ([features_of([3]), [1, 2]], {}, r"expected labels as numbers.*N=1.*shape \(2,\)"),
        ([features_of([3]), ["a"]], {}, "expected labels as numbers.*received dtype <U1"),
        ([features_of([3]), [1], [[[1]]]], {}, r"sample_weight as numbers.*shape \(1, 1, 1\)"),
        ([features_of([3]), None, [1]], {}, "expected labels with sample_weight"),
        (
            [features_of([3])],
            {"fixed_length": 8, "bucket_lengths": [8]},
            "expected fixed_length or bucket_lengths; received both",
        ),
        ([features_of([9])], {"fixed_length": 8}, "at most 8 word pieces; received one of 9"),
        ([features_of([9])], {"bucket_lengths": [4, 8]}, "at most 8 word pieces"),
        ([features_of([3])], {"shuffle": True, "keep_order": True}, "shuffle or keep_order"),
        ([features_of([3])], {"drop_remainder": True}, "drop_remainder with shuffle=True"),
        (
            [features_of([3])],
            {"drop_remainder": True, "shuffle": True},
            "at least batch_size=32 rows with drop_remainder; received 1",
        ),
    ],
)
def test_bad_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        FeatureBatches(*arguments, **options)


def test_a_batch_that_is_not_there():
    with pytest.raises(IndexError, match="expected a batch from 0 to 1; received 2"):
        FeatureBatches(features_of([3, 4, 5]), batch_size=2)[2]


def test_groups_of_rows_stay_together():
    lengths = np.array([3, 4, 9, 2, 5, 5, 1, 1, 7, 6])  # five records of two rows
    features = features_of(lengths)
    weights = np.arange(5) / 7
    for shuffle in (False, True):
        batches = FeatureBatches(
            features, np.arange(5), weights, batch_size=2, group_size=2, shuffle=shuffle
        )
        assert len(batches) == 3
        seen = []
        for index in range(len(batches)):
            inputs, labels, weight = batches[index]
            rows = (labels[:, None] * 2 + [0, 1]).reshape(-1)
            length = inputs["input_mask"].shape[1]
            for name, expected in features.padded(rows, length).items():
                np.testing.assert_array_equal(inputs[name], expected)
            np.testing.assert_array_equal(weight, weights[labels])
            seen += labels.tolist()
        assert sorted(seen) == list(range(5))
        served = np.concatenate([batches[i][0]["input_mask"].sum(axis=1) for i in range(3)])
        np.testing.assert_array_equal(batches.restore(served), lengths)


def test_labels_of_word_pieces():
    features = features_of([3, 4, 2])
    values = np.arange(9) % 5
    batches = FeatureBatches(features, TokenLabels(values), batch_size=2, keep_order=True)
    _, labels, weights = batches[0]
    np.testing.assert_array_equal(labels, [[0, 1, 2, -1], [3, 4, 0, 1]])
    of_all = (7 / 2) / (9 / 3)  # labels of a row here and on average
    np.testing.assert_allclose(weights, of_all * np.array([[1, 1, 1, 0], [1, 1, 1, 1]]), rtol=1e-6)
    other = FeatureBatches(features, TokenLabels(values + 1), batch_size=2, keep_order=True)
    assert batches.fingerprint() != other.fingerprint()


def test_weights_of_word_pieces():
    features = features_of([3, 4, 2])
    labels = TokenLabels(np.arange(9) % 5, np.arange(9) / 2)
    batches = FeatureBatches(features, labels, batch_size=2, keep_order=True)
    first, second = (7 / 2) / (18 / 3), 2 / (18 / 3)
    expected = first * np.array([[0, 0.5, 1, 0], [1.5, 2, 2.5, 3]])
    np.testing.assert_allclose(batches[0][2], expected, rtol=1e-6)
    assert batches[0][2].dtype == np.float32
    weighed = FeatureBatches(features, labels, np.array([2.0, 4, 6]), batch_size=2, keep_order=True)
    np.testing.assert_allclose(weighed[0][2], expected * [[2], [4]], rtol=1e-6)
    np.testing.assert_allclose(weighed[1][2][:, :2], second * np.array([[21, 24]]), rtol=1e-6)
    assert batches.fingerprint() != weighed.fingerprint()
    plain = FeatureBatches(features, TokenLabels(labels.values), batch_size=2, keep_order=True)
    assert batches.fingerprint() != plain.fingerprint()
    nothing = FeatureBatches(features, TokenLabels(np.full(9, -1)), batch_size=2)
    np.testing.assert_array_equal(nothing[0][1], -1)
    assert np.isfinite(nothing[0][2]).all()


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"keep_order": True}])
def test_a_label_counts_alike_in_batches_of_short_rows_and_of_long_ones(options):
    random = np.random.default_rng(3)
    features = features_of([2] * 4 + [11] * 5)
    values = np.where(random.random(63) < 0.7, np.arange(63) % 5, -1)
    loss, weights = random.random(63), random.random(63)
    labels = TokenLabels(values, weights)
    batches = FeatureBatches(features, labels, batch_size=4, **options)
    served = [batches[index] for index in range(len(batches))]
    total = 0
    for (_, there, weight), rows in zip(served, batches.rows_of_batches, strict=True):
        losses = np.zeros(there.shape)
        for place, row in enumerate(rows):
            start, limit = features.row_splits[row : row + 2]
            losses[place, : limit - start] = loss[start:limit]
        labelled = there >= 0
        total += len(rows) * (weight * losses)[labelled].sum() / labelled.sum()
    kept = values >= 0
    assert total / 9 == pytest.approx(np.average(loss[kept], weights=weights[kept]))


def test_groups_and_word_piece_labels_that_do_not_fit():
    with pytest.raises(ValueError, match="received group_size=2 and 3 rows"):
        FeatureBatches(features_of([3, 4, 2]), group_size=2)
    with pytest.raises(ValueError, match="a value for each word piece of the features, 9; rec"):
        FeatureBatches(features_of([3, 4, 2]), TokenLabels([1, 2]))
