"""A backbone that was saved on TensorFlow computes the same on JAX."""

import pathlib

import keras
import numpy as np
import pytest

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone

SCRIPT = pathlib.Path(__file__).parent / "jax_backbone.py"
CONFIG = BertConfig(
    vocab_size=29,
    hidden_size=15,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=11,
    max_position_embeddings=13,
    initializer_range=0.3,
)
_random = np.random.default_rng(3)
INPUTS = {
    "input_word_ids": _random.integers(0, 29, (5, 7)).astype("int32"),
    "input_mask": (np.arange(7) < np.array([7, 4, 1, 0, 6])[:, None]).astype("int32"),
    "input_type_ids": _random.integers(0, 2, (5, 7)).astype("int32"),
}


@pytest.fixture(scope="module")
def backbone():
    return BertBackbone(CONFIG, output_attentions=True, output_hidden_states=True)


@pytest.fixture(scope="module")
def on_jax(backbone, tmp_path_factory, jax_process):
    """What jax_backbone.py computed."""
    folder = tmp_path_factory.mktemp("jax")
    backbone.save(folder / "model.keras")
    np.savez(folder / "inputs.npz", **INPUTS)
    jax_process(SCRIPT, "main", folder)
    return dict(np.load(folder / "outputs.npz"))


def assert_equal(on_jax, prefix, outputs):
    paths = keras.tree.flatten_with_path(outputs)
    assert len(paths) == sum(name.startswith(f"{prefix}/") for name in on_jax)
    for path, expected in paths:
        actual = on_jax[f"{prefix}/{'/'.join(map(str, path))}"]
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5, err_msg=str(path))


def test_every_output_is_equal(backbone, on_jax):
    assert_equal(on_jax, "all_inputs", backbone(INPUTS))


def test_without_mask_and_types(backbone, on_jax):
    assert_equal(on_jax, "ids_alone", backbone({"input_word_ids": INPUTS["input_word_ids"]}))


def test_ids_beyond_the_vocabulary(on_jax):
    assert "expected input_word_ids in [0, 29); received 10" in str(on_jax["beyond"])


def test_fit_with_gradient_checkpointing_gives_the_same_losses(on_jax):
    np.testing.assert_allclose(on_jax["fit/True"], on_jax["fit/False"], rtol=1e-5)
    assert on_jax["fit/True"][1] != on_jax["fit/True"][0]
