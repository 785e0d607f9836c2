import dataclasses
import re

import pytest

from keras_bert.checkpoints.agreement import agreeing_rows, require_agreement


def shapes_of(checkpoint):
    return {name: array.shape for name, array in checkpoint.arrays.items()}


def test_everything_wrong_is_in_one_message():
    with pytest.raises(ValueError) as caught:
        require_agreement(
            {"a": (2, 3), "b": (5,), "c": (None, 7)},
            {"b": (6,), "c": (1, 2, 7), "d": (), "e": (1,)},
            "some/folder",
        )
    assert str(caught.value) == (
        "expected the 3 arrays that the configuration describes; received some/folder with "
        "1 missing: a; 2 unknown: d, e; 2 misshapen: b (expected [5]; received [6]), "
        "c (expected [any, 7]; received [1, 2, 7])"
    )


def test_agreement_raises_nothing():
    require_agreement({"a": (None, 3)}, {"a": (2, 3)}, "arrays")


def test_encoder_alone_agrees(make_checkpoint):
    checkpoint = make_checkpoint(pooler=False)
    rows = agreeing_rows(checkpoint.config, shapes_of(checkpoint), "x")
    assert [row.google for row in rows] == list(checkpoint.arrays)


def test_half_a_head_is_missing_the_rest(make_checkpoint):
    checkpoint = make_checkpoint("mlm", "squad")
    del checkpoint.arrays["cls/predictions/output_bias"]
    del checkpoint.arrays["cls/squad/output_weights"]
    missing = "2 missing: cls/predictions/output_bias, cls/squad/output_weights"
    with pytest.raises(ValueError, match=missing):
        agreeing_rows(checkpoint.config, shapes_of(checkpoint), "x")


def test_more_layers_than_the_configuration_are_unknown(make_checkpoint):
    checkpoint = make_checkpoint()
    config = dataclasses.replace(checkpoint.config, num_hidden_layers=2)
    with pytest.raises(ValueError, match=r"16 unknown: bert/encoder/layer_2/"):
        agreeing_rows(config, shapes_of(checkpoint), "x")


def test_fewer_layers_than_the_configuration_are_missing(make_checkpoint):
    checkpoint = make_checkpoint()
    config = dataclasses.replace(checkpoint.config, num_hidden_layers=4)
    with pytest.raises(ValueError, match=r"16 missing: bert/encoder/layer_3/"):
        agreeing_rows(config, shapes_of(checkpoint), "x")


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("vocab_size", 32, "bert/embeddings/word_embeddings (expected [32, 14]; received [31, 14]"),
        ("type_vocab_size", 2, "bert/embeddings/token_type_embeddings (expected [2, 14]"),
        ("max_position_embeddings", 512, "position_embeddings (expected [512, 14]"),
        ("intermediate_size", 19, "layer_2/output/dense/kernel (expected [19, 14]"),
    ],
)
def test_a_configuration_of_other_sizes_is_misshapen(make_checkpoint, field, value, name):
    checkpoint = make_checkpoint()
    config = dataclasses.replace(checkpoint.config, **{field: value})
    with pytest.raises(ValueError, match=re.escape(name)):
        agreeing_rows(config, shapes_of(checkpoint), "x")


def test_a_classifier_must_have_as_many_outputs_as_labels(make_checkpoint):
    checkpoint = make_checkpoint("classifier")
    agreeing_rows(checkpoint.config, shapes_of(checkpoint), "x", num_labels=13)
    with pytest.raises(ValueError, match=r"output_weights \(expected \[3, 14\]; received \[13, 14"):
        agreeing_rows(checkpoint.config, shapes_of(checkpoint), "x", num_labels=3)


def test_a_classifier_must_agree_with_its_own_bias(make_checkpoint):
    checkpoint = make_checkpoint("classifier")
    checkpoint.arrays["output_bias"] = checkpoint.arrays["output_bias"][:5]
    with pytest.raises(ValueError, match=r"output_weights \(expected \[5, 14\]; received \[13, 14"):
        agreeing_rows(checkpoint.config, shapes_of(checkpoint), "x")
