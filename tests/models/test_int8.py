"""Exports whose products are 8-bit integers, beside the same models in float32."""

import platform

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.export.serving_operations import graph_operations
from keras_bert.layers.activations import get_activation
from keras_bert.models import BertClassifier, BertRegressor
from keras_bert.models.int8_products import Int8Kernel

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN's products are x86's"
)
TEXTS = ["the film was very great !", "", "awful", "a book is not bad", "very " * 40]
RECORDS = ["the film was great", {"text": "a very poor book !"}, "not awful ##s ?", *TEXTS]


@pytest.fixture(scope="module")
def exported(make_parts, tmp_path_factory):
    task = BertClassifier(*make_parts(), ["neg", "pos", "né"])
    return task, task.export(tmp_path_factory.mktemp("int8") / "1", int8=RECORDS)


def error(actual, expected):
    """The mean error by the mean size."""
    return float(np.abs(actual - expected).mean() / np.abs(expected).mean())


@pytest.fixture
def factors():
    """Inputs of which one channel is 40 times as large as the others, a kernel and a bias."""
    rng = np.random.default_rng(5)
    inputs, kernel, bias = (rng.normal(size=s).astype("f") for s in ((29, 23), (23, 13), (13,)))
    inputs[:, 7] *= 40
    kernel[7] /= 40
    return inputs, kernel, bias


@pytest.mark.parametrize("act", [None, "gelu", "gelu_new", "relu", "tanh"])
def test_products_are_those_of_floats_but_for_rounding(factors, act):
    inputs, kernel, bias = factors
    activation = act and get_activation(act)
    product = Int8Kernel(kernel, bias, [(13,)], np.abs(inputs).max(axis=0))
    actual = tf.function(lambda x: product(x, activation), autograph=False)(inputs)
    expected = inputs @ kernel + bias
    expected = expected if activation is None else activation(expected).numpy()
    assert 0 < error(actual, expected) < 0.012


def test_without_factors_a_large_channel_leaves_the_others_few_steps(factors):
    inputs, kernel, bias = factors
    alike = Int8Kernel(kernel, bias, [(13,)], np.full(23, np.abs(inputs).max()))
    actual = tf.function(lambda x: alike(x, None), autograph=False)(inputs)
    assert error(actual, inputs @ kernel + bias) > 0.03


def test_rows_of_unlike_sizes_have_steps_of_their_own():
    rng = np.random.default_rng(6)
    inputs, kernel, bias = (rng.normal(size=s).astype("f") for s in ((11, 37), (37, 5), (5,)))
    inputs *= np.geomspace(1e-3, 1e3, 11, dtype="f")[:, None]
    inputs[4] = 0
    product = tf.function(Int8Kernel(kernel, bias, [(5,)], None), autograph=False)
    actual = product(tf.constant(inputs), None).numpy()
    np.testing.assert_array_equal(actual[4], bias)
    for row, expected in zip(actual - bias, inputs @ kernel, strict=True):
        np.testing.assert_allclose(row, expected, atol=0.03 * np.abs(expected).max() + 1e-6)


def test_a_fresh_process_gives_nearly_the_same_answers(exported, served):
    task, version = exported
    there, here = served(version, {"text": TEXTS}), task.predict(TEXTS, verbose=0)
    assert there["label"] == here["label"].tolist()
    difference = np.abs(there["probabilities"] - here["probabilities"]).max()
    assert 0 < difference < 0.01


def test_kernels_of_the_blocks_are_stored_in_8_bits_alone(exported):
    task, version = exported
    stored = tf.train.load_checkpoint(str(version / "variables" / "variables"))
    types = stored.get_variable_to_dtype_map()
    sizes = {
        name: int(np.prod(shape)) for name, shape in stored.get_variable_to_shape_map().items()
    }
    hidden, inner = 22, 37
    small = sorted(size for name, size in sizes.items() if types[name] == tf.int8)
    assert small == sorted([hidden * 3 * hidden, hidden * hidden, *[hidden * inner] * 2])
    floats = sum(size for name, size in sizes.items() if types[name] == tf.float32)
    biases = 3 * hidden + hidden + inner + hidden
    assert floats == task.count_params() - sum(small) - biases


