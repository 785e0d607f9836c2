"""The modules as files: held by `hub.KerasLayer`, exported again, loaded from C; and our export."""

import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from keras_bert.checkpoints.formats import read_checkpoint
from keras_bert.cli.main import main
from keras_bert.export.serving_operations import graph_operations
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.classifier import BertClassifier
from keras_bert.models.hub_modules import export_hub_modules
from keras_bert.text.preprocessor import BertPreprocessor

SCRIPT = pathlib.Path(__file__).with_name("keras_layer.py")
only_ours = pytest.mark.parametrize("pair", ["ours"], indirect=True)


def copied(pair, folder):
    """Copies of both modules, which a test may delete."""
    encoder = shutil.copytree(pair.encoder_path, folder / "encoder" / "1")
    return encoder, shutil.copytree(pair.preprocess_path, folder / "preprocess" / "1")


def test_keras_layer(pair, config, tmp_path, quiet):
    """Trains alone, for pairs and on two devices; and is saved with its model."""
    words = [sys.executable, SCRIPT, *copied(pair, tmp_path), tmp_path]
    done = subprocess.run(list(map(str, words)), env=quiet, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["weights_when_frozen"] == 0
    count = 5 + 16 * config.num_hidden_layers + 2
    for way in ("fit", "pairs", "mirrored"):
        assert found[way]["weights"] == count
        # Biases of keys have no gradient, but for roundings.
        assert found[way]["moved"] >= count - config.num_hidden_layers
        assert np.isfinite(found[way]["losses"]).all()
    losses = found["fit"]["losses"]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    np.testing.assert_allclose(found["answers_of_saved"], found["answers"], rtol=0, atol=1e-5)


def test_exported_again_without_its_source(pair, config, tmp_path):
    encoder_path, preprocess_path = copied(pair, tmp_path)
    encoder, preprocess = hub.load(str(encoder_path)), hub.load(str(preprocess_path))
    texts = tf.constant(["Ada lives in Café!", "狗unable"])
    expected = encoder(preprocess(texts))["pooled_output"]
    encoder.trainable_variables[-1].assign_add(tf.ones([config.hidden_size]))
    tf.saved_model.save(encoder, str(tmp_path / "encoder_again"))
    tf.saved_model.save(preprocess, str(tmp_path / "preprocess_again"))
    changed = encoder(preprocess(texts))["pooled_output"]
    del encoder, preprocess
    shutil.rmtree(encoder_path)
    shutil.rmtree(preprocess_path)

    encoder = hub.load(str(tmp_path / "encoder_again"))
    preprocess = hub.load(str(tmp_path / "preprocess_again"))
    found = encoder(preprocess(texts))["pooled_output"]
    np.testing.assert_allclose(found, changed, rtol=0, atol=1e-6)
    assert np.abs(found - expected).max() > 0.01
    assert pathlib.Path(encoder.vocab_file.asset_path.numpy().decode()).is_file()
    tokens = preprocess.tokenize(texts)
    packed = preprocess.bert_pack_inputs([tokens, tokens], seq_length=13)
    assert packed["input_word_ids"].shape == (2, 13)
    assert encoder.mlm(packed | {"masked_lm_positions": tf.zeros([2, 1], tf.int32)}, training=True)


def test_no_path_of_the_source_is_inside(pair, preset, request):
    folders = [preset.parent, pair.encoder_path.parents[1], pathlib.Path.home()]
    if "ours" in request.node.callspec.id:  # the Model Garden's tells its temporary folder
        folders.append(pathlib.Path(tempfile.gettempdir()))
    for path in (pair.encoder_path, pair.preprocess_path):
        for file in path.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            assert not [one for one in folders if f"{one}/".encode() in content], file


def test_read_back_to_the_bit(pair, preset):
    source, found = read_checkpoint(preset), read_checkpoint(pair.encoder_path)
    assert found.config.to_dict() == source.config.to_dict()
    assert (found.vocabulary, found.lowercase) == (source.vocabulary, True)
    assert found.arrays.keys() == source.arrays.keys()
    for name, array in source.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, name)


@only_ours
def test_files_and_operations(pair, config, serving_operations):
    files = {str(f.relative_to(pair.encoder_path)) for f in pair.encoder_path.rglob("*.*")}
    assert {"saved_model.pb", "assets/vocab.txt", "assets.extra/keras_bert.json"} <= files
    card = json.loads((pair.encoder_path / "assets.extra" / "keras_bert.json").read_text())
    assert card == {"config": config.to_dict(), "lowercase": True, "sequence_length": 29}
    assert graph_operations(pair.encoder_path) <= serving_operations
    assert graph_operations(pair.preprocess_path) <= serving_operations


