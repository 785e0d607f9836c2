import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.export.serving_operations import graph_operations
from keras_bert.models import BertClassifier, BertRegressor

TEXTS = ["the film was very great !", "", "awful", "Très POOR bóok \x00 電影", "very " * 40]


@pytest.fixture(scope="module")
def exported(make_parts, tmp_path_factory):
    task = BertClassifier(*make_parts(), ["neg", "pos", "né"])
    return task, task.export(tmp_path_factory.mktemp("export") / "reviews")


def test_a_fresh_process_gives_the_same_answers(exported, served):
    task, version = exported
    there, here = served(version, {"text": TEXTS}), task.predict(TEXTS, verbose=0)
    assert there["label"] == here["label"].tolist()
    for name in ("score", "probabilities"):
        np.testing.assert_allclose(there[name], here[name], atol=1e-5)


def test_signatures(exported):
    task, version = exported
    loaded = tf.saved_model.load(version)
    assert set(loaded.signatures) == {"serving_default", "features", "embed"}
    inputs = {
        name: sorted(signature.structured_input_signature[1])
        for name, signature in loaded.signatures.items()
    }
    assert inputs["serving_default"] == inputs["embed"] == ["text"]
    assert inputs["features"] == ["input_mask", "input_type_ids", "input_word_ids"]
    features = task.preprocessor(TEXTS)
    np.testing.assert_allclose(
        loaded.signatures["features"](**features)["logits"], task(features), atol=1e-5
    )
    embedded = loaded.signatures["embed"](text=tf.constant(TEXTS))
    np.testing.assert_allclose(np.linalg.norm(embedded["embedding"], axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        embedded["pooled_output"], task.backbone(features)["pooled_output"], atol=1e-5
    )
    empty = loaded.signatures["serving_default"](text=tf.constant([], tf.string))
    assert empty["probabilities"].shape == (0, 3)


def test_weights_are_stored_once(exported):
    task, version = exported
    stored = tf.train.load_checkpoint(str(version / "variables" / "variables"))
    shapes = stored.get_variable_to_shape_map()
    numbers = sum(int(np.prod(shape)) for shape in shapes.values() if shape)
    # A handful of bytes beside the weights: the saved object graph is a scalar string.
    assert numbers == task.count_params()


def test_a_tf1_session_finds_every_variable(exported):
    """What the C++ loader does: restore by the saver, then run by tensor names."""
    task, version = exported
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(version))
        signature = meta.signature_def["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        answers = session.run(outputs, {signature.inputs["text"].name: TEXTS})
    expected = task.predict(TEXTS, verbose=0)
    np.testing.assert_allclose(answers["probabilities"], expected["probabilities"], atol=1e-5)


def test_card_beside_the_graph(exported):
    card = json.loads((exported[1] / "assets.extra" / "keras_bert.json").read_text("utf-8"))
    assert card["labels"] == ["neg", "pos", "né"]
    assert card["sequence_length"] == 17


def test_pairs_and_regression(tiny_parts, tmp_path):
    task = BertRegressor(*tiny_parts, pairs=True, pooling="mean")
    loaded = tf.saved_model.load(task.export(tmp_path / "3"))
    pair = (["good film", "bad"], ["a great film", "the book"])
    served = loaded.signatures["serving_default"](
        text=tf.constant(pair[0]), text_pair=tf.constant(pair[1])
    )
    np.testing.assert_allclose(served["score"], task.predict(pair, verbose=0)["score"], atol=1e-5)


def test_compiled_by_xla(tiny_parts, tmp_path):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"])
    loaded = tf.saved_model.load(task.export(tmp_path / "1", jit_compile=True))
    served = loaded.signatures["serving_default"](text=tf.constant(TEXTS))
    np.testing.assert_allclose(
        served["probabilities"], task.predict(TEXTS, verbose=0)["probabilities"], atol=1e-5
    )


def test_whole_batches_have_no_loop_over_groups(tiny_parts, tmp_path, exported):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"])
    version = task.export(tmp_path / "1", whole_batches=True)
    loops = {"While", "StatelessWhile"}
    assert not graph_operations(version) & loops
    assert graph_operations(exported[1]) & loops
    served = tf.saved_model.load(version).signatures["serving_default"](text=tf.constant(TEXTS))
    np.testing.assert_allclose(
        served["probabilities"], task.predict(TEXTS, verbose=0)["probabilities"], atol=1e-5
    )


def test_export_needs_the_tensorflow_backend(tiny_parts, tmp_path, monkeypatch):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"])
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        RuntimeError, match="expected the TensorFlow backend for export; received 'jax'"
    ):
        task.export(tmp_path / "1")
    assert not (tmp_path / "1").exists()
