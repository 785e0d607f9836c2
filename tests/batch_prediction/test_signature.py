import json
import pathlib
import shutil

import pytest

from keras_bert.batch_prediction.line_records import BadLine, LineRecord
from keras_bert.batch_prediction.signature import SignatureModel, model_digest, read_signature


def records(*texts):
    return [LineRecord(n, {"text": text}, {}) for n, text in enumerate(texts, start=1)]


def test_signature_from_the_file_alone(letters_model):
    found = read_signature(letters_model, "asked")
    assert found.inputs == {"number": "int32", "question": "string"}
    assert found.outputs == ("sum",)
    assert read_signature(letters_model, "serving_default").outputs == ("batch", "echo", "letters")


def test_signature_refused(letters_model, tmp_path):
    with pytest.raises(
        ValueError, match=r"asked, choices, pairs, serving_default, total; received 'x'"
    ):
        read_signature(letters_model, "x")
    with pytest.raises(
        ValueError, match=r"one string or number a record; .*'choices' is string \["
    ):
        read_signature(letters_model, "choices")
    with pytest.raises(ValueError, match=r"expected a SavedModel's .*; received no such file"):
        read_signature(str(tmp_path), "serving_default")


def test_answers_are_in_order_from_batches_of_like_lengths(letters_model):
    model = SignatureModel(letters_model, "serving_default", 2)
    answers = model.answers(records("aaaa", "b", "ééééé", "", "cc"))
    assert [answer["letters"] for answer in answers] == [4, 1, 5, 0, 2]
    assert answers[2]["echo"] == "ééééé!"
    assert [answer["batch"] for answer in answers] == [2, 2, 2, 1, 2]
    assert model.answers([]) == []


def test_answers_tell_refused_records_apart(letters_model):
    model = SignatureModel(letters_model, "serving_default", 3)
    answers = model.answers(records("aa", "poison", "b"))
    assert [answers[0]["letters"], answers[2]["letters"]] == [2, 1]
    assert isinstance(answers[1], BadLine) and answers[1].line == 2
    assert answers[1].reason.startswith("refused by the model:") and "poison" in answers[1].content


def test_answers_need_a_row_for_each_record(letters_model):
    model = SignatureModel(letters_model, "total", 3)
    with pytest.raises(ValueError, match=r"a row for each of 2 records; received \{'sum': 1\}"):
        model.answers(records("aa", "b"))


def test_card_orders_the_inputs_and_names_classes(letters_model, tmp_path):
    folder = tmp_path / "1"
    shutil.copytree(letters_model, folder)
    before = model_digest(str(folder))
    (folder / "assets.extra").mkdir()
    card = {"inputs": ["question", "number"], "labels": ["x", "y"], "multi_label": True}
    (folder / "assets.extra/keras_bert.json").write_text(json.dumps(card))
    assert list(read_signature(str(folder), "asked").inputs) == ["question", "number"]
    assert model_digest(str(folder)) != before
    model = SignatureModel(str(folder), "serving_default", 3)
    named = model._named({"probabilities": [0.25, 0.75], "labels": ["y", ""]})
    assert named == {"probabilities": {"x": 0.25, "y": 0.75}, "labels": ["y"]}


def test_digest_tells_names_and_contents_apart(tmp_path):
    digests = []
    for name, content in (("a", "b"), ("ab", ""), ("a", "c")):
        folder = pathlib.Path(tmp_path / f"{name}-{content}")
        folder.mkdir()
        (folder / name).write_text(content)
        digests.append(model_digest(str(folder)))
    assert len(set(digests)) == 3
