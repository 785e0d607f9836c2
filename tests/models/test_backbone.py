import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone

B, S = 2, 7
CONFIG = BertConfig(
    vocab_size=29,
    hidden_size=15,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=11,
    max_position_embeddings=13,
)
_random = np.random.default_rng(3)
IDS = _random.integers(0, 29, (B, S))
MASK = np.array([[1] * S, [1] * 4 + [0] * 3])
TYPES = _random.integers(0, 2, (B, S))
INPUTS = {"input_word_ids": IDS, "input_mask": MASK, "input_type_ids": TYPES}


@pytest.fixture(scope="module")
def backbone():
    return BertBackbone(CONFIG)


def assert_same(one, other, atol=0):
    keras.tree.map_structure(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=0, atol=atol), one, other
    )


def test_outputs(backbone):
    outputs = backbone(INPUTS)
    assert outputs.keys() == {"sequence_output", "pooled_output", "encoder_outputs"}
    assert outputs["sequence_output"].shape == (B, S, 15)
    assert outputs["pooled_output"].shape == (B, 15)
    assert [x.shape for x in outputs["encoder_outputs"]] == [(B, S, 15)] * 2
    assert_same(outputs["encoder_outputs"][-1], outputs["sequence_output"])


def test_more_outputs_on_request():
    keras.utils.set_random_seed(3)
    backbone = BertBackbone(CONFIG, output_attentions=True, output_hidden_states=True)
    outputs = backbone(INPUTS)
    assert [x.shape for x in outputs["attention_scores"]] == [(B, 3, S, S)] * 2
    assert len(outputs["hidden_states"]) == 3
    assert_same(outputs["hidden_states"][0], backbone.embeddings(IDS, TYPES))
    assert_same(outputs["hidden_states"][1:], outputs["encoder_outputs"])
    keras.utils.set_random_seed(3)
    plain = BertBackbone(CONFIG)(INPUTS)
    assert_same({name: outputs[name] for name in plain}, plain, atol=1e-6)


def test_attributes(backbone):
    assert backbone.config == CONFIG
    assert [block.name for block in backbone.encoder_blocks] == ["layer_0", "layer_1"]
    expected = backbone.pooler(backbone(INPUTS)["sequence_output"])
    assert_same(backbone(INPUTS)["pooled_output"], expected)


def test_missing_inputs_are_ones_and_zeros(backbone):
    full = {"input_mask": np.ones_like(IDS), "input_type_ids": np.zeros_like(IDS)}
    expected = backbone({"input_word_ids": IDS} | full)
    assert_same(backbone({"input_word_ids": IDS}), expected, atol=1e-6)
    nothing = {"input_mask": None, "input_type_ids": None}
    assert_same(backbone({"input_word_ids": IDS} | nothing), expected, atol=1e-6)
    assert_same(backbone({"input_word_ids": IDS.tolist()}), expected, atol=1e-6)
    assert_same(backbone.predict({"input_word_ids": IDS}, verbose=0), expected, atol=1e-6)


def test_padding_and_its_ids_change_nothing(backbone):
    other = np.where(MASK, IDS, (IDS + 11) % 29)
    expected, outputs = backbone(INPUTS), backbone(INPUTS | {"input_word_ids": other})
    kept = MASK.astype(bool)
    assert_same(
        np.array(outputs["sequence_output"])[kept], np.array(expected["sequence_output"])[kept]
    )


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "mixed_bfloat16", "float64"])
def test_rows_of_padding_are_finite(dtype):
    backbone = BertBackbone(CONFIG, dtype=dtype)
    outputs = backbone(INPUTS | {"input_mask": np.zeros_like(MASK)}, training=True)
    compute = keras.dtype_policies.get(dtype).compute_dtype
    for output in keras.tree.flatten(outputs):
        assert keras.backend.standardize_dtype(output.dtype) == compute
        assert np.isfinite(tf.cast(output, "float32")).all()


def test_batches_of_none_and_one(backbone):
    one = {name: array[:1] for name, array in INPUTS.items()}
    assert_same(backbone(one)["pooled_output"], backbone(INPUTS)["pooled_output"][:1], atol=1e-6)
    none = {name: array[:0] for name, array in INPUTS.items()}
    assert backbone(none)["sequence_output"].shape == (0, S, 15)


