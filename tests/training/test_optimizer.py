"""The update against Google's graph, tf-models-official and NumPy; on TensorFlow and JAX."""

import importlib.util
import json
import pathlib

import keras
import numpy as np
import pytest

from keras_bert.training.lamb import BertLAMB
from keras_bert.training.optimizer import BertAdamW, create_optimizer
from keras_bert.training.schedule import LinearWarmupDecay

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"


def recorder():
    """The script that recorded the golden weights; it also makes the problem."""
    path = GOLDEN / "record_optimizers.py"
    spec = importlib.util.spec_from_file_location("record_optimizers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(optimizer):
    """The weights after each step of the recorded problem."""
    weights, gradients = recorder().problem()
    variables = {n: keras.Variable(w, name=n.split("/")[-1]) for n, w in weights.items()}
    for step in gradients:
        optimizer.apply(
            [keras.ops.convert_to_tensor(step[n], "float32") for n in variables],
            list(variables.values()),
        )
        yield {n: keras.ops.convert_to_numpy(v) for n, v in variables.items()}


def by_hand(bias_correction):
    """The docstrings' formulas, in float64."""
    record = recorder()
    weights, gradients = record.problem()
    m = {n: np.zeros_like(w) for n, w in weights.items()}
    v = {n: np.zeros_like(w) for n, w in weights.items()}
    for t, step in enumerate(gradients, start=1):
        norm = np.sqrt(sum((g**2).sum() for g in step.values()))
        step = {n: g * min(1.0, 1.0 / norm) if norm else g for n, g in step.items()}
        rate = record.RATE * (1 - (t - 1) / record.STEPS)
        if t - 1 < record.WARMUP:
            rate = record.RATE * (t - 1) / record.WARMUP
        c = np.sqrt(1 - 0.999**t) / (1 - 0.9**t) if bias_correction else 1.0
        for n, w in weights.items():
            m[n] = 0.9 * m[n] + 0.1 * step[n]
            v[n] = 0.999 * v[n] + 0.001 * step[n] ** 2
            decay = 0.01 if n.endswith(("kernel", "embeddings")) else 0.0
            weights[n] = w - rate * (c * m[n] / (np.sqrt(v[n]) + 1e-6) + decay * w)
        yield dict(weights)


def make(bias_correction):
    record = recorder()
    return create_optimizer(
        record.RATE, record.STEPS, record.WARMUP, bias_correction=bias_correction
    )


def assert_close(found, expected, atol):
    for step, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        for name, weight in ours.items():
            np.testing.assert_allclose(weight, theirs[name], atol=atol, err_msg=f"{step} {name}")


@pytest.mark.parametrize(("name", "bias_correction"), [("google", False), ("official", True)])
def test_recorded_updates(name, bias_correction):
    expected = json.loads((GOLDEN / "optimizers" / f"{name}.json").read_text())
    assert_close(run(make(bias_correction)), expected, atol=2e-6)


def test_recorded_updates_of_lamb():
    record = recorder()
    schedule = LinearWarmupDecay(record.RATE, record.STEPS, record.WARMUP)
    expected = json.loads((GOLDEN / "optimizers" / "lamb.json").read_text())
    assert_close(run(BertLAMB(schedule, weight_decay=0.01)), expected, atol=2e-6)


def test_lamb_corrects_its_bias():
    with pytest.raises(ValueError, match=r"expected bias_correction=True.*correction=False"):
        BertLAMB(0.1, bias_correction=False)


@pytest.mark.parametrize("bias_correction", [False, True])
def test_update_by_hand(bias_correction):
    assert_close(run(make(bias_correction)), by_hand(bias_correction), atol=2e-6)


def test_defaults_are_those_of_bert():
    optimizer = create_optimizer(3e-5, 1000)
    config = optimizer.get_config()
    assert isinstance(optimizer._learning_rate, LinearWarmupDecay)
    assert optimizer._learning_rate.num_warmup_steps == 100
    assert (config["weight_decay"], config["epsilon"], config["global_clipnorm"]) == (
        0.01,
        1e-6,
        1.0,
    )
    assert float(create_optimizer(3e-5).learning_rate) == np.float32(3e-5)


def test_exclusions_go_by_the_end_of_the_name_and_by_keras_lists():
    names = ("kernel", "bias", "output_bias", "gamma", "beta", "embeddings", "mine", "biased")
    variables = [keras.Variable(np.ones(2), name=name) for name in names]
    optimizer = BertAdamW(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["mine"])
    optimizer.apply([keras.ops.zeros(2)] * len(names), variables)
    decayed = [n for n, v in zip(names, variables, strict=True) if float(v[0]) == 0.5]
    assert decayed == ["kernel", "embeddings", "biased"]


WORD_IDS, TARGETS = np.array([[1, 1, 1, 2], [2, 1, 3, 1]]), np.array([[5.0], [-2.0]])
FACTORS = {"table/embeddings": 0.25, "head/kernel": 0.5, "head/bias": 2.0}


def trained(optimizer, steps=3, jit_compile=False):
    word_ids = keras.Input((4,), dtype="int32")
    vectors = keras.layers.Embedding(5, 3, embeddings_initializer="ones", name="table")(word_ids)
    head = keras.layers.Dense(1, kernel_initializer="ones", name="head")
    model = keras.Model(word_ids, head(keras.ops.sum(vectors, axis=1)))
    model.compile(optimizer, "mse", jit_compile=jit_compile)
    model.fit(WORD_IDS, TARGETS, epochs=steps, verbose=0, shuffle=False)
    return model


def make_full(bias_correction=False, **options):
    return create_optimizer(
        0.1,
        bias_correction=bias_correction,
        learning_rate_multipliers=FACTORS,
        **options,
    )


def falling():
    return LinearWarmupDecay(0.1, 4, 1)


def scenario():
    """Weights after training with everything on: the same jitted or not, on any backend."""
    runs = {
        "plain": trained(make_full()),
        "jit": trained(make_full(), jit_compile=True),
        "accumulated": trained(make_full(gradient_accumulation_steps=2), steps=6),
        "scheduled": trained(BertLAMB(falling())),
        "scheduled, accumulated": trained(
            BertLAMB(falling(), gradient_accumulation_steps=2), steps=6
        ),
        "scaled": trained(keras.optimizers.LossScaleOptimizer(make_full())),
        "corrected": trained(make_full(bias_correction=True)),
        "corrected, jit": trained(make_full(bias_correction=True), jit_compile=True),
        "corrected, accumulated": trained(
            make_full(bias_correction=True, gradient_accumulation_steps=2), steps=6
        ),
    }
    return {name: [w.tolist() for w in model.get_weights()] for name, model in runs.items()}


def test_a_repeated_word_has_the_gradient_of_all_its_places():
    """The velocity of a word that occurs n times is (the sum of n)^2, not the sum of n squares."""
    optimizer = BertAdamW(0.0, beta_2=0.0, global_clipnorm=None)
    trained(optimizer, steps=1)
    error = 12.0 - TARGETS[:, 0]
    counts = np.stack([(i == WORD_IDS).sum(axis=1) for i in range(5)], axis=1)
    gradient = error @ counts  # the factor 2 of the square and N = 2 cancel
    np.testing.assert_allclose(
        optimizer._velocities[0].numpy(), np.tile(gradient[:, None] ** 2, 3), rtol=1e-5
    )


@pytest.fixture(scope="module")
def on_tensorflow():
    return scenario()


def assert_equal_weights(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("name", ["jit", "accumulated", "scaled"])
def test_other_ways_to_step_give_the_same(on_tensorflow, name):
    assert_equal_weights(on_tensorflow[name], on_tensorflow["plain"])


@pytest.mark.parametrize("way", ["jit", "accumulated"])
def test_other_ways_to_step_with_bias_correction(on_tensorflow, way):
    assert_equal_weights(on_tensorflow[f"corrected, {way}"], on_tensorflow["corrected"])


def test_the_schedule_counts_updates_and_not_batches(on_tensorflow):
    assert_equal_weights(on_tensorflow["scheduled, accumulated"], on_tensorflow["scheduled"])


def test_jax_equals_tensorflow(on_tensorflow, jax_process):
    found = jax_process(__file__, "scenario")
    for name, weights in on_tensorflow.items():
        assert_equal_weights(found[name], weights)


def test_factors_scale_the_step_of_each_variable():
    # No decay and a constant sign of the gradient: the first step is rate * factor long.
    options = {"weight_decay": 0.0, "epsilon": 1e-12, "global_clipnorm": None}
    model = trained(BertAdamW(0.1, learning_rate_multipliers=FACTORS, **options), steps=1)
    start = {"table/embeddings": 1.0, "head/kernel": 1.0, "head/bias": 0.0}
    for variable in model.trainable_variables:
        moved = np.abs(variable.numpy() - start[variable.path])
        np.testing.assert_allclose(
            moved[moved > 0], 0.1 * FACTORS[variable.path], rtol=1e-4, err_msg=variable.path
        )
    plain = trained(BertAdamW(0.1, **options), steps=1)
    unity = trained(
        BertAdamW(0.1, learning_rate_multipliers=dict.fromkeys(FACTORS, 1.0), **options), steps=1
    )
    assert_equal_weights(plain.get_weights(), unity.get_weights())


def test_a_factor_scales_the_decay_too():
    model = trained(
        BertAdamW(
            0.1, weight_decay=0.5, learning_rate_multipliers={**FACTORS, "table/embeddings": 0}
        ),
        steps=2,
    )
    np.testing.assert_array_equal(model.get_weights()[0], np.ones((5, 3)))


def test_a_saved_model_goes_on_as_it_would_have(tmp_path):
    model = trained(make_full(not_decayed=("bias",)))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.optimizer) is BertAdamW
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, again):
        each.fit(WORD_IDS, TARGETS, epochs=2, verbose=0, shuffle=False)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("make_one", "message"),
    [
        (lambda: BertAdamW(1e-5, amsgrad=True), "expected amsgrad=False; received amsgrad=True"),
        (lambda: create_optimizer(1e-5, None, 5), "num_train_steps with num_warmup_steps=5"),
        (lambda: create_optimizer(1e-5, 5, layer_decay=0.9), "a model with layer_decay=0.9"),
    ],
)
def test_bad_arguments(make_one, message):
    with pytest.raises(ValueError, match=message):
        make_one()


def test_a_variable_without_factor():
    optimizer = BertAdamW(learning_rate_multipliers={"head/bias": 1.0})
    with pytest.raises(
        ValueError, match=r"for all trainable .* none for \['table/emb.*'head/kernel'"
    ):
        trained(optimizer, steps=1)
