"""`batch-predict` of an exported task says what `predict` of the task says."""

import json

import pytest

from keras_bert.cli.main import main


def test_batch_predict_equals_predict(finetuned, reviews_file, tmp_path, capsys):
    pytest.importorskip("apache_beam")
    model, out = tmp_path / "model/1", tmp_path / "out"
    assert main(["export", str(finetuned[0]), str(model)]) == 0
    capsys.readouterr()
    assert main(["predict", str(finetuned[0]), str(reviews_file)]) == 0
    expected = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    sizes = ["--block-lines", "7", "--batch-size", "5"]
    assert main(["batch-predict", str(model), str(reviews_file), "--out", str(out), *sizes]) == 0
    parts = sorted(out.glob("answers-*"))
    found = [json.loads(line) for part in parts for line in part.read_text("utf-8").splitlines()]
    assert len(parts) == 4 and len(expected) == 24
    assert [row.pop("line") for row in found] == list(range(2, 26))
    for row, other in zip(found, expected, strict=True):
        assert row.keys() == other.keys() and row["label"] == other["label"]
        assert row["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)
        assert row["score"] == pytest.approx(other["score"], abs=1e-6)
