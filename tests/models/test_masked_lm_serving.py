"""`BertMaskedLM` into folders and files, out of them, and served."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.models.masked_lm import BertMaskedLM
from keras_bert.models.task_presets import load_task
from keras_bert.models.weights import collect_arrays, named_variables

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "huggingface_masked_lm"


@pytest.fixture
def small(make_parts):
    return BertMaskedLM(*make_parts(), top_k=3)


def assert_same_arrays(one, other):
    arrays, others = (collect_arrays(named_variables(model)) for model in (one, other))
    assert list(arrays) == list(others)
    assert all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)


@pytest.mark.usefixtures("untraced")
def test_a_preset_brings_head_and_settings_back(make_parts, tmp_path):
    settings = {"top_k": 2, "masked_lm_prob": 0.2, "whole_word": True, "max_ngram": 3}
    task = BertMaskedLM(*make_parts(), max_predictions_per_seq=7, **settings)
    folder = task.save_to_preset(tmp_path / "out")
    again = load_task(folder)
    assert type(again) is BertMaskedLM
    assert again.head_config() == task.head_config()
    assert again.head_config() == settings | {"max_predictions_per_seq": 7}
    assert_same_arrays(again, task)
    texts = ["the [MASK] was [MASK]"]
    assert again.answer(texts) == task.answer(texts)
    assert BertMaskedLM.from_preset(folder, top_k=1).predict(texts)["words"].shape == (1, 2, 1)


def test_a_folder_without_the_head_gives_a_new_one(small, tmp_path):
    small.backbone.save_to_preset(tmp_path / "out", preprocessor=small.preprocessor)
    task = BertMaskedLM.from_preset(tmp_path / "out")
    np.testing.assert_array_equal(task.head.output_bias.numpy(), 0)


def test_keras_file_brings_back_the_task(small, tmp_path):
    small.save(tmp_path / "task.keras")
    loaded = keras.models.load_model(tmp_path / "task.keras")
    texts = ["the [MASK] was [MASK]", "[MASK]!"]
    assert loaded.answer(texts) == small.answer(texts)
    assert loaded.head.word_embeddings is loaded.backbone.embeddings.word_embeddings


def test_signatures_compiled_by_xla(small, tmp_path):
    version = small.export(tmp_path / "fill", jit_compile=True)
    loaded = tf.saved_model.load(version)
    texts = tf.constant(["[MASK] film", "none", "[MASK]" * 5, "[MASK]" * 30])
    served = loaded.signatures["serving_default"](text=texts)
    assert served["num_masks"].numpy().tolist() == [1, 0, 5, 15]  # 15 fit beside [CLS], [SEP]
    assert served["filled"].numpy()[1] == b"none"
    assert served["filled"].numpy()[3].endswith(b"[MASK]" * 15)
    empty = loaded.signatures["serving_default"](text=tf.constant([], tf.string))
    assert empty["words"].shape == (0, 1, 3)
    features = {**small.preprocessor(["the film"]), "masked_lm_positions": tf.constant([[2, 1]])}
    np.testing.assert_allclose(
        loaded.signatures["features"](**features)["mlm_logits"], small(features), atol=1e-5
    )
