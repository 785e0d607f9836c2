"""`BertMaskedLM` into folders and files, out of them, and served."""

import json
import os
import pathlib
import subprocess
import sys

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


FRESH = """
import json, sys
import tensorflow as tf
import tensorflow_text
loaded = tf.saved_model.load(sys.argv[1])
answers = loaded.signatures["serving_default"](text=tf.constant(json.loads(sys.argv[2])))
assert not any(name.startswith("keras_bert") for name in sys.modules)
decode = lambda x: x.decode() if isinstance(x, bytes) else [decode(y) for y in x]
for name in ("words", "filled"):
    answers[name] = decode(answers[name].numpy().tolist())
for name in ("scores", "num_masks"):
    answers[name] = answers[name].numpy().tolist()
print(json.dumps(answers))
"""


def test_a_fresh_process_gives_the_same_answers(tmp_path):
    golden = json.loads((GOLDEN / "fill_mask.json").read_text(encoding="utf-8"))
    recorded = BertMaskedLM.from_preset(GOLDEN, sequence_length=23)
    version = recorded.export(tmp_path / "fill")
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(version), json.dumps(golden["masked"])],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    served, here = json.loads(done.stdout), recorded.predict(golden["masked"])
    for name in ("words", "filled", "num_masks"):
        assert served[name] == here[name].tolist()
    np.testing.assert_allclose(served["scores"], here["scores"], atol=1e-5)


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
