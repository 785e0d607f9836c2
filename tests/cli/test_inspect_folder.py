import json
import pathlib

import pytest

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.cli.main import main

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"


def test_the_table_is_readable(capsys):
    folder = GOLDEN / "google_tf1"
    assert main(["inspect", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{folder} (google)"
    words = [line.split() for line in lines]
    assert ["num_hidden_layers", "3"] in words
    assert ["heads", "mlm,", "nsp"] in words
    assert ["bert/encoder/layer_{i}/intermediate/dense/kernel", "[60,", "101]", "×", "3"] in words
    assert any(line.startswith("Parameters: 98,398 (") for line in lines)


@pytest.mark.parametrize("format", ["google", "huggingface", "keras"])
def test_json_says_the_same_of_every_format(tmp_path, capsys, format):
    checkpoint = read_checkpoint(GOLDEN / "google_tf1")
    folder = write_checkpoint(checkpoint, tmp_path / "out", format)
    assert main(["inspect", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["folder"], facts["format"]) == (str(folder), format)
    assert facts["parameters"]["total"] == 98398
    assert facts["config"] == checkpoint.config.to_dict()
    assert facts["heads"] == ["mlm", "nsp"]
    assert facts["vocabulary"] is None
    assert len(facts["arrays"]) == 62
    assert facts["arrays"][0] == {
        "name": "bert/embeddings/word_embeddings",
        "shape": [113, 60],
        "parameters": 6780,
    }


def test_a_damaged_file_is_an_error_without_a_trace(tmp_path, capsys):
    folder = write_checkpoint(read_checkpoint(GOLDEN / "google_tf1"), tmp_path / "out", "keras")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert main(["inspect", str(folder)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("keras-bert inspect: expected a whole safetensors file")
    assert not printed.out


def test_an_unknown_name_is_an_error(capsys):
    assert main(["inspect", "no-such-model"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("keras-bert inspect: expected a folder, hf://OWNER/NAME, or a name")
