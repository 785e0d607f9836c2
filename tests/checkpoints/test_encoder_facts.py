"""What is read from an encoder's graph, on graphs whose every operation is known."""

import pathlib

import pytest
import tensorflow as tf

from keras_bert.checkpoints.encoder_facts import encoder_facts
from keras_bert.checkpoints.saved_model_graph import SavedModelGraph

HIDDEN, BLOCKS = 5, 2


def norm(x, epsilon=1e-12):
    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), -1, keepdims=True)
    return centred * tf.math.rsqrt(variance + epsilon) * 1.5 + 0.25


def drop(x, rate, training):
    return tf.nn.dropout(x, rate) if training and rate else x


def encode(
    x,
    training,
    activation=tf.nn.relu,
    epsilon=1e-12,
    last_epsilon=None,
    hidden=0.25,
    attention=0.125,
    after_attention=None,
    norm_first=False,
):
    """A BERT without weights: each block mixes, adds and normalises twice."""
    after_attention = hidden if after_attention is None else after_attention
    if last_epsilon == "of the graph":
        epsilon = last_epsilon = tf.random.uniform([], 1e-12, 1e-11)
    x = drop(norm(x, epsilon), hidden, training)
    for _ in range(BLOCKS):
        given = norm(x, epsilon) if norm_first else x
        scores = drop(tf.nn.softmax(tf.matmul(given, given, transpose_b=True)), attention, training)
        x = x + drop(tf.matmul(scores, given), after_attention, training)
        x = x if norm_first else norm(x, epsilon)
        inner = activation(norm(x, epsilon) if norm_first else x)
        x = x + drop(tf.matmul(inner, tf.eye(HIDDEN), name="output"), hidden, training)
        x = x if norm_first else norm(x, epsilon if last_epsilon is None else last_epsilon)
    return x


@pytest.fixture
def facts(tmp_path):
    """`facts(**settings)` of a module that computes `encode`."""

    def read(output="sequence_output", nested=False, **settings):
        def call(x, training=False):
            inner = tf.function(lambda x: encode(x, training, **settings), autograph=False)
            x = inner(x) if nested else encode(x, training, **settings)
            return {output: x, "pooled_output": tf.tanh(x[:, 0]), "encoder_outputs": [x + 1.0, x]}

        module = tf.train.Checkpoint()
        module.__call__ = tf.function(call, autograph=False)
        for training in (True, False):
            spec = tf.TensorSpec([None, None, HIDDEN])
            module.__call__.get_concrete_function(spec, training=training)
        tf.saved_model.save(module, str(tmp_path))
        return encoder_facts(SavedModelGraph(tmp_path), BLOCKS, "a module")

    return read


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        (lambda x: tf.nn.gelu(x, approximate=False), "gelu"),
        (lambda x: x * 0.5 * tf.math.erfc(-x * 0.70710678), "gelu"),
        (lambda x: tf.nn.gelu(x, approximate=True), "gelu_new"),
        (tf.nn.relu, "relu"),
        (tf.nn.silu, "silu"),
        (tf.tanh, "tanh"),
    ],
)
def test_the_activation_is_found(facts, activation, name):
    assert facts(activation=activation).hidden_act == name


@pytest.mark.parametrize(
    ("activation", "received"),
    [
        (tf.identity, "none"),
        (tf.nn.elu, r"\['Elu'\]"),
        (lambda x: tf.nn.relu(x) * tf.tanh(x), r"\['relu', 'tanh'\]"),
    ],
)
def test_another_activation_is_refused(facts, activation, received):
    with pytest.raises(
        ValueError, match=rf"expected one activation .* a module; received {received}"
    ):
        facts(activation=activation)


def test_the_constant_of_normalisation_is_found_in_nested_functions_too(facts):
    assert facts(epsilon=1e-12).layer_norm_eps == 1e-12
    assert facts(epsilon=1e-5, nested=True).layer_norm_eps == 1e-5


def test_two_constants_of_normalisation_are_refused(facts):
    with pytest.raises(
        ValueError, match=r"expected one constant of layer norm.*\['1e-06', '1e-12'\]"
    ):
        facts(last_epsilon=1e-6)


def test_a_constant_that_is_computed_is_refused(facts):
    with pytest.raises(
        ValueError, match=r"expected one constant of layer norm.*received \['None'\]"
    ):
        facts(epsilon=1e-12, last_epsilon="of the graph")


@pytest.mark.parametrize(
    ("rates", "found"),
    [
        ({"hidden": 0.25, "attention": 0.125}, (0.25, 0.125)),
        ({"hidden": 0.25, "attention": 0.125, "after_attention": 0.125}, (0.25, 0.125)),
        ({"hidden": 0.1, "attention": 0.1}, (0.1, 0.1)),
        ({"hidden": 0.3, "attention": 0.0}, (0.3, 0.0)),
        ({"hidden": 0.0, "attention": 0.3}, (0.0, 0.3)),
        ({"hidden": 0.0, "attention": 0.0}, (0.0, 0.0)),
    ],
)
def test_the_rates_of_dropout_are_told_apart(facts, rates, found):
    assert facts(**rates)[2:] == found


def test_dropout_at_other_places_is_refused(facts):
    with pytest.raises(ValueError, match=r"expected dropout at 5 places .* 2 for attention"):
        facts(hidden=0.2, attention=0.1, after_attention=0.4)


def test_an_encoder_that_normalises_first_is_refused(facts):
    with pytest.raises(ValueError, match=r"normalised last, as BERT's is; .* normalise first"):
        facts(norm_first=True)


def test_a_module_without_sequence_output_is_refused(facts):
    expected = r"gives sequence_output when .* a module; received \['encoder_outputs/0', .*'other'"
    with pytest.raises(ValueError, match=expected):
        facts(output="other")


def test_a_saved_model_that_cannot_be_called_is_refused(tmp_path):
    tf.saved_model.save(tf.train.Checkpoint(), str(tmp_path))
    with pytest.raises(ValueError, match="received no call"):
        encoder_facts(SavedModelGraph(tmp_path), BLOCKS, "a module")


def test_files_that_are_no_saved_model_are_named(tmp_path):
    path = tmp_path / "saved_model.pb"
    with pytest.raises(ValueError, match=rf"expected a SavedModel's {path}; received no such"):
        SavedModelGraph(tmp_path)
    path.write_bytes(b"\xff\xff")
    with pytest.raises(ValueError, match=rf"expected a SavedModel in {path}; received Error"):
        SavedModelGraph(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"expected one graph of TensorFlow 2 .*; received 0"):
        SavedModelGraph(pathlib.Path(tmp_path))
