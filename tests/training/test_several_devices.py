"""The same global batches on several devices of one process give the losses of one device."""

import pathlib

import pytest

HERE = pathlib.Path(__file__)


@pytest.fixture(scope="module")
def two_devices():
    """TensorFlow with two logical CPUs."""
    from kept_process import KeptProcess

    process = KeptProcess()
    process(HERE, "part_the_processor")
    yield process
    process.close()


def part_the_processor():
    import tensorflow as tf

    part = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [part] * 2
    )


def fitted_on_texts():
    """`fit` on records in memory, which come as batches of unlike lengths."""
    import keras
    import numpy as np
    from parallel_steps import StepLosses, task

    from keras_bert.training.strategies import strategy_scope

    texts = [" ".join("abcdefgh"[: 1 + n % 7]) for n in range(12)]
    found = []
    for scope in (None, strategy_scope("mirrored")):
        import contextlib

        with scope or contextlib.nullcontext():
            keras.utils.set_random_seed(7)
            made, seen = task(), StepLosses()
            made.fit(
                (texts, texts[::-1]), np.arange(12) % 2, batch_size=4, verbose=0, callbacks=[seen]
            )
        found.append(seen.losses)
    return found


def tpu_steps():
    """What is asked of TensorFlow for a TPU, in order, where there is none."""
    import tensorflow as tf

    from keras_bert.training.strategies import strategy_scope

    asked = []

    class Strategy:
        def __init__(self, resolver):
            asked.append("strategy")

        def scope(self):
            import contextlib

            return contextlib.nullcontext()

    def resolver(tpu):
        asked.append(tpu)

    cluster, system = tf.distribute.cluster_resolver, tf.tpu.experimental
    kept = cluster.TPUClusterResolver, system.initialize_tpu_system, tf.distribute.TPUStrategy
    cluster.TPUClusterResolver = resolver
    system.initialize_tpu_system = lambda resolver: asked.append("initialize")
    tf.distribute.TPUStrategy = Strategy
    try:
        with strategy_scope("tpu"):
            asked.append("scope")
    finally:
        cluster.TPUClusterResolver, system.initialize_tpu_system = kept[:2]
        tf.distribute.TPUStrategy = kept[2]
    return asked


def on_jax():
    import numpy as np
    from parallel_steps import features, losses

    from keras_bert.training.parallel_layouts import batch_shards, model_parallel

    scope = model_parallel(2)  # of four devices: two groups
    found, made = losses(scope.scope(), epochs=1)
    with scope.scope():
        shards = batch_shards()
        # Seven records cannot be parted between two groups.
        inputs, labels, weights = features(7)
        options = {"sample_weight": weights, "batch_size": 7, "verbose": 0}
        assert np.isfinite(made.evaluate(inputs, labels, **options)[0])
    layouts = {v.path: str(v.value.sharding.spec) for v in made.trainable_variables}
    slots = {v.path: str(v.value.sharding.spec) for v in made.optimizer.variables}
    return found, shards, layouts, slots


def alone_on_jax():
    from parallel_steps import losses

    return losses(epochs=1)[0]


def too_few_heads_on_jax():
    from parallel_steps import task

    from keras_bert.training.parallel_layouts import model_parallel

    with model_parallel(4).scope():
        try:
            task(heads=3)
        except ValueError as error:
            return str(error)


def five_shards_on_jax():
    from keras_bert.training.parallel_layouts import model_parallel

    try:
        model_parallel(5)
    except ValueError as error:
        return str(error)


@pytest.fixture(scope="module")
def one_device(jax_process):
    return jax_process(HERE, "alone_on_jax")


def test_mirrored_fit_on_texts(two_devices):
    one, two = two_devices(HERE, "fitted_on_texts")
    assert len(one) == 3 and two == pytest.approx(one, abs=1e-5)


def test_tpu_is_initialized_before_its_strategy(two_devices):
    assert two_devices(HERE, "tpu_steps") == ["local", "initialize", "strategy", "scope"]


def test_model_parallel_losses_are_those_of_one_device(jax_process, one_device):
    found, shards, layouts, slots = jax_process(HERE, "on_jax")
    assert found == pytest.approx(one_device, abs=1e-5) and shards == 2
    cut = {path for path, layout in layouts.items() if "model" in layout}
    block = "layer_0/attention"
    assert cut == {
        "embeddings/word_embeddings/embeddings",
        *(
            f"{block}/{name}/{part}"
            for name in ("query", "key", "value")
            for part in ("kernel", "bias")
        ),
        f"{block}/attention_output/kernel",
        "layer_0/intermediate_dense/kernel",
        "layer_0/intermediate_dense/bias",
        "layer_0/output_dense/kernel",
    }
    assert layouts["layer_0/intermediate_dense/kernel"].endswith("(None, 'model')")
    assert sum("model" in layout for layout in slots.values()) == 2 * len(cut)


def test_model_parallel_refuses_sizes_that_cannot_be_cut(jax_process):
    assert "4 devices divide along axis 1 of layer_0/attention/query/kernel" in jax_process(
        HERE, "too_few_heads_on_jax"
    )
    assert "received 5 for 4 devices" in jax_process(HERE, "five_shards_on_jax")
