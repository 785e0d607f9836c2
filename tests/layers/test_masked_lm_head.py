import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.layers.embeddings import BertEmbeddings
from keras_bert.layers.masked_lm_head import MaskedLMHead
from keras_bert.models.backbone import BertBackbone

B, S, H, V = 2, 7, 5, 29
_random = np.random.default_rng(3)
STATES = _random.normal(size=(B, S, H)).astype("float32")
POSITIONS = np.array([[1, 6, 0], [3, 3, 2]])


CONFIG = BertConfig(
    vocab_size=V,
    hidden_size=H * 3,
    num_hidden_layers=1,
    num_attention_heads=3,
    intermediate_size=11,
    max_position_embeddings=13,
)


def head(**kwargs):
    layer = MaskedLMHead(keras.layers.Embedding(V, H), **kwargs)
    layer.build((B, S, H))
    random = np.random.default_rng(5)
    for weight in layer.trainable_weights:
        weight.assign(random.normal(0, 0.4, weight.shape))
    return layer


def test_equals_the_formula():
    layer = head(hidden_act="relu")
    dense, norm = layer.transform_dense, layer.transform_layer_norm
    x = np.maximum(STATES @ np.asarray(dense.kernel) + np.asarray(dense.bias), 0)
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    x = x * np.asarray(norm.gamma) + np.asarray(norm.beta)
    table = np.asarray(layer.word_embeddings.embeddings)
    expected = x @ table.T + np.asarray(layer.output_bias)
    np.testing.assert_allclose(layer(STATES), expected, atol=1e-5)
    gathered = np.take_along_axis(expected, POSITIONS[:, :, None], axis=1)
    np.testing.assert_allclose(layer(STATES, POSITIONS), gathered, atol=1e-5)


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
def test_logits_are_float32(policy):
    layer = head(dtype=policy)
    dtype = "float16" if policy == "float16" else "float32"
    assert keras.backend.standardize_dtype(layer(STATES, POSITIONS).dtype) == "float32"
    assert layer.word_embeddings.variable_dtype == "float32"
    assert layer.transform_dense.variable_dtype == dtype


def test_weights_are_five_of_its_own_and_the_table():
    layer = MaskedLMHead(BertBackbone(CONFIG))
    layer.build((None, None, CONFIG.hidden_size))
    shapes = sorted(tuple(x.shape) for x in layer.trainable_weights)
    assert shapes == sorted([(29, 15), (15, 15), (15,), (15,), (15,), (29,)])


def masked_lm(tie=lambda backbone: backbone):
    backbone = BertBackbone(CONFIG)
    positions = keras.Input((None,), dtype="int32", name="masked_lm_positions")
    inputs = backbone.input
    logits = MaskedLMHead(tie(backbone), name="head")(
        backbone(inputs)["sequence_output"], positions
    )
    return keras.Model(inputs | {"masked_lm_positions": positions}, logits)


INPUTS = {
    "input_word_ids": _random.integers(0, V, (B, S)),
    "input_mask": np.ones((B, S), "int32"),
    "input_type_ids": np.zeros((B, S), "int32"),
    "masked_lm_positions": POSITIONS,
}


def test_the_tie_survives_a_keras_file(tmp_path):
    model = masked_lm()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(INPUTS), model(INPUTS))
    assert loaded.count_params() == model.count_params()
    backbone, loaded_head = loaded.get_layer("bert_backbone"), loaded.get_layer("head")
    assert loaded_head.word_embeddings is backbone.embeddings.word_embeddings
    table = backbone.embeddings.word_embeddings.embeddings
    before = np.array(loaded(INPUTS))
    table.assign(table * 2)
    assert np.abs(before - loaded(INPUTS)).max() > 0.01


def test_the_table_is_stored_once(tmp_path):
    import h5py

    model = masked_lm()
    model.save_weights(tmp_path / "model.weights.h5")
    shapes = []
    with h5py.File(tmp_path / "model.weights.h5") as file:
        file.visititems(lambda _, x: shapes.append(x.shape) if hasattr(x, "shape") else None)
    assert shapes.count((V, CONFIG.hidden_size)) == 1
    again = masked_lm()
    again.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(again(INPUTS), model(INPUTS))


def test_the_table_learns_from_both_ends():
    model = masked_lm()
    assert len({id(x) for x in model.trainable_weights}) == len(model.trainable_weights)
    backbone = model.get_layer("bert_backbone")
    table = backbone.embeddings.word_embeddings.embeddings
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(INPUTS) ** 2)
    gradient = tf.convert_to_tensor(tape.gradient(loss, table.value)).numpy()
    unseen = sorted(set(range(V)) - set(INPUTS["input_word_ids"].flat))
    assert unseen
    assert (np.abs(gradient[unseen]).max(-1) > 0).all()  # Through the logits.


@pytest.mark.parametrize("part", ["embeddings", "word_embeddings"])
def test_ties_to_parts_too(part):
    backbone = BertBackbone(CONFIG)
    source = backbone.embeddings
    source = source if part == "embeddings" else source.word_embeddings
    assert MaskedLMHead(source).word_embeddings is backbone.embeddings.word_embeddings


def test_ties_to_embeddings_of_a_hand_made_model(tmp_path):
    ids = keras.Input((None,), dtype="int32", name="ids")
    embeddings = BertEmbeddings(V, H, name="tables")
    model = keras.Model(ids, MaskedLMHead(embeddings, name="head")(embeddings(ids)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.count_params() == model.count_params()
    np.testing.assert_array_equal(loaded(POSITIONS), model(POSITIONS))


def test_wrong_table():
    message = "expected embeddings to be a BertBackbone, a BertEmbeddings or a .*; received Dense"
    with pytest.raises(ValueError, match=message):
        MaskedLMHead(keras.layers.Dense(3))


def test_wrong_width():
    message = "expected sequence_output as wide as the embedding table, 5; received 6"
    with pytest.raises(ValueError, match=message):
        MaskedLMHead(keras.layers.Embedding(V, H))(np.zeros((B, S, 6), "float32"))


@pytest.mark.parametrize("states", [STATES[0], keras.Input((H,))])
def test_wrong_rank(states):
    with pytest.raises(ValueError, match=r"expected sequence_output of rank 3; received shape \("):
        head()(states)


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ([[S], [0]], r"expected masked_lm_positions in \[0, 7\); received 7"),
        ([[-1], [0]], r"expected masked_lm_positions in \[0, 7\); received -1"),
        ([[1.0], [0.0]], "expected integer masked_lm_positions; received dtype float"),
        ([1, 0], r"expected masked_lm_positions of rank 2; received shape \(2,\)"),
    ],
)
def test_wrong_positions(positions, message):
    with pytest.raises(ValueError, match=message):
        head()(STATES, np.array(positions))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_positions_outside_of_the_sequence_in_a_graph(jit_compile):
    layer = head()
    compiled = tf.function(lambda x, at: layer(x, at), jit_compile=jit_compile)
    outside = compiled(STATES, tf.constant([[S], [0]]))
    np.testing.assert_allclose(outside[0], layer(0 * STATES)[0, :1], atol=1e-5)
    np.testing.assert_allclose(outside[1], layer(STATES)[1, :1], atol=1e-5)


def test_batches_of_none_and_one():
    layer = head()
    assert layer(STATES[:1], POSITIONS[:1]).shape == (1, 3, V)
    assert layer(STATES[:0], POSITIONS[:0]).shape == (0, 3, V)
