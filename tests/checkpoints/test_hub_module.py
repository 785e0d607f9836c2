"""Encoder modules of TF Hub, against one that the Model Garden's exporter wrote."""

import pathlib
import shutil
import tarfile

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.checkpoints.formats import detect_format, read_checkpoint, write_checkpoint
from keras_bert.checkpoints.hub_names import hub_names
from keras_bert.text.preset_settings import read_preset_settings

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "tf_models"


@pytest.fixture(scope="module")
def source():
    return read_checkpoint(GOLDEN / "source")


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """The exporter's module, unpacked."""
    folder = tmp_path_factory.mktemp("module")
    with tarfile.open(GOLDEN / "encoder.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def copy(module, tmp_path):
    """A copy to damage."""
    return shutil.copytree(module, tmp_path / "module")


def test_weights_configuration_and_vocabulary_come_back(module, source):
    assert detect_format(module) == "hub"
    checkpoint = read_checkpoint(module)
    assert checkpoint.config == source.config
    assert checkpoint.heads == ("mlm",)
    assert len(checkpoint.arrays) == 60
    for name, array in checkpoint.arrays.items():
        np.testing.assert_array_equal(array, source.arrays[name], err_msg=name)
    assert checkpoint.vocabulary == source.vocabulary
    assert checkpoint.lowercase is True


def test_the_backbone_answers_as_the_module_did(module):
    from keras_bert.models import BertBackbone

    recorded = np.load(GOLDEN / "outputs.npz")
    backbone = BertBackbone.from_preset(module)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    outputs = backbone({name: recorded[name] for name in names})
    for name in ("sequence_output", "pooled_output"):
        assert np.abs(outputs[name] - recorded[name]).max() < 1e-5, name
    layers = np.stack([np.asarray(layer) for layer in outputs["encoder_outputs"]])
    assert np.abs(layers - recorded["encoder_outputs"]).max() < 1e-5


def test_a_task_takes_head_and_vocabulary_from_the_module(module):
    from keras_bert.models import BertMaskedLM
    from keras_bert.text import BertPreprocessor

    recorded = np.load(GOLDEN / "outputs.npz")
    task = BertMaskedLM.from_preset(module, sequence_length=13)
    features = {name: recorded[name] for name in recorded if name.startswith("input_")}
    hidden = task.backbone(features)["sequence_output"]
    logits = task.head(hidden, recorded["masked_lm_positions"])
    assert np.abs(logits - recorded["mlm_logits"]).max() < 1e-4
    preprocessor = BertPreprocessor.from_preset(module, sequence_length=7)
    ids = preprocessor(["C 東 x"])["input_word_ids"]
    assert ids.numpy().tolist() == [[2, 7, 22, 1, 3, 0, 0]]


def test_a_module_loaded_and_saved_by_others_is_read_by_its_names(module, source, tmp_path):
    """Variables in lists, as `tf.train.Checkpoint` keeps them: no attributes of tf-models."""
    loaded = tf.saved_model.load(str(module))
    again = tf.train.Checkpoint()
    again.__call__ = loaded.__call__
    again.variables = list(loaded.trainable_variables)
    tf.saved_model.save(again, str(tmp_path / "again"))
    checkpoint = read_checkpoint(tmp_path / "again")
    assert checkpoint.config == source.config
    assert checkpoint.heads == ()
    for name, array in checkpoint.arrays.items():
        np.testing.assert_array_equal(array, source.arrays[name], err_msg=name)
    assert (checkpoint.vocabulary, checkpoint.lowercase) == (None, None)
    with pytest.raises(ValueError, match=r"expected an encoder module with its vocab_file in "):
        read_preset_settings(tmp_path / "again")


def test_a_module_becomes_the_other_formats(module, tmp_path, assert_same_arrays):
    checkpoint = read_checkpoint(module)
    for format in ("google", "huggingface", "tf-models", "keras"):
        write_checkpoint(checkpoint, tmp_path / format, format)
        assert_same_arrays(read_checkpoint(tmp_path / format), checkpoint)


def test_a_module_is_not_written_here(module, tmp_path):
    with pytest.raises(ValueError, match=r"expected a format of google, .*; received 'hub'"):
        write_checkpoint(read_checkpoint(module), tmp_path / "out", "hub")


def test_a_missing_vocabulary_is_named(copy):
    (copy / "assets" / "vocab.txt").unlink()
    with pytest.raises(ValueError, match=r"expected the module's vocabulary .*assets/vocab.txt"):
        read_checkpoint(copy)


def test_a_lost_or_cut_off_bundle_is_named(copy):
    data = copy / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-999])
    with pytest.raises(ValueError, match=r"expected a whole checkpoint .*variables/variables with"):
        read_checkpoint(copy)
    shutil.rmtree(copy / "variables")
    with pytest.raises(ValueError, match=r"expected a whole checkpoint .*variables/variables with"):
        read_checkpoint(copy)


def test_another_saved_model_is_refused(tmp_path):
    root = tf.train.Checkpoint(weight=tf.Variable([1.0, 2.0]))
    tf.saved_model.save(root, str(tmp_path))
    with pytest.raises(ValueError, match=r"expected one encoder of tf-models .* none, .*'weight'"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("lost", "received"),
    [("position_embedding/embeddings", "no such variable"), (None, r"\[22, 22\]")],
)
def test_sizes_that_no_shape_tells_are_refused(tmp_path, source, lost, received):
    """Attention whose kernels are not by head leaves the number of heads open."""
    variables = [
        tf.Variable(source.arrays[google], name=hub)
        for google, hub in hub_names(source.config).items()
        if hub != lost
    ]
    tf.saved_model.save(tf.train.Checkpoint(variables=variables), str(tmp_path))
    with pytest.raises(ValueError, match=rf"which tell .*; received {received}"):
        read_checkpoint(tmp_path)