@only_ours
def test_in_the_c_loader(pair, c_loader, tmp_path):
    """A loader without Python restores both, and asks the one that takes strings."""
    texts = ["Ada lives in Café!", "", "狗unable ADAS?"]
    program = c_loader.build(tmp_path)
    asked = {pair.encoder_path: {}, pair.preprocess_path: {"sentences": texts}}
    answers = c_loader.answers(program, asked)[1]["serving_default"]
    for name, expected in pair.preprocess(tf.constant(texts)).items():
        np.testing.assert_array_equal(answers[name], expected)


@only_ours
def test_offsets_in_bytes_of_the_text(pair):
    text = "Ada's CAFÉ 🙂"
    _, starts, limits = pair.preprocess.tokenize_with_offsets(tf.constant([text]))
    words = zip(starts.to_list()[0], limits.to_list()[0], strict=True)
    cut = [text.encode()[start[0] : limit[-1]].decode() for start, limit in words]
    assert cut == ["Ada", "'", "s", "CAFÉ", "🙂"]


@only_ours
def test_no_room_for_the_special_tokens(pair):
    tokens = tf.ragged.constant([[5, 6]], tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="seq_length of at least 3 for 2"):
        pair.preprocess.bert_pack_inputs([tokens, tokens], seq_length=2)


def test_a_fine_tuned_task(preset, config, tmp_path, capsys):
    """Its encoder alone, by the command line and by the task itself; versions count up."""
    small = dataclasses.replace(config, num_hidden_layers=1)
    backbone = BertBackbone(small, gradient_checkpointing=True)
    preprocessor = BertPreprocessor.from_preset(preset, 17, truncation="longest_first")
    task = BertClassifier(backbone, preprocessor, ["no", "yes"])
    backbone.pooler.dense.bias.assign(np.full(config.hidden_size, 0.5))
    run, out = task.save_to_preset(tmp_path / "my run"), tmp_path / "out"
    arguments = ["export", str(run), str(out), "--format", "hub"]
    assert main(arguments) == 1  # a space in the default name
    assert "expected a name of letters, digits" in capsys.readouterr().err
    assert main([*arguments, "--name", "intents", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["encoder"] == str(out / "intents_encoder" / "1")
    assert written["preprocess"] == str(out / "intents_preprocess" / "1")
    assert written["bytes"] > 4 * backbone.count_params()
    encoder, preprocess = hub.load(written["encoder"]), hub.load(written["preprocess"])
    features = preprocess(tf.constant(["ada met bell"]))
    assert features["input_mask"].shape == (1, 17)
    expected = backbone(features)["pooled_output"]
    found = encoder(features, training=False)["pooled_output"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert not hasattr(encoder, "mlm")

    again = export_hub_modules(task, out, name="intents", sequence_length=13)
    assert [path.name for path in again] == ["2", "2"]
    assert hub.load(str(again.preprocess))(tf.constant(["ada"]))["input_mask"].shape == (1, 13)
    with pytest.raises(FileExistsError, match="expected no files yet"):
        export_hub_modules(task, out, name="intents", version=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "a/b"}, "expected a name of letters, digits"),
        ({"name": ".."}, "expected a name of letters, digits"),
        ({"name": ""}, "expected a name of letters, digits"),
        ({"name": "a", "version": 0}, "expected a version of at least 1; received 0"),
        ({"name": "a", "sequence_length": 37}, "within the backbone's max_position_embeddings=31"),
    ],
)
def test_refused_and_nothing_written(preset, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        export_hub_modules(preset, tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_refused_sources(backbone, tmp_path, capsys):
    with pytest.raises(ValueError, match=r"expected a preset's name, .* received BertBackbone"):
        export_hub_modules(backbone, tmp_path, name="a")
    words = ["export", "anything", str(tmp_path / "out"), "--format", "hub", "--jit-compile"]
    assert main(words) == 1
    refusal = "expected --jit-compile with --format savedmodel alone; received --format hub"
    assert refusal in capsys.readouterr().err


def test_a_full_disk_leaves_nothing(preset, tmp_path, monkeypatch):
    """Neither of the two modules, though the first was written in whole."""

    class Written:
        def __init__(self, *_):
            pass

        def save(self, folder):
            (folder / "saved_model.pb").write_bytes(b"whole")

    class Unwritable(Written):
        def save(self, folder):
            (folder / "saved_model.pb").write_bytes(b"ha")
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_bert.models.hub_modules.EncoderModule", Written)
    monkeypatch.setattr("keras_bert.models.hub_modules.PreprocessModule", Unwritable)
    with pytest.raises(OSError, match="No space left"):
        export_hub_modules(preset, tmp_path / "out", name="a")
    assert not list(tmp_path.rglob("*"))
