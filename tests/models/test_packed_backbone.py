"""Texts in packed rows are computed as each in a row of its own, gradients too."""

import keras
import numpy as np
import pytest

from keras_bert.models.backbone import BertBackbone

CONFIG = {
    "vocab_size": 29,
    "hidden_size": 15,
    "num_hidden_layers": 1,
    "num_attention_heads": 3,
    "intermediate_size": 11,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "max_position_embeddings": 7,  # rows are longer than the longest text
    "type_vocab_size": 3,
    "initializer_range": 0.3,
}
NUMBERS = np.array([[1] * 4 + [2] * 7 + [0] * 2, [1] * 2 + [2] * 3 + [3] * 6 + [4] * 2], "int32")
STARTS = np.array([[0, 4, 0, 0], [0, 2, 5, 11]], "int32")
_random = np.random.default_rng(3)
PACKED = {
    "input_word_ids": _random.integers(0, 29, NUMBERS.shape).astype("int32"),
    "input_type_ids": _random.integers(0, 3, NUMBERS.shape).astype("int32"),
    "input_mask": (NUMBERS > 0).astype("int32"),
    "input_sequence_ids": NUMBERS,
    "first_positions": STARTS,
}
PLACES = [  # of each text: its row, its slot there, and its positions
    (row, slot, np.flatnonzero(NUMBERS[row] == slot + 1))
    for row, count in enumerate(NUMBERS.max(axis=1))
    for slot in range(count)
]


def plain():
    """The same texts in rows of their own, padded to the longest."""
    arrays = {name: np.zeros((len(PLACES), 7), "int32") for name in list(PACKED)[:2]}
    mask = np.zeros((len(PLACES), 7), "int32")
    for text, (row, _, places) in enumerate(PLACES):
        mask[text, : len(places)] = 1
        for name, array in arrays.items():
            array[text, : len(places)] = PACKED[name][row, places]
    return arrays | {"input_mask": mask}


def outputs(model, inputs):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(inputs))


def backbones(**options):
    keras.utils.set_random_seed(5)
    packed = BertBackbone(CONFIG, packed=True, **options)
    single = BertBackbone(CONFIG, **options)
    for one, other in zip(packed.weights, single.weights, strict=True):
        assert one.path.split("/")[1:] == other.path.split("/")[1:]
    single.set_weights(packed.get_weights())
    return packed, single


def differences(**options):
    """The largest difference of token vectors, and of pooled ones."""
    packed, single = backbones(**options)
    rows, texts = outputs(packed, PACKED), outputs(single, plain())
    found = {"sequence_output": 0.0, "pooled_output": 0.0}
    for text, (row, slot, places) in enumerate(PLACES):
        pairs = {
            "sequence_output": (
                rows["sequence_output"][row, places],
                texts["sequence_output"][text, : len(places)],
            ),
            "pooled_output": (rows["pooled_output"][row, slot], texts["pooled_output"][text]),
        }
        for name, (one, other) in pairs.items():
            found[name] = max(found[name], float(np.abs(one - other).max()))
    assert np.isfinite(rows["sequence_output"]).all()
    return found


def trained():
    """Weights after a step of plain gradient descent, packed and not; largest difference."""
    losses, weights = [], []
    models = backbones()
    before = models[0].get_weights()
    for model, inputs in zip(models, (PACKED, plain()), strict=True):
        keras.utils.set_random_seed(7)
        scores = keras.layers.Dense(1)(model.output["pooled_output"])
        whole = keras.Model(model.input, scores)
        whole.compile(
            keras.optimizers.SGD(0.1),
            keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"),
        )
        labels = np.array([0.5 * text for text in range(len(PLACES))], "float32")[:, None]
        weight = np.ones(len(PLACES), "float32")
        if "first_positions" in inputs:
            spread = np.zeros((*STARTS.shape, 1), "float32"), np.zeros(STARTS.shape, "float32")
            for text, (row, slot, _) in enumerate(PLACES):
                spread[0][row, slot], spread[1][row, slot] = labels[text], weight[text]
            labels, weight = spread
        fitted = whole.fit(inputs, labels, sample_weight=weight, verbose=0)
        losses.append(fitted.history["loss"][0])
        weights.append(model.get_weights())
    largest = max(float(np.abs(a - b).max()) for a, b in zip(*weights, strict=True))
    moved = max(float(np.abs(a - b).max()) for a, b in zip(weights[0], before, strict=True))
    return {"losses": losses, "largest": largest, "moved": moved}


def check(found):
    assert max(found.values()) < 1e-5


def check_trained(found):
    np.testing.assert_allclose(*found["losses"], rtol=1e-5)
    assert found["largest"] < 1e-6 and found["moved"] > 1e-2


def test_vectors_equal_those_of_single_texts():
    check(differences())


def test_one_step_moves_weights_as_single_texts_do():
    check_trained(trained())


def test_on_jax(jax_process):
    check_trained(jax_process(__file__, "trained"))


def test_reduced_precision_and_checkpointing():
    assert max(differences(dtype="mixed_bfloat16").values()) < 0.06
    check(differences(gradient_checkpointing=True))


def test_a_text_does_not_see_its_neighbours():
    packed, _ = backbones()
    changed = PACKED | {"input_word_ids": PACKED["input_word_ids"].copy()}
    changed["input_word_ids"][1, :5] = 28 - changed["input_word_ids"][1, :5]
    before, after = (outputs(packed, x)["sequence_output"] for x in (PACKED, changed))
    np.testing.assert_array_equal(after[1, 5:], before[1, 5:])
    assert np.abs(after[1, :5] - before[1, :5]).max() > 0.1


def test_pooled_output_without_first_positions_is_the_first_texts():
    packed, _ = backbones()
    some = {name: PACKED[name] for name in ("input_word_ids", "input_sequence_ids")}
    pooled = outputs(packed, some)["pooled_output"]
    expected = outputs(packed, some | {"first_positions": 0 * STARTS[:, :1]})
    np.testing.assert_allclose(pooled, expected["pooled_output"][:, 0], atol=1e-6)


def test_refusals():
    packed, single = backbones()
    ids = {"input_word_ids": PACKED["input_word_ids"]}
    message = "expected a dict of input_word_ids and input_sequence_ids and optionally"
    with pytest.raises(ValueError, match=message):
        packed(ids)
    with pytest.raises(ValueError, match=r"expected equal shapes; received .*input_sequence_ids"):
        packed(ids | {"input_sequence_ids": NUMBERS[:, :5]})
    with pytest.raises(ValueError, match=r"expected first_positions in \[0, 13\); received 13"):
        packed(ids | {"input_sequence_ids": NUMBERS, "first_positions": STARTS + 2})
    with pytest.raises(ValueError, match=r"expected position_ids in \[0, 7\); received 8"):
        packed(
            ids
            | {"input_sequence_ids": np.ones_like(NUMBERS[:, :9])}
            | {"input_word_ids": PACKED["input_word_ids"][:, :9]}
        )
    with pytest.raises(ValueError, match="input_sequence_ids"):
        single(PACKED)


def test_presets_make_packed_backbones(tmp_path):
    packed, single = backbones()
    single.save_to_preset(tmp_path / "preset")
    again = BertBackbone.from_preset(tmp_path / "preset", packed=True)
    expected = outputs(packed, PACKED)["pooled_output"]
    np.testing.assert_allclose(outputs(again, PACKED)["pooled_output"], expected, atol=1e-6)
