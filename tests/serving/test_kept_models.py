"""The models of savedmodels/: kept as they were, still loadable, and built again alike."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401  # its operations are part of the graph

from keras_bert.export.serving_operations import graph_operations
from keras_bert.export.warmup import replay_warmup
from keras_bert.models import load_task

BASE = pathlib.Path(__file__).resolve().parents[2] / "savedmodels"
EVERY = sorted(path.parent.name for path in BASE.glob("*/manifest.json"))
# Large ones are built where they are wanted, from published weights.
BUILT = [name for name in EVERY if not (BASE / name / "source").is_dir()]
ENTRIES = [name for name in EVERY if name not in BUILT]


@pytest.fixture(scope="module")
def rebuild():
    spec = importlib.util.spec_from_file_location("rebuild", BASE / "rebuild.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=ENTRIES)
def entry(request):
    return BASE / request.param


@pytest.fixture(scope="module")
def manifest(entry):
    return json.loads((entry / "manifest.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def version(entry, manifest):
    return entry / str(manifest["version"])


def test_there_are_entries_of_both_kinds():
    assert ENTRIES and BUILT


@pytest.mark.parametrize("name", BUILT)
def test_a_large_entry_is_built_from_published_weights(rebuild, name, tmp_path, capsys):
    pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    try:
        rebuild.source_of(BASE / name)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    assert (BASE / name / "README.md").is_file()
    assert rebuild.main([name, "--out", str(tmp_path / name)]) == 0
    assert f"{name} answers as recorded" in capsys.readouterr().out
    manifest = json.loads((BASE / name / "manifest.json").read_text("utf-8"))
    signatures = tf.saved_model.load(tmp_path / name / "1").signatures
    assert {n: rebuild.shapes(s) for n, s in signatures.items()} == manifest["signatures"]


def test_other_weights_are_refused(rebuild, tmp_path):
    (tmp_path / "vocab.txt").write_text("other", encoding="utf-8")
    source = {"preset": str(tmp_path), "sha256": {"vocab.txt": "recorded"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"source": source}), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"expected .*'recorded'.*; received .*'vocab.txt'"):
        rebuild.source_of(tmp_path)


def test_the_recipe_of_the_pretrained_model_runs(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("train", BASE / "gutenberg_mini" / "train.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    rows = (BASE.parent / "examples" / "intents" / "train.tsv").read_text("utf-8").splitlines()
    chapters = ["\n".join(rows[start : start + 30]) for start in range(1, 541, 30)]
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n\n".join(chapters[:17]), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"expected 18 chapters or more in .*; received 17"):
        recipe.main([str(corpus), str(tmp_path / "out"), "--smoke"])
    corpus.write_text("\n\n".join(chapters), encoding="utf-8")
    assert recipe.main([str(corpus), str(tmp_path / "out"), "--smoke"]) == 0
    task = load_task(tmp_path / "out" / "source")
    assert task.backbone.config.max_position_embeddings == 64
    assert task.backbone.config.hidden_dropout_prob == 0.1
    (row,) = task.answer(["can i [MASK] this book"])
    assert len(row["masks"][0]) == 5
    with pytest.raises(SystemExit, match="1"):  # the command itself says what is wrong
        recipe.run("convert", tmp_path / "nothing", tmp_path / "x", "--to", "keras")
    capsys.readouterr()


def test_files_are_those_that_were_recorded(rebuild, entry, manifest, version):
    assert rebuild.files(version) == manifest["sha256"]
    assert rebuild.files(entry / "source") == manifest["source"]["sha256"]
    size = sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())
    assert size < 2_000_000


def test_every_file_of_the_layout_is_there(entry, version):
    for name in ("README.md", "golden.json", "warmup.jsonl", "train.py"):
        assert (entry / name).is_file()
    card = json.loads((version / "assets.extra" / "keras_bert.json").read_text("utf-8"))
    assert card["inputs"] == ["text"]


def test_a_kept_version_still_loads_and_answers(rebuild, entry, manifest, version):
    """What an earlier version of this package exported."""
    found = rebuild.compare(entry, version)
    assert len(found) >= 6 and max(found.values()) <= manifest["tolerance"]


def test_signatures_are_those_of_the_manifest(rebuild, manifest, version):
    signatures = tf.saved_model.load(version).signatures
    found = {name: rebuild.shapes(signature) for name, signature in signatures.items()}
    assert found == manifest["signatures"]


def test_warm_up_requests_are_answered(entry, version):
    records = (entry / "warmup.jsonl").read_text("utf-8").splitlines()
    pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    assert replay_warmup(version, tf.saved_model.load(version)) == 2 * len(records)


def test_its_operations_are_servable(version, serving_operations):
    assert not graph_operations(version) - serving_operations


def test_rebuild_answers_as_recorded(rebuild, entry, capsys):
    pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    assert rebuild.main([entry.name]) == 0
    assert f"{entry.name} answers as recorded" in capsys.readouterr().out


def test_the_source_is_the_task_itself(entry):
    golden = json.loads((entry / "golden.json").read_text("utf-8"))
    texts = golden["inputs"]["serving_default"]["text"]
    found = load_task(entry / "source").predict(texts, verbose=0)
    golden = golden["answers"]["serving_default"]
    assert found["label"].tolist() == golden["label"]
    np.testing.assert_allclose(found["probabilities"], golden["probabilities"], rtol=0, atol=1e-5)


def test_differences_are_seen(rebuild):
    golden = {"serving_default": {"label": ["a", "b"], "score": [[0.5], [0.25]], "number": [1, 2]}}
    found = {"serving_default": {"label": ["a", "c"], "score": [[0.5], [0.5]], "number": [1, 2]}}
    assert rebuild.differences(found, golden) == {
        "serving_default/label": float("inf"),
        "serving_default/score": 0.25,
        "serving_default/number": 0,
    }
    found["serving_default"]["score"] = [0.5, 0.25]
    assert rebuild.differences(found, golden)["serving_default/score"] == float("inf")
    with pytest.raises(SystemExit, match=r"expected outputs \['label', .*; received \['label'\]"):
        rebuild.differences({"serving_default": {"label": ["a"]}}, golden)


def test_saved_model_cli_runs_it(entry, version, tmp_path):
    """TensorFlow's own command line, which restores and runs as TensorFlow 1 did."""
    source = "import tensorflow_text; from tensorflow.python.tools import saved_model_cli as cli"
    command = [sys.executable, "-c", f"{source}; cli.main()", "run", "--dir", str(version)]
    command += ["--tag_set", "serve", "--signature_def", "serving_default"]
    golden = json.loads((entry / "golden.json").read_text("utf-8"))
    texts = golden["inputs"]["serving_default"]["text"][:4]
    command += ["--input_exprs", f"text={texts!r}", "--outdir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    golden = golden["answers"]["serving_default"]
    labels = np.load(tmp_path / "label.npy", allow_pickle=True)
    assert [label.decode() for label in labels] == golden["label"][:4]
    np.testing.assert_allclose(np.load(tmp_path / "score.npy"), golden["score"][:4], atol=1e-5)
