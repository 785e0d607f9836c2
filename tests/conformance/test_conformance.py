import inspect
import json
import os
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from row import FOLDER, modules

VARIABLES = FOLDER / "variables.json"
RECORD = "KERAS_BERT_RECORD_VARIABLES=1 pytest tests/conformance -k variable_names"


def assert_close(actual, expected, tolerance=1e-5):
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        assert np.isfinite(one).all()
        scale = max(1.0, np.abs(other).max())
        np.testing.assert_allclose(
            one.astype("float32"), other.astype("float32"), rtol=0, atol=tolerance * scale
        )


def test_config_round_trip(row):
    layer = row.built()
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    parameters = inspect.signature(type(layer).__init__).parameters.values()
    named = {x.name for x in parameters if x.kind in (x.POSITIONAL_OR_KEYWORD, x.KEYWORD_ONLY)}
    assert named - {"self"} <= config.keys()
    assert {"name", "trainable", "dtype"} <= config.keys()


def test_keras_file_round_trip(row, tmp_path):
    model = row.functional(row.built())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_close(row.outputs(loaded), row.outputs(model), 0)
    assert [x.shape for x in loaded.weights] == [x.shape for x in model.weights]


@pytest.mark.parametrize(
    ("policy", "tolerance"), [("mixed_float16", 0.02), ("mixed_bfloat16", 0.15)]
)
def test_dtype_policies(row, policy, tolerance):
    reduced = row.built(policy)
    outputs = keras.tree.flatten(row.call(reduced, row.inputs))
    dtype = row.output_dtype or keras.dtype_policies.get(policy).compute_dtype
    assert {keras.backend.standardize_dtype(x.dtype) for x in outputs} == {dtype}
    specs = keras.tree.flatten(row.functional(reduced).outputs)
    assert {x.dtype for x in specs} == {dtype}
    assert {x.dtype for x in reduced.trainable_weights} <= {"float32"}
    assert_close(row.outputs(reduced), row.outputs(row.built()), tolerance)


def test_specs_match_outputs(row):
    model = row.functional(row.built())
    outputs = model(row.inputs)
    for name, spec in model.output.items():
        assert len(spec.shape) == len(outputs[name].shape)
        for known, actual in zip(spec.shape, outputs[name].shape, strict=True):
            assert known in (None, actual)


def test_optional_inputs(row):
    layer = row.built()
    for name, array in row.neutral.items():
        given = {key: value for key, value in row.inputs.items() if key != name}
        assert_close(row.outputs(layer, given), row.outputs(layer, given | {name: array}), 1e-6)
        assert_close(row.outputs(layer, given | {name: None}), row.outputs(layer, given), 0)


def test_more_padding_changes_nothing(row):
    layer = row.built()
    padded = dict(row.inputs)
    for name in row.lengthen:
        array = row.inputs[name]
        filler = np.zeros if "mask" in name else np.ones
        more = filler((len(array), 3, *array.shape[2:]), dtype=array.dtype)
        padded[name] = np.concatenate([array, more], axis=1)
    expected = row.outputs(layer)
    longer = row.outputs(layer, padded)
    kept = [x[tuple(map(slice, y.shape))] for x, y in zip(longer, expected, strict=True)]
    assert_close(kept, expected)


def test_compiled_equals_eager(row):
    layer = row.built()
    inputs = {name: tf.constant(array) for name, array in row.inputs.items()}
    compiled = tf.function(lambda x: row.call(layer, x), jit_compile=True)
    outputs = [x.numpy() for x in keras.tree.flatten(compiled(inputs))]
    assert_close(outputs, row.outputs(layer))


def test_gradients_reach_every_weight(row):
    layer = row.built()
    with tf.GradientTape() as tape:
        outputs = keras.tree.flatten(row.call(layer, row.inputs, training=True))
        random = np.random.default_rng(5)
        loss = sum(tf.reduce_sum(x * random.normal(size=x.shape)) for x in outputs)
    gradients = tape.gradient(loss, layer.trainable_weights)
    for weight, gradient in zip(layer.trainable_weights, gradients, strict=True):
        assert gradient is not None, weight.path
        gradient = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(gradient).all(), weight.path
        if not weight.path.endswith(row.no_gradient or ("none",)):
            assert np.abs(gradient).max() > 0, weight.path


def test_saved_model(row, tmp_path):
    model = row.functional(row.built())
    model.export(tmp_path / "export", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "export")
    served = loaded.serve({name: tf.constant(array) for name, array in row.inputs.items()})
    assert_close([x.numpy() for x in keras.tree.flatten(served)], row.outputs(model))


def test_documented(row):
    docstring = inspect.getdoc(type(row.make(None)))
    for part in ("Args:", "Call arguments:", "Returns:"):
        assert part in docstring
    assert "[B, " in docstring or "of any shape" in docstring or "[..., " in docstring
    for name in row.inputs:
        assert name in docstring


def test_variable_names(row):
    layer = row.built()
    start = 0 if isinstance(layer, keras.Model) else 1  # A lone layer's own name is automatic.
    names = {"/".join(x.path.split("/")[start:]): str(x.shape) for x in layer.trainable_weights}
    recorded = json.loads(VARIABLES.read_text()) if VARIABLES.exists() else {}
    if os.environ.get("KERAS_BERT_RECORD_VARIABLES"):
        recorded[row.name] = names
        VARIABLES.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    assert recorded.get(row.name) == names, (
        f"the weights of {row.name} are not those in {VARIABLES.name}, which files that users "
        f"saved depend on; if the change is meant, run: {RECORD}"
    )


def test_jax_equals_tensorflow(row, jax_outputs):
    on_jax = [jax_outputs[f"{row.name}/{i}"] for i in range(len(row.outputs(row.built())))]
    assert_close(on_jax, row.outputs(row.built()))


@pytest.mark.parametrize("module", [x for x in modules() if hasattr(x, "COMPLETE")], ids=str)
def test_every_public_layer_has_a_row(module):
    package = sys.modules[module.COMPLETE]
    public = {
        name
        for name, value in vars(package).items()
        if isinstance(value, type) and issubclass(value, keras.layers.Layer)
    }
    elsewhere = getattr(module, "ELSEWHERE", set())
    assert public - elsewhere == {name.split("_")[0] for name in module.ROWS}
