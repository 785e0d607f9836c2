import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.layers.transformer_block import TransformerEncoderBlock

B, S, N, D, INNER = 2, 7, 3, 5, 11
H = N * D
_random = np.random.default_rng(3)
STATES = _random.normal(size=(B, S, H)).astype("float32")
MASK = np.array([[1] * S, [1] * 4 + [0] * 3])
POLICIES = ["float32", "float16", "mixed_float16", "mixed_bfloat16"]


def block(**kwargs):
    layer = TransformerEncoderBlock(N, INNER, **kwargs)
    layer.build((B, S, H))
    random = np.random.default_rng(5)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(0, 0.4, weight.shape))
    return layer


def layer_norm(x, norm):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    return x * np.asarray(norm.gamma) + np.asarray(norm.beta)


def reference(layer, x, mask):
    """Post-LN by the formulas of the papers, in float64 loops over heads."""
    attention = layer.attention
    merged = np.zeros_like(x)
    for head in range(N):
        query, key, value = (
            x @ np.asarray(dense.kernel, "float64")[:, head] + np.asarray(dense.bias)[head]
            for dense in (attention.query_dense, attention.key_dense, attention.value_dense)
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(D)
        scores = np.where(mask[:, None], scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        merged += weights @ value @ np.asarray(attention.output_dense.kernel)[head]
    merged += np.asarray(attention.output_dense.bias)
    x = layer_norm(x + merged, layer.attention_layer_norm)
    inner, output = layer.intermediate_dense, layer.output_dense
    hidden = x @ np.asarray(inner.kernel) + np.asarray(inner.bias)
    hidden = hidden * 0.5 * (1 + np.vectorize(math.erf)(hidden / math.sqrt(2)))
    y = hidden @ np.asarray(output.kernel) + np.asarray(output.bias)
    return layer_norm(x + y, layer.output_layer_norm)


def test_equals_the_formulas():
    layer = block()
    expected = reference(layer, STATES.astype("float64"), MASK)
    np.testing.assert_allclose(layer(STATES, MASK), expected, atol=2e-5)


def test_masks_in_every_form_are_equal():
    layer = block()
    expected = layer(STATES, MASK)
    square = np.repeat(MASK[:, None], S, axis=1)
    for mask in (MASK.astype(bool), MASK.astype("float32"), square, square.astype(bool)):
        np.testing.assert_array_equal(layer(STATES, mask), expected)
    np.testing.assert_array_equal(layer(STATES), layer(STATES, np.ones((B, S))))


def test_scores_on_request():
    layer = block()
    output, scores = layer(STATES, MASK, return_attention_scores=True)
    assert scores.shape == (B, N, S, S)
    np.testing.assert_allclose(output, layer(STATES, MASK), atol=1e-6)
    np.testing.assert_allclose(np.sum(scores, -1), 1, atol=1e-6)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_row_of_padding_is_finite(policy):
    layer = block(dtype=policy)
    with tf.GradientTape() as tape:
        outputs = tf.cast(layer(STATES, np.zeros((B, S), "int32"), training=True), "float32")
        loss = tf.reduce_sum(outputs * STATES)
    assert np.isfinite(outputs).all()
    for weight, gradient in zip(
        layer.trainable_weights, tape.gradient(loss, layer.trainable_weights), strict=True
    ):
        assert np.isfinite(tf.cast(gradient, "float32")).all(), weight.path


def test_batches_of_none_and_one():
    layer = block()
    assert layer(STATES[:1], MASK[:1]).shape == (1, S, H)
    assert layer(STATES[:0], MASK[:0]).shape == (0, S, H)
    np.testing.assert_allclose(layer(STATES, MASK)[1:], layer(STATES[1:], MASK[1:]), atol=1e-5)


def test_a_width_that_heads_do_not_divide():
    message = (
        "expected hidden_size divisible by num_attention_heads; "
        "received hidden_size=15, num_attention_heads=2"
    )
    with pytest.raises(ValueError, match=message):
        TransformerEncoderBlock(2, INNER)(STATES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([STATES[0]], r"expected hidden_states of rank 3; received shape \(7, 15\)"),
        ([STATES, MASK[0]], r"expected attention_mask of rank 2 or 3; received shape \(7,\)"),
        ([STATES, MASK[:, :1]], r"expected equal shapes; received .*\(7,\).*\(1,\)"),
    ],
)
def test_wrong_shapes(arguments, message):
    with pytest.raises(ValueError, match=message):
        block()(*arguments)


def test_wrong_rank_of_a_symbolic_input():
    with pytest.raises(ValueError, match=r"expected hidden_states of rank 3; received shape \("):
        TransformerEncoderBlock(N, INNER)(keras.Input((H,)))


def gradients(layer, calls=1):
    with tf.GradientTape() as tape:
        x = STATES
        for _ in range(calls):
            x = layer(x, MASK, training=True)
        loss = tf.reduce_sum(x * STATES)
    return loss, tape.gradient(loss, layer.trainable_weights)


@pytest.mark.parametrize(
    ("rate", "compiled"), [(0.0, None), (0.3, None), (0.3, False), (0.3, True)]
)
def test_rematerialised_gradients_are_equal(rate, compiled):
    results = []
    for checkpointing in (False, True):
        keras.utils.set_random_seed(3)
        layer = block(
            hidden_dropout_prob=rate,
            attention_probs_dropout_prob=rate,
            gradient_checkpointing=checkpointing,
        )
        run = gradients if compiled is None else tf.function(gradients, jit_compile=compiled)
        results.append(
            (*run(layer, 1 if compiled else 2), [x.numpy() for x in layer.non_trainable_weights])
        )
    (loss, plain, state), (again, recomputed, state_again) = results
    np.testing.assert_allclose(loss, again, rtol=1e-6)
    for one, other in zip(plain, recomputed, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5 * max(1, np.abs(one).max()))
    # The random state advanced as often, so the next step drops the same units too.
    np.testing.assert_array_equal(np.array(state), np.array(state_again))


def test_rematerialising_runs_the_block_again():
    calls = {}
    for checkpointing in (False, True):
        layer = block(gradient_checkpointing=checkpointing)
        forward, count = layer._forward, []
        layer._forward = lambda *args, forward=forward, count=count: (
            count.append(1) or forward(*args)
        )
        gradients(layer)
        layer(STATES, MASK)
        calls[checkpointing] = len(count)
    assert calls == {False: 2, True: 3}  # At inference nothing is recomputed.


def test_rematerialised_with_scores():
    keras.utils.set_random_seed(3)
    layer = block(gradient_checkpointing=True)
    with tf.GradientTape() as tape:
        output, scores = layer(STATES, MASK, return_attention_scores=True, training=True)
        loss = tf.reduce_sum(output * STATES) + tf.reduce_sum(scores * scores)
    assert scores.shape == (B, N, S, S)
    assert all(x is not None for x in tape.gradient(loss, layer.trainable_weights))
