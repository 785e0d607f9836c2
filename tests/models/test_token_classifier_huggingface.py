"""A token classifier of transformers, with its head: the same logits, the same entities."""

import json
import pathlib

import numpy as np
import pytest

from keras_bert.checkpoints import read_checkpoint, write_checkpoint
from keras_bert.models import BertClassifier, BertTokenClassifier

FOLDER = pathlib.Path(__file__).parents[1] / "golden" / "huggingface_token_classifier"
ROWS = json.loads((FOLDER / "answers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tagger():
    return BertTokenClassifier.from_preset(FOLDER)  # without a warning of its missing pooler


def test_head_and_tags(tagger):
    assert tagger.labels == ["O", "B-PER", "I-PER", "B-R-LOC", "I-R-LOC"]
    assert tagger.decoding == "argmax"


def test_logits(tagger):
    for row in ROWS:
        features = tagger.preprocessor([row["text"]])
        length = len(row["ids"])
        assert features["input_word_ids"][0, :length].numpy().tolist() == row["ids"]
        np.testing.assert_allclose(tagger(features)[0, :length], row["logits"], atol=1e-5)


def test_entities_of_the_pipeline(tagger):
    found = tagger.answer([row["text"] for row in ROWS])
    for mine, theirs in zip(found, ROWS, strict=True):
        assert [(e["type"], e["start"], e["end"]) for e in mine["entities"]] == [
            (e["entity_group"], e["start"], e["end"]) for e in theirs["entities"]
        ]
        np.testing.assert_allclose(
            [e["score"] for e in mine["entities"]],
            [e["score"] for e in theirs["entities"]],
            atol=1e-5,
        )


def test_other_labels_make_a_new_head(tagger):
    other = BertTokenClassifier.from_preset(FOLDER, labels=["A", "B"])
    assert other.decoding == "argmax" and len(other.labels) == 5
    assert not np.allclose(other.head.kernel, tagger.head.kernel)


def test_the_way_back_to_transformers(tagger, tmp_path):
    tagger.save_to_preset(tmp_path / "preset")
    checkpoint = read_checkpoint(tmp_path / "preset")
    write_checkpoint(checkpoint, tmp_path / "theirs", "huggingface")
    config = json.loads((tmp_path / "theirs" / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["BertForTokenClassification"]
    assert config["id2label"]["3"] == "B-R-LOC"
    again = BertTokenClassifier.from_preset(tmp_path / "theirs")
    np.testing.assert_array_equal(again.head.kernel, tagger.head.kernel)


def test_it_is_no_classifier_of_whole_texts():
    with pytest.raises(ValueError, match="the checkpoint has no classifier of its own"):
        BertClassifier.from_preset(FOLDER)
