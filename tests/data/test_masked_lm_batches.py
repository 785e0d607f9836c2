"""Batches that are masked when they are asked for."""

import numpy as np
import pytest

from keras_bert.data.features import PackedFeatures
from keras_bert.data.masked_lm_batches import MaskedLMBatches
from keras_bert.data.masking import TokenMasker
from keras_bert.data.pretraining_targets import split_targets
from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

VOCABULARY = Vocabulary([*SPECIAL_TOKENS, *(f"w{n}" for n in range(23))])
ROWS = 17


def batches(**options):
    random = np.random.default_rng(1)
    lengths = random.integers(5, 14, ROWS)
    splits = np.concatenate([[0], np.cumsum(lengths)])
    ids = random.integers(5, 28, splits[-1])
    features = PackedFeatures(ids, splits, 0 * ids)
    options = {"batch_size": 5, "shuffle": True, "seed": 3} | options
    masker = TokenMasker(VOCABULARY, 0.3, 4)
    next_sentence = options.get("labels") is not None
    return MaskedLMBatches(features, masker, lambda x: split_targets(x, next_sentence), **options)


def all_of(data):
    return [data[index] for index in range(len(data))]


def same(one, other):
    return one[0].keys() == other[0].keys() and all(
        one[0][name].shape == other[0][name].shape and (one[0][name] == other[0][name]).all()
        for name in one[0]
    )


def test_batches_hold_inputs_targets_and_weights():
    for x, ids, weights in all_of(batches()):
        assert sorted(x) == [
            "input_mask",
            "input_type_ids",
            "input_word_ids",
            "masked_lm_positions",
        ]
        assert ids.shape == weights.shape == x["masked_lm_positions"].shape == (len(ids), 4)
        assert (weights.sum(1) >= 1).all()
        rows, columns = np.nonzero(weights)
        kept = x["input_word_ids"][rows, x["masked_lm_positions"][rows, columns]]
        assert ((kept == 4) | (kept >= 5)).all() and (ids[rows, columns] >= 5).all()


def test_every_epoch_draws_anew_and_the_same_again():
    first, again = batches(), batches()
    for epoch in (0, 1, 4):
        first.epoch = again.epoch = epoch
        assert all(map(same, all_of(first), all_of(again)))
    masks = []
    still = batches(shuffle=False)
    for still.epoch in (0, 1):
        masks.append(np.concatenate([x["masked_lm_positions"] for x, *_ in all_of(still)]))
    assert (masks[0] != masks[1]).any()
    # A batch does not depend on those before it: a resumed run asks for later ones alone.
    assert same(batches()[2], all_of(batches())[2])
    assert not same(batches()[0], batches(seed=4)[0])


def test_held_out_masks_stay():
    held_out = batches(shuffle=False, new_masks=False)
    before = all_of(held_out)
    held_out.epoch = 5
    assert all(map(same, before, all_of(held_out)))


def test_next_sentence_labels_are_a_second_target():
    data = batches(labels=np.arange(ROWS) % 2, shuffle=False)
    rows = data.order
    labels = np.concatenate([y["nsp_logits"] for _, y, _ in all_of(data)])
    np.testing.assert_array_equal(labels, rows % 2)
    _, y, weights = data[0]
    assert y["mlm_logits"].shape == weights["mlm_logits"].shape == (5, 4)
    np.testing.assert_array_equal(weights["nsp_logits"], np.ones(5))


def test_fingerprints_tell_masks_apart():
    one, other = batches(), batches()
    assert one.fingerprint() == other.fingerprint()
    other.masker = TokenMasker(VOCABULARY, 0.2, 4)
    assert one.fingerprint() != other.fingerprint()


def test_features_without_targets():
    message = (
        "expected features with masked_lm_positions, masked_lm_ids, masked_lm_weights, "
        "next_sentence_labels; received none of masked_lm_weights, next_sentence_labels"
    )
    ids = np.ones((2, 3), "int32")
    features = {"input_word_ids": ids, "masked_lm_positions": ids, "masked_lm_ids": ids}
    with pytest.raises(ValueError, match=message):
        split_targets(features, next_sentence=True)


def test_labels_of_one_column_and_unwanted_ones():
    ids = np.ones((2, 3), "int32")
    features = {
        "input_word_ids": ids,
        "masked_lm_positions": ids,
        "masked_lm_ids": ids,
        "masked_lm_weights": ids * 1.0,
        "next_sentence_labels": np.array([[0], [1]]),
    }
    x, y, _ = split_targets(features, next_sentence=True)
    assert y["nsp_logits"].tolist() == [0, 1]
    assert x.keys() == {"input_word_ids", "masked_lm_positions"}
    x, y, weights = split_targets(features, next_sentence=False)
    assert "next_sentence_labels" not in x and y is ids and weights.shape == (2, 3)
