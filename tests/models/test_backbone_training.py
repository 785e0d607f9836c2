import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone

B, S = 6, 7
CONFIG = BertConfig(
    vocab_size=29,
    hidden_size=15,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=11,
    max_position_embeddings=13,
    initializer_range=0.2,
)
_random = np.random.default_rng(3)
IDS = _random.integers(0, 29, (B, S))
MASK = (np.arange(S) < np.array([7, 3, 5, 1, 2, 7])[:, None]).astype("int32")
LABELS = IDS[:, 0] % 2


def classifier(num_hidden_layers=1, **kwargs):
    keras.utils.set_random_seed(3)
    config = dataclasses.replace(CONFIG, num_hidden_layers=num_hidden_layers)
    backbone = BertBackbone(config, **kwargs)
    inputs = {name: backbone.input[name] for name in ("input_word_ids", "input_mask")}
    pooled = backbone(inputs)["pooled_output"]
    return keras.Model(inputs, keras.layers.Dense(2, dtype="float32")(pooled))


def fit(model, epochs=2, **compile_arguments):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, **compile_arguments)
    features = {"input_word_ids": IDS, "input_mask": MASK}
    keras.utils.set_random_seed(5)
    return model.fit(features, LABELS, batch_size=3, epochs=epochs, verbose=0).history["loss"]


def test_fit_learns():
    losses = fit(classifier(), epochs=30)
    assert losses[-1] < 0.2 < 0.5 < losses[0]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_fit_under_mixed_precision(policy):
    model = classifier(dtype=policy)
    losses = fit(model, epochs=5)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    assert {x.dtype for x in model.trainable_weights} == {"float32"}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_with_gradient_checkpointing_gives_the_same_weights(jit_compile):
    models = [classifier(gradient_checkpointing=on) for on in (False, True)]
    losses = [fit(model, jit_compile=jit_compile) for model in models]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for one, other in zip(*(model.trainable_weights for model in models), strict=True):
        if not one.path.endswith("key/bias"):  # Adam makes steps of its rounding noise.
            np.testing.assert_allclose(one, other, atol=1e-4, err_msg=one.path)


def recomputed_operations(**kwargs):
    """Count in a training step's graph the operation that only the activation uses."""
    model = classifier(CONFIG.num_hidden_layers, **kwargs)

    @tf.function
    def step(ids, mask):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(
                model({"input_word_ids": ids, "input_mask": mask}, training=True) ** 2
            )
        return tape.gradient(loss, model.trainable_weights)

    graph = step.get_concrete_function(tf.constant(IDS), tf.constant(MASK)).graph
    return [operation.type for operation in graph.get_operations()].count("Erf")


def test_gradient_checkpointing_computes_each_block_twice_in_the_graph():
    assert recomputed_operations() == CONFIG.num_hidden_layers
    assert recomputed_operations(gradient_checkpointing=True) == 2 * CONFIG.num_hidden_layers


def test_freezing_parts():
    model = classifier(2, gradient_checkpointing=True)
    backbone = model.get_layer("bert_backbone")
    backbone.embeddings.trainable = False
    backbone.encoder_blocks[0].trainable = False
    before = backbone.get_weights()
    fit(model, epochs=1)
    changed = {
        weight.path.split("/")[0]
        for weight, old in zip(backbone.weights, before, strict=True)
        if "float" in weight.dtype and (np.asarray(weight) != old).any()
    }
    assert changed == {"layer_1", "pooler"}
