import pathlib

import pytest

from keras_bert.checkpoints.config_facts import facts_of, facts_to_json, make_config

PATH = pathlib.Path("some/config.json")


def test_labels_stand_in_the_order_of_their_numbers():
    id2label = {str(number): f"name{number}" for number in (10, 2, 0, 1, *range(3, 10))}
    labels, _ = facts_of({"id2label": id2label}, PATH)
    assert labels == [f"name{number}" for number in range(11)]


@pytest.mark.parametrize("id2label", [None, {}, {"0": "LABEL_0", "1": "LABEL_1"}])
def test_labels_without_names_are_none(id2label):
    assert facts_of({"id2label": id2label}, PATH) == (None, {})


def test_labels_must_be_numbered_from_nought():
    with pytest.raises(
        ValueError, match=r"id2label in some/config.json to number its labels 0 to 1"
    ):
        facts_of({"id2label": {"0": "a", "2": "b"}}, PATH)


def test_facts_come_back(make_checkpoint):
    checkpoint = make_checkpoint(
        "classifier",
        labels=["a", "b"],
        metadata={"problem_type": "regression", "classifier_dropout": 0.3, "task": {"x": 1}},
    )
    labels, carried = facts_of(facts_to_json(checkpoint), PATH)
    assert labels == ["a", "b"]
    assert carried == {"problem_type": "regression", "classifier_dropout": 0.3}


@pytest.mark.parametrize(
    ("values", "received"),
    [
        ({}, "vocab_size"),
        ({"vocab_size": 7, "model_type": "roberta"}, "model_type='roberta'"),
        ({"vocab_size": 7, "position_embedding_type": "relative_key"}, "relative_key"),
        ({"vocab_size": 7, "is_decoder": True}, "is_decoder=True"),
        ({"vocab_size": 7, "rope_theta": 1}, "rope_theta"),
    ],
)
def test_what_the_configuration_refuses_is_named_with_its_file(values, received):
    expected = rf"expected a BERT configuration in some/config.json; received: .*{received}"
    with pytest.raises(ValueError, match=expected):
        make_config(values, PATH)
