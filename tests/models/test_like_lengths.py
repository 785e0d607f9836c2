"""Rows of unlike lengths are computed in groups, and nobody can tell by the outputs."""

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.models import like_lengths
from keras_bert.models.like_lengths import in_like_lengths

LENGTHS = [3, 41, 2, 7, 5, 2, 17, 3, 4]


@pytest.fixture
def counted(monkeypatch):
    """`forward`, and variables that count its calls and its positions."""
    monkeypatch.setattr(like_lengths, "_POSITIONS", 20)
    calls, positions = tf.Variable(0), tf.Variable(0)

    @tf.function(autograph=False)
    def forward(features):
        ids, mask = features["input_word_ids"], features["input_mask"]
        calls.assign_add(1)
        positions.assign_add(tf.size(ids))
        found = {
            "tokens": tf.stack([ids * mask, mask], axis=-1),  # [B, S, 2]
            "logits": tf.stack(
                [tf.reduce_sum(ids * mask, 1), tf.reduce_max(mask, 1)], axis=-1
            ),  # [B, 2]
            "number": tf.cast(tf.reduce_sum(mask, 1), tf.float32),  # [B]
        }
        if "masked_lm_positions" in features:
            picked = tf.gather(ids, features["masked_lm_positions"], axis=1, batch_dims=1)
            return {"words": picked[..., None]}  # [B, P, 1]
        return found

    return forward, calls, positions


def features_of(lengths, width=None):
    width = width or max(lengths, default=0)
    mask = tf.sequence_mask(lengths, width, tf.int32)
    ids = tf.reshape(tf.range(len(lengths) * width), [len(lengths), width]) + 1
    return {"input_word_ids": ids, "input_mask": mask, "input_type_ids": 0 * mask}


def in_graph(forward, features):
    return tf.function(in_like_lengths(forward), autograph=False)(features)


def assert_equal(actual, expected):
    assert actual.keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(actual[name], tensor, err_msg=name)


def test_outputs_are_those_of_all_rows_at_once(counted):
    forward, calls, positions = counted
    features = features_of(LENGTHS)
    expected = forward(features)
    calls.assign(0), positions.assign(0)
    assert_equal(in_graph(forward, features), expected)
    # 41; 17; 7 and 5; 4, 3, 3, 2 and 2: rows as long as the first of their group.
    assert calls.numpy() == 4
    assert positions.numpy() == 41 + 17 + 2 * 7 + 5 * 4


def test_rows_with_little_padding_stay_together(counted):
    forward, calls, positions = counted
    features = features_of([9, 8, 10, 9, 7])
    expected = forward(features)
    calls.assign(0), positions.assign(0)
    assert_equal(in_graph(forward, features), expected)
    assert (calls.numpy(), positions.numpy()) == (1, 5 * 10)


def test_many_rows_with_little_padding_are_computed_in_larger_groups(counted, monkeypatch):
    monkeypatch.setattr(like_lengths, "_MOST_POSITIONS", 30)
    forward, calls, positions = counted
    features = features_of([9, 8, 10, 9, 7])
    expected = forward(features)
    calls.assign(0), positions.assign(0)
    assert_equal(in_graph(forward, features), expected)
    assert (calls.numpy(), positions.numpy()) == (2, 3 * 10 + 2 * 8)


def test_positions_that_are_padding_in_all_rows_are_left_out(counted):
    forward, calls, positions = counted
    features = features_of([3, 3], width=11)
    expected = forward(features)
    calls.assign(0), positions.assign(0)
    assert_equal(in_graph(forward, features), expected)
    assert (calls.numpy(), positions.numpy()) == (1, 2 * 3)


def test_one_row_and_none(counted):
    forward, calls, _ = counted
    for lengths, width in (([5], 5), ([], 0), ([], 6)):
        features = features_of(lengths, width)
        expected = forward(features)
        calls.assign(0)
        assert_equal(in_graph(forward, features), expected)
        assert calls.numpy() == 1


def test_predictions_keep_their_own_width(counted):
    forward, *_ = counted
    places = tf.constant([[0, 1, 0], [40, 7, 3], [1, 0, 0], [6, 2, 0], [0, 0, 0]])
    features = features_of([3, 41, 2, 7, 1]) | {"masked_lm_positions": places}
    assert_equal(in_graph(forward, features), forward(features))