def test_operations_are_in_every_signature_and_nowhere_else(exported, tmp_path):
    task, version = exported
    assert "_QuantizedMatMul" in graph_operations(version)
    assert "_QuantizedMatMul" not in graph_operations(task.export(tmp_path / "1"))
    signatures = tf.saved_model.load(version).signatures
    features = signatures["features"](**task.preprocessor(TEXTS))["probabilities"]
    asked = {
        name: signatures[name](text=tf.constant(TEXTS)) for name in ("serving_default", "embed")
    }
    np.testing.assert_allclose(asked["serving_default"]["probabilities"], features, atol=1e-5)
    pooled = task.backbone(task.preprocessor(TEXTS))["pooled_output"]
    assert 1e-5 < error(asked["embed"]["pooled_output"], pooled) < 0.05


def test_a_tf1_session_reads_the_integers(exported):
    """What the C++ loader does: restore by the saver, then run by tensor names."""
    task, version = exported
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(version))
        signature = meta.signature_def["serving_default"]
        found = signature.outputs["probabilities"].name
        answers = session.run(found, {signature.inputs["text"].name: TEXTS})
    assert np.abs(answers - task.predict(TEXTS, verbose=0)["probabilities"]).max() < 0.01


def test_a_record_alone_is_answered_as_among_others(exported):
    serve = tf.saved_model.load(exported[1]).signatures["serving_default"]
    together = serve(text=tf.constant(TEXTS))["probabilities"]
    for number, text in enumerate(TEXTS):
        alone = serve(text=tf.constant([text]))["probabilities"]
        np.testing.assert_allclose(alone[0], together[number], atol=1e-6)
    assert serve(text=tf.constant([], tf.string))["probabilities"].shape == (0, 3)


def test_records_of_pairs(tiny_parts, tmp_path):
    task = BertRegressor(*tiny_parts, pairs=True)
    pair = {"text": "good film", "text_pair": "a great film"}
    loaded = tf.saved_model.load(task.export(tmp_path / "1", int8=[pair]))
    score = loaded.signatures["serving_default"](
        **{name: tf.constant([text]) for name, text in pair.items()}
    )["score"]
    expected = task.predict((["good film"], ["a great film"]), verbose=0)["score"]
    assert abs(score.numpy() - expected) < 0.05


@pytest.mark.parametrize(
    ("records", "options", "message"),
    [
        ([], {}, "expected at least one int8 record; received none"),
        ("a film", {}, "expected a collection of int8 records; received one str"),
        (["a", {"name": "b"}], {}, r"expected int8 record 1 with the inputs \['text'\]; rec"),
        (["a"], {"jit_compile": True}, "expected int8 without jit_compile.*; received both"),
    ],
)
def test_what_is_refused(tiny_parts, tmp_path, records, options, message):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"])
    with pytest.raises(ValueError, match=message):
        task.export(tmp_path / "1", int8=records, **options)
    assert not (tmp_path / "1").exists()


def test_half_precision_is_refused(make_parts, tmp_path):
    parts = make_parts(dtype="bfloat16")
    task = BertClassifier(*parts, labels=["neg", "pos"])
    with pytest.raises(ValueError, match="expected a float32 model for int8; received bfloat16"):
        task.export(tmp_path / "1", int8=["a"])


def test_a_quantized_model_is_refused(tiny_parts, tmp_path):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"])
    task.backbone.get_layer("layer_0").intermediate_dense.quantize("int8")
    message = "expected a model that Keras has not quantized for int8; received 'int8' in .*interm"
    with pytest.raises(ValueError, match=message):
        task.export(tmp_path / "1", int8=["a"])


def test_low_rank_changes_are_in_the_integers(make_parts, tmp_path):
    task = BertClassifier(*make_parts(), labels=["neg", "pos"])
    dense = task.backbone.get_layer("layer_0").intermediate_dense
    dense.enable_lora(2)
    before = task.predict(TEXTS, verbose=0)["probabilities"]
    dense.lora_kernel_b.assign(np.random.default_rng(1).normal(size=(2, 37)) * 30)
    after = task.predict(TEXTS, verbose=0)["probabilities"]
    assert np.abs(after - before).max() > 0.05
    version = task.export(tmp_path / "1", int8=RECORDS)
    serve = tf.saved_model.load(version).signatures["serving_default"]
    assert np.abs(serve(text=tf.constant(TEXTS))["probabilities"] - after).max() < 0.02
