"""Heads of others' checkpoints, against what transformers computed from one."""

import json
import pathlib

import numpy as np
import pytest

from keras_bert.checkpoints import read_checkpoint, write_checkpoint
from keras_bert.models.preset_io import checkpoint_of
from keras_bert.models.question_answerer import BertQuestionAnswerer

FOLDER = pathlib.Path(__file__).parents[1] / "golden" / "huggingface_question_answering"
GOLDEN = json.loads((FOLDER / "answers.json").read_text("utf-8"))
SIZES = {
    "sequence_length": 19,
    "max_query_length": 4,
    "n_best_size": 19,
    "max_answer_length": GOLDEN["max_answer_length"],
}
COLUMNS = tuple([row[name] for row in GOLDEN["rows"]] for name in ("question", "context"))

# The recorded model has no pooler, which this task does not use.
pytestmark = pytest.mark.filterwarnings("ignore:.*has no pooler")


@pytest.fixture(scope="module")
def answerer():
    return BertQuestionAnswerer.from_preset(FOLDER, **SIZES)


def assert_recorded_logits(task):
    windows = task.windows(*COLUMNS)
    logits = np.asarray(task(windows.features, training=False))
    for number, row in enumerate(GOLDEN["rows"]):
        length = len(row["ids"])
        assert windows.features["input_word_ids"][number, :length].numpy().tolist() == row["ids"]
        np.testing.assert_allclose(logits[number, :length], row["logits"], atol=1e-5)
        assert (logits[number, length:] < -1e8).all()


def test_logits_are_those_of_transformers(answerer):
    assert_recorded_logits(answerer)


def test_answers_are_the_best_of_all_spans(answerer):
    expected = [row["answer"] for row in GOLDEN["rows"]]
    assert answerer.predict(COLUMNS)["answer"].tolist() == expected


@pytest.mark.filterwarnings("ignore:Google's own code computes")
@pytest.mark.parametrize("form", ["google", "huggingface", "keras"])
def test_head_goes_through_every_format(answerer, tmp_path, form):
    checkpoint = checkpoint_of(answerer, preprocessor=answerer.preprocessor)
    assert "squad" in checkpoint.heads
    folder = write_checkpoint(checkpoint, tmp_path / form, form)
    assert_recorded_logits(BertQuestionAnswerer.from_preset(folder, **SIZES))


def test_folder_without_such_a_head_gives_a_new_one(tmp_path, answerer):
    checkpoint = read_checkpoint(FOLDER)
    for name in ("cls/squad/output_weights", "cls/squad/output_bias"):
        del checkpoint.arrays[name]
    folder = write_checkpoint(checkpoint, tmp_path / "encoder", "huggingface")
    task = BertQuestionAnswerer.from_preset(folder, **SIZES)
    assert not np.asarray(task.head.bias).any()
    np.testing.assert_array_equal(
        np.asarray(task.backbone.embeddings.layer_norm.gamma),
        np.asarray(answerer.backbone.embeddings.layer_norm.gamma),
    )
