import itertools
import json
import pathlib

import pytest

from keras_bert.checkpoints.formats import detect_format, read_checkpoint, write_checkpoint
from keras_bert.cli.main import main

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
CLASSIFIER = GOLDEN / "huggingface_classifier"


def same(folder, other):
    one, two = read_checkpoint(folder), read_checkpoint(other)
    assert list(one.arrays) == list(two.arrays)
    assert all(one.arrays[name].tobytes() == two.arrays[name].tobytes() for name in one.arrays)
    assert (one.vocabulary, one.lowercase) == (two.vocabulary, two.lowercase)
    assert (one.labels, one.config) == (two.labels, two.config)
    return True


def test_all_the_way_round(tmp_path, capsys):
    """Hugging Face → ours → Google → Hugging Face, with head, labels and vocabulary."""
    steps = [CLASSIFIER, tmp_path / "keras", tmp_path / "google", tmp_path / "huggingface"]
    for source, target in itertools.pairwise(steps):
        assert main(["convert", str(source), str(target), "--to", target.name]) == 0
        assert detect_format(target) == target.name
        assert same(target, CLASSIFIER)
        printed = capsys.readouterr()
        assert printed.out.strip().endswith(
            "41 arrays; heads: classifier; labels: quiet, loud, louder, deafening; "
            "vocabulary: 53 word pieces"
        )
        note = "keras-bert convert: note: Google's own code computes the tanh approximation"
        assert (note in printed.err) == (target.name == "google")


def test_json(tmp_path, capsys):
    target = tmp_path / "out"
    words = ["convert", str(GOLDEN / "google_tf1"), str(target), "--to", "huggingface", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": str(target),
        "from": "google",
        "to": "huggingface",
        "arrays": 62,
        "heads": ["mlm", "nsp"],
        "labels": None,
        "vocabulary_size": None,
    }


def test_a_folder_that_holds_something_is_kept_unless_told(tmp_path, capsys):
    (tmp_path / "mine").touch()
    words = ["convert", str(CLASSIFIER), str(tmp_path), "--to", "keras"]
    assert main(words) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("keras-bert convert: expected no files yet in")
    assert not printed.out
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert main([*words, "--overwrite"]) == 0
    assert detect_format(tmp_path) == "keras"


def test_the_format_of_a_source_that_is_both_may_be_said(tmp_path, capsys):
    source = tmp_path / "both"
    source.mkdir()
    for name in ("google_tf1", "huggingface_classifier"):
        for path in (GOLDEN / name).iterdir():
            (source / path.name).write_bytes(path.read_bytes())
    words = ["convert", str(source), str(tmp_path / "out"), "--to", "keras"]
    assert main(words) == 1
    assert "received google and huggingface" in capsys.readouterr().err
    assert main([*words, "--from", "huggingface"]) == 0
    assert same(tmp_path / "out", CLASSIFIER)


def test_a_misfit_is_an_error_without_a_trace(tmp_path, capsys):
    source = write_checkpoint(read_checkpoint(CLASSIFIER), tmp_path / "source", "keras")
    values = json.loads((source / "preset.json").read_text())
    values["config"]["intermediate_size"] = 31
    (source / "preset.json").write_text(json.dumps(values))
    assert main(["convert", str(source), str(tmp_path / "out"), "--to", "google"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("keras-bert convert: expected the 41 arrays that the configuration")
    assert "6 misshapen: bert/encoder/layer_0/intermediate/dense/kernel (expected [21, 31]" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_wrong_usage(tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["convert", str(CLASSIFIER), str(tmp_path), "--to", "onnx"])
    assert stop.value.code == 2


def test_a_fine_tuned_task_converts_with_its_head(finetuned, tmp_path, capsys):
    folder, _ = finetuned
    assert main(["convert", str(folder), str(tmp_path / "out"), "--to", "huggingface"]) == 0
    checkpoint = read_checkpoint(tmp_path / "out")
    assert checkpoint.heads == ("classifier",)
    assert checkpoint.labels == read_checkpoint(folder).labels
    weights = read_checkpoint(folder).arrays["output_weights"]
    assert checkpoint.arrays["output_weights"].tobytes() == weights.tobytes()


def test_half_precision(tmp_path, capsys):
    target = tmp_path / "half"
    words = ["convert", str(CLASSIFIER), str(target), "--dtype", "float16", "--to"]
    assert main([*words, "google"]) == 1
    message = "keras-bert convert: expected weights of type float32 for google; received 'float16'"
    assert capsys.readouterr().err.startswith(message) and not target.exists()
    assert main([*words, "huggingface"]) == 0
    assert json.loads((target / "config.json").read_text("utf-8"))["dtype"] == "float16"
    whole = (CLASSIFIER / "model.safetensors").stat().st_size
    assert (target / "model.safetensors").stat().st_size < 0.7 * whole
    capsys.readouterr()
