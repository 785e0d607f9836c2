"""`keras-bert finetune … --packing`."""

import json

import pytest

from keras_bert.cli.main import main


@pytest.fixture
def command(pretrained, reviews_file, tmp_path):
    def words(kind, *more, train=reviews_file):
        start = ["finetune", kind, "--preset", pretrained, "--train", train, "--out"]
        return [*map(str, start), str(tmp_path / "out"), "--sequence-length", "17", *more]

    return words


def test_a_classifier_learns_on_packed_rows(command, reviews_file, capsys):
    options = "--packing 29 --epochs 8 --batch-size 8 --learning-rate 5e-3 --json --valid"
    assert main(command("classify", *options.split(), str(reviews_file))) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["examples"] == 24 and scores["accuracy"] == 1.0


def test_what_cannot_be_packed_is_refused(command, tmp_path, capsys):
    assert main(command("classify", "--packing", "--pooling", "mean")) == 1
    assert "expected pooling='first' with packing" in capsys.readouterr().err
    choices = tmp_path / "choices.jsonl"
    row = {"context": "the film", "choices": ["good", "bad"], "label": 0}
    choices.write_text(json.dumps(row) + "\n")
    assert main(command("choice", "--packing", train=choices)) == 1
    message = "received packing of a BertMultipleChoice"
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