def test_nests_in_other_models(backbone, tmp_path):
    ids = keras.Input((None,), dtype="int32", name="input_word_ids")
    pooled = backbone({"input_word_ids": ids})["pooled_output"]
    model = keras.Model(ids, keras.layers.Dense(5)(pooled))
    assert model(IDS).shape == (B, 5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_same(loaded(IDS), model(IDS))
    assert isinstance(loaded.get_layer("bert_backbone"), BertBackbone)


def test_keras_file_keeps_config_policy_and_state(tmp_path):
    backbone = BertBackbone(
        CONFIG, output_attentions=True, gradient_checkpointing=True, dtype="mixed_bfloat16"
    )
    backbone.trainable = False
    backbone.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.config == CONFIG
    assert loaded.get_config() == backbone.get_config()
    assert loaded.encoder_blocks[0].gradient_checkpointing is True
    assert loaded.encoder_blocks[1].compute_dtype == "bfloat16"
    assert not loaded.trainable_weights
    assert_same(loaded(INPUTS)["pooled_output"], backbone(INPUTS)["pooled_output"])


def test_clones(backbone):
    clone = keras.models.clone_model(backbone)  # Keras makes it a plain functional model.
    assert clone.weights[0] is not backbone.weights[0]
    clone.set_weights(backbone.get_weights())
    assert_same(clone(INPUTS), backbone(INPUTS))


def test_clones_within_a_model(backbone):
    model = keras.Model(backbone.input, backbone(backbone.input)["pooled_output"])
    clone = keras.models.clone_model(model).get_layer("bert_backbone")
    assert isinstance(clone, BertBackbone)
    assert clone.weights[0] is not backbone.weights[0]


def test_takes_a_mapping_for_its_config():
    assert BertBackbone(CONFIG.to_dict()).config == CONFIG


def parameters(config):
    """Count what the paper's encoder has, pooler included."""
    h, i = config.hidden_size, config.intermediate_size
    tables = config.vocab_size + config.max_position_embeddings + config.type_vocab_size
    block = 4 * (h * h + h) + (h * i + i) + (i * h + h) + 2 * 2 * h
    return tables * h + 2 * h + config.num_hidden_layers * block + (h * h + h)


# https://github.com/google-research/bert#readme and the files that it links.
PUBLISHED = {
    "tiny": (2, 128, 4_385_920),
    "mini": (4, 256, 11_170_560),
    "small": (4, 512, 28_763_648),
    "medium": (8, 512, 41_373_184),
    "base": (12, 768, 109_482_240),
    "large": (24, 1024, 335_141_888),
}


@pytest.mark.parametrize("size", PUBLISHED)
def test_published_parameter_counts(size):
    layers, width, expected = PUBLISHED[size]
    config = BertConfig(
        vocab_size=30522,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        intermediate_size=4 * width,
    )
    assert parameters(config) == expected
    if width <= 256:
        assert BertBackbone(config).count_params() == expected


def test_parameter_formula_holds_for_distinct_sizes(backbone):
    trainable = sum(int(np.prod(x.shape)) for x in backbone.trainable_weights)
    assert trainable == backbone.count_params() == parameters(CONFIG)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (IDS, "expected a dict of input_word_ids and .*; received ndarray"),
        ([IDS, MASK], "expected a dict of input_word_ids and .*; received list"),
        ({"input_mask": MASK}, r"received keys \['input_mask'\]"),
        (INPUTS | {"input_masks": MASK}, r"received keys \['input_mask', 'input_masks', "),
        ({"input_word_ids": IDS / 1}, "expected integer input_word_ids; received dtype float64"),
        (INPUTS | {"input_mask": MASK / 1}, "expected integer input_mask; received dtype float64"),
        (INPUTS | {"input_mask": MASK[:, :1]}, r"expected equal shapes; received .*\(2, 1\)"),
        (INPUTS | {"input_type_ids": TYPES[:1]}, r"expected equal shapes; received .*\(1, 7\)"),
        ({"input_word_ids": IDS[0]}, r"expected input_word_ids of rank 2; received shape \(7,\)"),
        ({"input_word_ids": IDS + 29}, r"expected input_word_ids in \[0, 29\); received"),
        ({"input_word_ids": np.tile(IDS, 2)}, "expected a sequence of at most 13 tokens"),
    ],
)
def test_wrong_inputs(backbone, inputs, message):
    with pytest.raises(ValueError, match=message):
        backbone(inputs)


def test_ids_beyond_the_vocabulary_in_predict(backbone):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"is not in \[0, 29\)"):
        backbone.predict({"input_word_ids": IDS + 29}, verbose=0)


def test_a_config_that_cannot_be():
    with pytest.raises(ValueError, match="expected hidden_size divisible by num_attention_heads"):
        BertBackbone(CONFIG.to_dict() | {"num_attention_heads": 2})


def test_configs_hold_hidden_act():
    outputs = []
    for hidden_act in ("gelu", "gelu_new", "relu"):
        keras.utils.set_random_seed(3)
        config = dataclasses.replace(CONFIG, hidden_act=hidden_act, initializer_range=0.5)
        outputs.append(np.array(BertBackbone(config)(INPUTS)["sequence_output"]))
    erf, tanh, relu = outputs
    assert 1e-6 < np.abs(erf - tanh).max() < 0.01 < np.abs(erf - relu).max()
