"""Labels for texts: the classifier that engines share, and ours that reads it."""

import json
import sys

import numpy as np
import on_keras_bert
import pytest
import write_classifier
import write_own_files
from alternation import largest_difference
from answer_loop import sample
from safetensors import safe_open


@pytest.fixture
def settings(tmp_path, monkeypatch):
    sizes = {"hidden_size": 6, "num_attention_heads": 2, "intermediate_size": 5}
    made_of = {"preset": None, "vocabulary": 41, "config": sizes | {"num_hidden_layers": 1}}
    write_own_files.write_weights(made_of, tmp_path)
    (tmp_path / "texts.json").write_text(json.dumps(["aaaa aaab", "", "aaac"]), "utf-8")
    given = {"folder": str(tmp_path), "length": 11}
    monkeypatch.setattr(sys, "argv", ["write_classifier.py", json.dumps(given)])
    write_classifier.main()
    return given | {"batch": 2, "dtype": "float32", "count": 3}


def test_the_classifier_is_read_with_its_head(settings, tmp_path):
    probabilities = on_keras_bert.classify(settings)()
    assert probabilities.shape == (3, write_classifier.LABELS)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    reference = json.loads((tmp_path / "reference.json").read_text("utf-8"))
    assert largest_difference(sample(probabilities), reference) < 1e-6
    with safe_open(tmp_path / "classifier" / "model.safetensors", "numpy") as file:
        assert "classifier.weight" in file.keys()  # noqa: SIM118 (no mapping)
