import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.layers.embeddings import BertEmbeddings

V, H, P, T = 29, 5, 7, 3
IDS = np.array([[3, 0, 28], [28, 11, 3]])
TYPES = np.array([[0, 2, 1], [1, 1, 0]])


@pytest.fixture(scope="module")
def embeddings():
    layer = BertEmbeddings(V, H, P, T)
    layer.build((None, None))
    random = np.random.default_rng(3)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    return layer


def expected(layer, ids, types, positions):
    words, places, kinds = (
        np.asarray(table.embeddings)
        for table in (layer.word_embeddings, layer.position_embeddings, layer.token_type_embeddings)
    )
    x = words[ids] + places[positions] + kinds[types]
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    return x * np.asarray(layer.layer_norm.gamma) + np.asarray(layer.layer_norm.beta)


def test_sums_three_tables_and_normalises(embeddings):
    outputs = embeddings(IDS, TYPES)
    np.testing.assert_allclose(outputs, expected(embeddings, IDS, TYPES, range(3)), atol=1e-5)
    np.testing.assert_allclose(
        embeddings(IDS), expected(embeddings, IDS, 0 * IDS, range(3)), atol=1e-5
    )
    positions = np.array([[6, 5, 4], [0, 0, 1]])
    np.testing.assert_allclose(
        embeddings(IDS, TYPES, positions), expected(embeddings, IDS, TYPES, positions), atol=1e-5
    )


def test_initialises_within_two_deviations():
    layer = BertEmbeddings(997, 31, initializer_range=0.02)
    layer.build((None, None))
    table = np.asarray(layer.word_embeddings.embeddings)
    assert np.abs(table).max() <= 0.04
    assert 0.016 < table.std() < 0.019  # A normal cut at two deviations has 0.88 of them.
    assert len({np.asarray(x).flat[0] for x in layer.trainable_weights[:3]}) == 3


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_takes_any_integers(embeddings, dtype):
    np.testing.assert_array_equal(embeddings(IDS.astype(dtype)), embeddings(IDS))


def test_batches_of_none_and_one(embeddings):
    assert embeddings(IDS[:1], TYPES[:1]).shape == (1, 3, H)
    assert embeddings(IDS[:0], TYPES[:0]).shape == (0, 3, H)


def test_longest_sequence(embeddings):
    assert embeddings(np.zeros((2, P), "int32")).shape == (2, P, H)
    message = rf"expected a sequence of at most {P} tokens \(max_position_embeddings\); received 8"
    with pytest.raises(ValueError, match=message):
        embeddings(np.zeros((2, P + 1), "int32"))
    with pytest.raises(ValueError, match=message):
        embeddings(keras.Input((P + 1,), dtype="int32"))


@pytest.mark.parametrize("wrap", [np.asarray, tf.constant])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([[[3, V]]], rf"expected input_word_ids in \[0, {V}\); received {V}"),
        ([[[3, -1]]], rf"expected input_word_ids in \[0, {V}\); received -1"),
        ([[[3, 4]], [[0, T]]], rf"expected input_type_ids in \[0, {T}\); received {T}"),
        ([[[3, 4]], None, [[0, P]]], rf"expected position_ids in \[0, {P}\); received {P}"),
        ([[[3.0, 4.0]]], "expected integer input_word_ids; received dtype float"),
        ([[[3, 4]], [[0.0, 1.0]]], "expected integer input_type_ids; received dtype float"),
        ([[3, 4]], r"expected input_word_ids of rank 2; received shape \(2,\)"),
        ([[[[3]]]], r"expected input_word_ids of rank 2; received shape \(1, 1, 1\)"),
        ([[[3, 4]], [[0]]], r"expected equal shapes; received .*\(1, 2\).*\(1, 1\)"),
    ],
)
def test_wrong_ids(embeddings, arguments, message, wrap):
    with pytest.raises(ValueError, match=message):
        embeddings(*(x if x is None else wrap(x) for x in arguments))


def test_wrong_ids_in_a_graph(embeddings):
    compiled = tf.function(lambda ids: embeddings(ids))
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"29 is not in \[0, {V}\)"):
        compiled(tf.constant([[3, V]]))


def test_dropout_only_in_training(embeddings):
    kept = keras.ops.convert_to_numpy(embeddings(IDS, TYPES))
    assert (kept != 0).all()
    layer = BertEmbeddings.from_config(embeddings.get_config() | {"hidden_dropout_prob": 0.5})
    dropped = keras.ops.convert_to_numpy(layer(np.tile(IDS, (5, 2)), training=True))
    assert 0.3 < (dropped == 0).mean() < 0.7
