"""A module of the Model Garden's exporter in Keras 3 models."""

import pathlib
import shutil
import tarfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.layers import HubLayer

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "tf_models"
NAMES = ("input_word_ids", "input_mask", "input_type_ids")
LABELS = np.arange(7) % 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The exporter's encoder module, unpacked."""
    folder = tmp_path_factory.mktemp("module")
    with tarfile.open(GOLDEN / "encoder.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def recorded():
    return dict(np.load(GOLDEN / "outputs.npz"))


@pytest.fixture(scope="module")
def features(recorded):
    return {name: recorded[name] for name in NAMES}


def classifier(layer):
    ids = {name: keras.Input((None,), dtype="int32", name=name) for name in NAMES}
    model = keras.Model(ids, keras.layers.Dense(2)(layer(ids)["pooled_output"]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=True)
    return model


@pytest.fixture(scope="module")
def trained(folder, features):
    """A classifier on the module after two steps under XLA, and the weights before them."""
    layer = HubLayer(folder, name="encoder")
    before = [weight.numpy().copy() for weight in layer.weights]
    model = classifier(layer)
    model.fit(features, LABELS, batch_size=7, epochs=2, verbose=0)
    return model, before


@pytest.fixture(scope="module")
def answers(trained, features):
    return trained[0](features).numpy()


def test_it_answers_as_the_module(folder, recorded, features):
    layer = HubLayer(folder)
    outputs = layer(features)
    for name in ("pooled_output", "sequence_output"):
        assert np.abs(outputs[name] - recorded[name]).max() < 1e-5
    assert len(outputs["encoder_outputs"]) == 3
    assert len(layer.trainable_weights) == 5 + 16 * 3 + 2
    assert layer.non_trainable_weights == []
    assert layer.weights[5].path.endswith("transformer.layer_0.self_attention.query.kernel")


def test_dropout_acts_while_training_alone(folder, features):
    layer = HubLayer(folder)
    pooled = [layer(features, training=training)["pooled_output"] for training in (True, True)]
    assert np.abs(pooled[0] - pooled[1]).max() > 1e-3
    still = [layer(features, training=training)["pooled_output"] for training in (False, None)]
    np.testing.assert_array_equal(*still)


def test_fit_trains_every_variable_of_the_module_under_xla(trained):
    model, before = trained
    layer = model.get_layer("encoder")
    moved = [np.abs(w.numpy() - b).max() > 0 for w, b in zip(layer.weights, before, strict=True)]
    assert all(moved)
    # The module's own variables, not copies of them.
    for weight, variable in zip(layer.weights, layer.module.trainable_variables, strict=True):
        np.testing.assert_array_equal(weight.numpy(), variable.numpy())


def test_a_model_is_saved_and_loaded(trained, features, answers, tmp_path):
    trained[0].save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(features), answers, rtol=0, atol=1e-6)
    assert int(again.optimizer.iterations) == 2


def test_a_model_is_exported_and_runs_without_the_module(trained, features, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    model = classifier(HubLayer(copy))
    model.set_weights(trained[0].get_weights())
    model.export(tmp_path / "exported", verbose=False)
    shutil.rmtree(copy)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    outputs = served.serve({name: tf.constant(value) for name, value in features.items()})
    np.testing.assert_allclose(outputs, trained[0](features), rtol=0, atol=1e-5)


def test_a_frozen_layer_stays(folder, features):
    layer = HubLayer(folder, trainable=False)
    assert layer.trainable_weights == []
    assert len(layer.weights) == 55
    model = classifier(layer)
    assert len(model.trainable_weights) == 2
    layer.trainable = True
    assert len(model.trainable_weights) == 57


def test_a_part_of_a_module(folder, recorded, features):
    layer = HubLayer(folder, attribute="mlm")
    assert len(layer.trainable_weights) == 60
    logits = layer({**features, "masked_lm_positions": recorded["masked_lm_positions"]})
    assert np.abs(logits["mlm_logits"] - recorded["mlm_logits"]).max() < 1e-4
    config = layer.get_config()
    assert (config["handle"], config["attribute"]) == (str(folder), "mlm")
    with pytest.raises(ValueError, match=r"expected a module with 'nsp' in .*"):
        HubLayer(folder, attribute="nsp")


def test_a_module_without_training_and_with_a_penalty(tmp_path):
    module = tf.train.Checkpoint()
    weight = tf.Variable(3.0, name="scale")
    constant = tf.Variable(1.0, trainable=False, name="offset")
    call = tf.function(lambda x: x * weight + constant, autograph=False)
    call.get_concrete_function(tf.TensorSpec([None]))
    penalty = tf.function(lambda: 0.5 * weight, autograph=False)
    penalty.get_concrete_function()
    module.__call__ = call
    module.trainable_variables, module.variables = [weight], [weight, constant]
    module.regularization_losses = [penalty]
    tf.saved_model.save(module, str(tmp_path))
    layer = HubLayer(str(tmp_path))
    np.testing.assert_allclose(layer(tf.constant([1.0, 2.0]), training=True), [4.0, 7.0])
    assert [float(loss) for loss in layer.losses] == [1.5]
    assert [len(layer.trainable_weights), len(layer.non_trainable_weights)] == [1, 1]


def test_no_module_there_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=rf"expected a folder with a SavedModel.*'{tmp_path}'"):
        HubLayer(tmp_path)
    tf.saved_model.save(tf.train.Checkpoint(), str(tmp_path))
    with pytest.raises(ValueError, match=r"TensorFlow 2 that can be called in .*only: \[\]"):
        HubLayer(tmp_path)


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match=r"expected the TensorFlow backend .* received 'jax'"):
        HubLayer("nowhere")
