"""What TF Hub's text API asks of an encoder, of our module and of the Model Garden's alike."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_bert.checkpoints.hub_names import hub_names
from keras_bert.models.masked_lm import BertMaskedLM

CLOSE = {"rtol": 0, "atol": 1e-5}
ROWS, WIDTH = 5, 13


def features(config, rows=ROWS, width=WIDTH):
    generator = np.random.default_rng(7)
    lengths = generator.integers(1, width + 1, (rows, 1))
    mask = (np.arange(width) < lengths).astype("int32")
    shape = (rows, width)
    return {
        "input_word_ids": tf.constant(
            generator.integers(0, config.vocab_size, shape) * mask, tf.int32
        ),
        "input_mask": tf.constant(mask),
        "input_type_ids": tf.constant(generator.integers(0, 2, shape) * mask, tf.int32),
    }


def same(ours, theirs):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), **CLOSE)


def test_outputs_are_those_of_the_backbone(pair, backbone, config):
    inputs = features(config)
    outputs, expected = pair.encoder(inputs), backbone(inputs)
    assert set(outputs) == {"pooled_output", "sequence_output", "encoder_outputs", "default"}
    same(outputs["default"], outputs["pooled_output"])
    for name in ("pooled_output", "sequence_output"):
        assert outputs[name].dtype == tf.float32
        same(outputs[name], expected[name])
    assert len(outputs["encoder_outputs"]) == config.num_hidden_layers
    for layer, other in zip(outputs["encoder_outputs"], expected["encoder_outputs"], strict=True):
        same(layer, other)


def test_any_batch_and_length(pair, backbone, config):
    for rows, width in ((1, 1), (0, 3), (2, config.max_position_embeddings)):
        inputs = features(config, rows, width)
        pooled = pair.encoder(inputs)["pooled_output"]
        assert pooled.shape == (rows, config.hidden_size)
        if rows:
            same(pooled, backbone(inputs)["pooled_output"])


def test_variables(pair, config):
    count = 5 + 16 * config.num_hidden_layers + 2
    own = pair.encoder.trainable_variables
    assert len(own) == len({v.ref() for v in own}) == count
    assert {v.ref() for v in own} <= {v.ref() for v in pair.encoder.variables}
    assert list(pair.encoder.regularization_losses) == []
    names = [variable.name for variable in own]
    assert names == [f"{name}:0" for name in hub_names(config).values()]
    heads = config.num_attention_heads
    query = own[names.index("transformer/layer_0/self_attention/query/kernel:0")]
    assert query.shape == (config.hidden_size, heads, config.hidden_size // heads)


def test_vocabulary_and_case(pair):
    with open(pair.encoder.vocab_file.asset_path.numpy(), encoding="utf-8") as file:
        pieces = file.read().split("\n")
    assert pieces[:6] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ada"]
    assert pieces[14:16] == ["狗", "猫"]
    assert pair.encoder.do_lower_case.numpy()


@pytest.mark.parametrize("training", [False, True])
def test_dropout_acts_in_training_alone(pair, config, training):
    inputs = features(config)
    step = tf.function(lambda: pair.encoder(inputs, training=training)["sequence_output"])
    first, second = step().numpy(), step().numpy()
    if training:
        assert np.abs(first - second).max() > 0.1
        # Each place of a layer drops units of its own, and so does each layer.
        assert len(np.unique(np.abs(first - second).reshape(-1).round(6))) > first.size // 2
    else:
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("training", [False, True])
def test_gradients_reach_every_variable(pair, config, training):
    inputs = features(config)
    variables = pair.encoder.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        outputs = pair.encoder(inputs, training=training)
        pooled = tf.reduce_sum(outputs["pooled_output"] ** 2)
        tokens = tf.reduce_sum(outputs["sequence_output"] ** 3)
    both = tape.gradient([pooled, tokens], variables)
    assert all(
        gradient is not None and np.isfinite(tf.convert_to_tensor(gradient)).all()
        for gradient in both
    )
    moving = [largest(gradient) > 0 for gradient in both]
    # A bias of the keys moves all scores of a query alike, which softmax does not see.
    assert sum(moving) >= len(variables) - config.num_hidden_layers
    # The tape is persistent: it can be asked again, of one output alone.
    assert largest(tape.gradient(pooled, variables[-1])) > 0
    assert largest(tape.gradient(tokens, variables[-1])) == 0


def largest(gradient):
    return 0 if gradient is None else np.abs(tf.convert_to_tensor(gradient)).max()


def test_gradients_are_those_of_the_backbone(pair, backbone, config):
    inputs = features(config)
    kernels = [
        (pair.encoder.trainable_variables[-2], backbone.pooler.dense.kernel.value),
        (pair.encoder.trainable_variables[0], backbone.embeddings.word_embeddings.embeddings.value),
    ]
    for module, own in kernels:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(pair.encoder(inputs)["pooled_output"] ** 2)
        theirs = tf.convert_to_tensor(tape.gradient(loss, module))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(backbone(inputs)["pooled_output"] ** 2)
        ours = tf.convert_to_tensor(tape.gradient(loss, own))
        np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=1e-4)


def test_masked_language_model(pair, preset, config):
    keras.utils.set_random_seed(3)
    masked_lm = BertMaskedLM.from_preset(preset, sequence_length=WIDTH)
    positions = tf.constant([[0, 3], [1, 0], [2, 5], [0, 0], [1, 2]])
    inputs = features(config) | {"masked_lm_positions": positions}
    outputs = pair.encoder.mlm(inputs)
    assert {"mlm_logits", "pooled_output", "sequence_output", "encoder_outputs"} <= set(outputs)
    assert outputs["mlm_logits"].shape == (ROWS, 2, config.vocab_size)
    same(outputs["mlm_logits"], masked_lm(inputs))
    same(outputs["pooled_output"], pair.encoder(features(config))["pooled_output"])

    encoder = {v.ref() for v in pair.encoder.trainable_variables}
    variables = pair.encoder.mlm.trainable_variables
    assert encoder <= {v.ref() for v in variables}
    assert len(variables) == len(encoder) + 5
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(pair.encoder.mlm(inputs, training=True)["mlm_logits"] ** 2)
    sizes = [largest(gradient) for gradient in tape.gradient(loss, variables)]
    # The vector of the whole text has no part in the words.
    still = [v.name for v, size in zip(variables, sizes, strict=True) if size == 0]
    assert {"pooler_transform/kernel:0", "pooler_transform/bias:0"} <= set(still)
    assert len(still) <= 2 + config.num_hidden_layers


def test_weights_are_stored_once(pair):
    elements = sum(v.shape.num_elements() for v in pair.encoder.mlm.trainable_variables)
    stored = tf.train.list_variables(str(pair.encoder_path / "variables" / "variables"))
    # The object graph, the case, and what a root that was never saved has counted.
    beside = sum(np.prod(shape, dtype=int) <= 1 for _, shape in stored)
    assert sum(np.prod(shape, dtype=int) for _, shape in stored) - beside == elements
    constant = max(
        len(node.attr["value"].tensor.tensor_content)
        for node in nodes(pair.encoder_path)
        if node.op == "Const"
    )
    assert constant < 1000


def nodes(path):
    """Every node of a SavedModel's graph and its functions."""
    model = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    graph = model.meta_graphs[0].graph_def
    return [*graph.node, *(node for f in graph.library.function for node in f.node_def)]


def test_signature_in_a_session(pair, config):
    """As a loader without Python finds it: by the names of the contract, variables restored."""
    inputs = {name: tensor.numpy() for name, tensor in features(config).items()}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(pair.encoder_path))
        signature = loaded.signature_def["serving_default"]
        assert set(signature.inputs) == set(inputs)
        feed = {signature.inputs[name].name: value for name, value in inputs.items()}
        found = session.run([info.name for info in signature.outputs.values()], feed)
    expected = pair.encoder(features(config))
    wanted = [expected["pooled_output"], *expected["encoder_outputs"]]
    for one in wanted:
        assert any(f.shape == one.shape and np.allclose(f, one, atol=1e-5) for f in found)
