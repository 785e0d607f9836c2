import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.layers.attention import BertAttention

B, T, S, N, D, H = 2, 5, 7, 3, 11, 13
_random = np.random.default_rng(3)
QUERY = _random.normal(size=(B, T, H)).astype("float32")
VALUE = _random.normal(size=(B, S, H)).astype("float32")
MASK = np.arange(S)[None, None] < np.array([S, 3])[:, None, None]
POLICIES = ["float32", "float16", "mixed_float16", "mixed_bfloat16"]


def attention(cls=BertAttention, **kwargs):
    layer = cls(N, D, **kwargs)
    layer.build((B, T, H), (B, S, H))
    random = np.random.default_rng(5)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(0, 0.4, weight.shape))
    return layer


def run(layer, *inputs, **kwargs):
    outputs = keras.tree.flatten(layer(*inputs, **kwargs))
    return [keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")) for x in outputs]


@pytest.mark.parametrize("mask", [None, MASK, MASK.astype("int32"), np.repeat(MASK, T, 1)])
def test_equals_keras(mask):
    theirs = attention(keras.layers.MultiHeadAttention)
    ours = attention(dropout=0.4)
    arguments = {"attention_mask": mask, "return_attention_scores": True}
    for one, other in zip(
        run(ours, QUERY, VALUE, **arguments), run(theirs, QUERY, VALUE, **arguments), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=2e-6)
    with_scores, _ = run(ours, QUERY, VALUE, **arguments)
    np.testing.assert_allclose(
        *run(ours, QUERY, VALUE, attention_mask=mask), with_scores, atol=2e-6
    )


def test_equals_keras_with_its_other_arguments():
    key = _random.normal(size=(B, S, H)).astype("float32")
    square = {"query": VALUE, "value": VALUE, "key": key, "use_causal_mask": True}
    (ours,), (theirs,) = (
        run(attention(cls, use_bias=False, value_dim=2), **square)
        for cls in (BertAttention, keras.layers.MultiHeadAttention)
    )
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def adapted(layer):
    """Low-rank additions to the queries' and the output's weights."""
    random = np.random.default_rng(7)
    for dense in (layer.query_dense, layer.output_dense):
        dense.enable_lora(2)
        for factor in (dense.lora_kernel_a, dense.lora_kernel_b):
            factor.assign(random.normal(0, 0.4, factor.shape))


def quantized(layer):
    """Weights of 8 bits for the keys and the output."""
    layer.key_dense.quantize("int8")
    layer.output_dense.quantize("int8")


@pytest.mark.parametrize("change", [adapted, quantized])
def test_equals_keras_with_changed_projections(change):
    outputs = []
    for cls in (BertAttention, keras.layers.MultiHeadAttention):
        layer = attention(cls)
        (before,) = run(layer, QUERY, VALUE)
        change(layer)
        outputs.append(run(layer, QUERY, VALUE)[0])
        assert np.abs(outputs[-1] - before).max() > 1e-3
    # Quantised inputs may fall on the other side of a step of 1/127.
    np.testing.assert_allclose(*outputs, atol=2e-5 if change is adapted else 5e-2)


def test_equals_keras_with_a_gate():
    (ours,), (theirs,) = (
        run(attention(cls, use_gate=True), QUERY, VALUE)
        for cls in (BertAttention, keras.layers.MultiHeadAttention)
    )
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_scores_are_probabilities_of_unmasked_keys():
    _, scores = run(attention(), QUERY, VALUE, attention_mask=MASK, return_attention_scores=True)
    assert scores.shape == (B, N, T, S)
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-6)
    assert (scores[1, :, :, 3:] == 0).all()
    assert (scores[0] > 0).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_row_of_padding_spreads_evenly(policy):
    mask = np.zeros((B, 1, S), dtype="int32")
    layer = attention(dtype=policy)
    with tf.GradientTape() as tape:
        output, scores = layer(QUERY, VALUE, attention_mask=mask, return_attention_scores=True)
        loss = tf.reduce_sum(tf.cast(output, "float32") ** 2)
    np.testing.assert_allclose(keras.ops.cast(scores, "float32"), 1 / S, rtol=0.01)
    assert np.isfinite(keras.ops.cast(output, "float32")).all()
    for gradient in tape.gradient(loss, layer.trainable_weights):
        assert np.isfinite(tf.cast(gradient, "float32")).all()


def test_softmax_is_float32_under_half_precision():
    layer = attention(dtype="mixed_float16")
    _, scores = run(layer, 3 * QUERY, 3 * VALUE, return_attention_scores=True)
    _, expected = run(attention(), 3 * QUERY, 3 * VALUE, return_attention_scores=True)
    np.testing.assert_allclose(scores, expected, atol=0.02)
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-3)


def operations(layer, training):
    function = tf.function(lambda query, value: layer(query, value, training=training))
    graph = function.get_concrete_function(tf.constant(QUERY), tf.constant(VALUE)).graph
    return [operation.type for operation in graph.get_operations()]


def test_dropout_costs_nothing_at_inference():
    with_dropout = operations(attention(dropout=0.4), training=False)
    assert with_dropout == operations(attention(dropout=0.0), training=False)
    assert len(operations(attention(dropout=0.4), training=True)) > len(with_dropout)


def test_dropout_drops_probabilities_in_training():
    layer = attention(dropout=0.4, seed=3)
    arguments = {"return_attention_scores": True, "training": True}
    _, first = run(layer, QUERY, VALUE, **arguments)
    _, second = run(layer, QUERY, VALUE, **arguments)
    assert (first != second).any()
    assert 0.2 < (first == 0).mean() < 0.6


@pytest.mark.parametrize(
    ("query", "value", "name"), [(QUERY[0], VALUE, "query"), (QUERY, VALUE[0], "value")]
)
def test_wrong_rank(query, value, name):
    with pytest.raises(ValueError, match=rf"expected {name} of rank 3; received shape"):
        BertAttention(N, D)(query, value)


def test_config_keeps_flash_attention():
    assert BertAttention(N, D, flash_attention=True).get_config()["flash_attention"] is True


def test_batches_of_none_and_one():
    layer = attention()
    assert layer(QUERY[:1], VALUE[:1]).shape == (1, T, H)
    assert layer(QUERY[:0], VALUE[:0], attention_mask=MASK[:0]).shape == (0, T, H)
