import json
import pathlib

import pytest

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.cli.main import main
from keras_bert.presets import PRESETS

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache with one model in it."""
    monkeypatch.setenv("KERAS_BERT_CACHE", str(tmp_path))
    monkeypatch.setenv("KERAS_BERT_OFFLINE", "1")
    folder = tmp_path / "models" / "google-bert--bert-base-chinese@main"
    folder.mkdir(parents=True)
    return folder


def test_the_list(cache, capsys):
    assert main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(PRESETS) + 1
    assert lines[-1].startswith(f"{len(PRESETS)} models; * is on this machine")
    assert {line.split()[0] for line in lines if "bert-base-chinese" in line} == {"*"}
    tiny = next(line for line in lines if "uncased_L-2_H-128_A-2" in line)
    assert tiny.startswith("  uncased") and tiny.endswith("miniature (bert-tiny)")


def test_parts_of_names_and_json(cache, capsys):
    assert main(["presets", "BGE", "tiny", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 7
    assert {row["licence"] for row in rows} == {"MIT", "Apache-2.0"}
    assert rows[0]["source"] == "https://huggingface.co/BAAI/bge-small-en-v1.5"
    assert rows[0]["places"] == ["hf://BAAI/bge-small-en-v1.5"]
    assert rows[0]["folder"] is None
    assert main(["presets", "--here", "chinese", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["folder"] == str(cache)


def test_wrong_names(cache, capsys):
    assert main(["presets", "gpt"]) == 1
    assert "expected names of models; received gpt, like none" in capsys.readouterr().err
    assert main(["presets", "--fetch"]) == 1
    assert "expected the names of models to fetch" in capsys.readouterr().err
    assert main(["presets", "gpt", "--here"]) == 0
    assert capsys.readouterr().out.startswith("0 models")


def test_fetch_says_what_is_missing(cache, capsys):
    assert main(["presets", "bert-base-chinese", "--fetch"]) == 0
    assert capsys.readouterr().out.strip() == str(cache)
    assert main(["presets", "bert-base-cased", "--fetch", "--json"]) == 1
    printed = capsys.readouterr()
    assert not printed.out
    assert "expected 'bert-base-cased' in " in printed.err
    assert "since KERAS_BERT_OFFLINE leaves the network alone" in printed.err


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (
            "sentence_transformers",
            {
                "architecture": "BertModel",
                "sentence_transformers": True,
                "heads": ["embedding"],
                "labels": None,
            },
        ),
        (
            "huggingface_classifier",
            {
                "architecture": "BertForSequenceClassification",
                "sentence_transformers": False,
                "heads": ["classifier"],
                "labels": ["quiet", "loud", "louder", "deafening"],
            },
        ),
    ],
)
def test_export_to_hugging_face(tmp_path, capsys, folder, expected):
    source = write_checkpoint(read_checkpoint(GOLDEN / folder), tmp_path / "run", "keras")
    words = ["export", str(source), str(tmp_path / "out"), "--format", "huggingface"]
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result.pop("bytes") > 10_000
    assert result == {"path": str(tmp_path / "out"), **expected}
    arrays = read_checkpoint(tmp_path / "out").arrays
    original = read_checkpoint(GOLDEN / folder).arrays
    assert {n: a.tobytes() for n, a in arrays.items()} == {
        n: a.tobytes() for n, a in original.items()
    }
    assert main(words) == 1
    assert "expected no files yet in" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
