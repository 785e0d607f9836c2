"""Pretraining: both heads beside Google's graph and transformers, and training on pairs."""

import pathlib
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.models.masked_lm import BertMaskedLM
from keras_bert.models.pretrainer import BertPretrainer
from keras_bert.models.task_presets import load_task
from keras_bert.models.weights import collect_arrays, named_variables

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
HEAD = "cls/seq_relationship/output_weights"
CLOSE = {"rtol": 0, "atol": 1e-5}


def pretrainer_of(name, folder):
    """A golden folder's model; the folders lack a vocabulary, which a task must have."""
    shutil.copytree(GOLDEN / name, folder)
    size = read_checkpoint(folder).config.vocab_size
    words = SPECIAL + [f"w{number}" for number in range(size - len(SPECIAL))]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    return BertPretrainer.from_preset(folder, sequence_length=11)


@pytest.fixture
def small(make_parts):
    return BertPretrainer(*make_parts())


@pytest.fixture(scope="module")
def pairs():
    """Second texts that praise follow (label 0), others do not."""
    praise, blame = "good fine great good", "bad poor awful poor"
    return (["the film", "a book"] * 12, [praise, praise, blame, blame] * 6), [0, 0, 1, 1] * 6


def assert_same_arrays(one, other):
    arrays, others = (collect_arrays(named_variables(model)) for model in (one, other))
    assert list(arrays) == list(others)
    assert all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)


# === Beside the references ===


def test_googles_heads(tmp_path):
    task = pretrainer_of("google_tf1", tmp_path / "google")
    golden = np.load(GOLDEN / "google_tf1" / "outputs.npz")
    outputs = task(
        {
            "input_word_ids": golden["ids"],
            "input_mask": golden["mask"],
            "input_type_ids": golden["typ"],
            "masked_lm_positions": golden["pos"],
        }
    )
    logs = np.asarray(keras.ops.log_softmax(outputs["mlm_logits"])).reshape(golden["mlm"].shape)
    # These reach -15; see test_preset_io.py.
    np.testing.assert_allclose(logs, golden["mlm"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(keras.ops.log_softmax(outputs["nsp_logits"]), golden["nsp"], **CLOSE)


def test_hugging_faces_heads(tmp_path):
    task = pretrainer_of("huggingface_pretraining", tmp_path / "huggingface")
    golden = np.load(GOLDEN / "huggingface_pretraining" / "outputs.npz")
    outputs = task(
        {
            "input_word_ids": golden["input_ids"],
            "input_mask": golden["attention_mask"],
            "input_type_ids": golden["token_type_ids"],
        }
    )
    np.testing.assert_allclose(outputs["mlm_logits"], golden["prediction_logits"], **CLOSE)
    np.testing.assert_allclose(outputs["nsp_logits"], golden["seq_relationship_logits"], **CLOSE)


# === Training ===


def test_learns_both(make_parts, pairs):
    task = BertPretrainer(*make_parts(), masked_lm_prob=0.2)
    task.compile_for(24, epochs=40, batch_size=8, learning_rate=1e-2)
    history = task.fit(*pairs, epochs=40, batch_size=8, verbose=0).history
    assert {"loss", "mlm_logits_accuracy", "mlm_logits_perplexity", "nsp_logits_accuracy"} <= set(
        history
    )
    assert history["nsp_logits_accuracy"][-1] > 0.9
    assert history["mlm_logits_accuracy"][-1] > history["mlm_logits_accuracy"][0] + 0.2
    rows = task.answer(pairs[0])
    assert [row["label"] for row in rows[:4]] == ["is_next", "is_next", "not_next", "not_next"]
    total = history["mlm_logits_loss"][-1] + history["nsp_logits_loss"][-1]
    assert history["loss"][-1] == pytest.approx(total, rel=0.05)


def features_of(task, pairs):
    """What a data set of pretraining holds, as NumPy arrays."""
    (first, second), labels = pairs
    masked = task.masker(task.preprocessor((first, second)), (1, 2))
    arrays = {name: np.asarray(value) for name, value in masked.items()}
    return arrays | {"next_sentence_labels": np.array(labels, "int32")}


def test_features_masked_before(small, pairs):
    arrays = features_of(small, pairs)
    # Google's files keep one label a row, [B, 1].
    dataset = tf.data.Dataset.from_tensor_slices(
        arrays | {"next_sentence_labels": arrays["next_sentence_labels"][:, None]}
    ).batch(8)
    history = small.fit(dataset, validation_data=dataset, epochs=1, verbose=0).history
    assert np.isfinite(history["val_loss"]).all()
    scores = small.score(arrays, verbose=0)
    assert scores["loss"] == pytest.approx(small.score(dataset, verbose=0)["loss"], rel=1e-3)
    assert np.isfinite(small.fit(arrays, verbose=0, batch_size=8).history["loss"]).all()
    logits = small.predict_logits({name: arrays[name] for name in small.input_names}, verbose=0)
    assert logits["nsp_logits"].shape == (24, 2)


def test_losses_follow_their_formulas(small, pairs):
    arrays = features_of(small, pairs)
    scores = small.score(arrays, verbose=0, batch_size=24)
    outputs = small({name: arrays[name] for name in small.input_names})
    mlm, nsp = (
        np.asarray(keras.ops.log_softmax(outputs[name])) for name in ("mlm_logits", "nsp_logits")
    )
    chosen = np.take_along_axis(mlm, arrays["masked_lm_ids"][..., None], -1)[..., 0]
    weights = arrays["masked_lm_weights"]
    expected = -(chosen * weights).sum() / weights.sum()
    follows = -nsp[np.arange(24), arrays["next_sentence_labels"]].mean()
    assert scores["mlm_logits_loss"] == pytest.approx(expected, rel=1e-4)
    assert scores["nsp_logits_loss"] == pytest.approx(follows, rel=1e-4)
    assert scores["loss"] == pytest.approx(expected + follows, rel=1e-4)
    right = (mlm.argmax(-1) == arrays["masked_lm_ids"]) * weights
    assert scores["mlm_logits_accuracy"] == pytest.approx(right.sum() / weights.sum(), abs=1e-6)


def test_datasets_of_pairs(small, pairs):
    (first, second), labels = pairs
    dataset = tf.data.Dataset.from_tensor_slices(((first, second), labels))
    assert np.isfinite(small.fit(dataset.batch(6), verbose=0).history["loss"]).all()
    without = dataset.map(lambda x, _: x)
    answers = small.predict(without.batch(5))
    np.testing.assert_allclose(answers["score"], small.predict(pairs[0])["score"], atol=2e-6)


# === Folders and exports ===


@pytest.mark.usefixtures("untraced")
def test_a_preset_brings_both_heads_back(make_parts, pairs, tmp_path):
    task = BertPretrainer(*make_parts(), masked_lm_prob=0.2, max_ngram=3)
    folder = task.save_to_preset(tmp_path / "out")
    assert read_checkpoint(folder).heads == ("mlm", "nsp")
    again = load_task(folder)
    assert type(again) is BertPretrainer and again.head_config() == task.head_config()
    assert_same_arrays(again, task)
    # Its masked words go on without the other head, and the reverse with a warning.
    masked_lm = BertMaskedLM.from_preset(folder)
    np.testing.assert_array_equal(
        masked_lm.head.transform_dense.kernel, task.mlm_head.transform_dense.kernel
    )
    masked_lm.save_to_preset(tmp_path / "masked")
    with pytest.warns(UserWarning, match="the checkpoint has no head nsp: that one is new"):
        one_headed = BertPretrainer.from_preset(tmp_path / "masked")
    np.testing.assert_array_equal(
        one_headed.mlm_head.transform_dense.kernel, task.mlm_head.transform_dense.kernel
    )


def test_a_saved_pretrainer_is_googles_and_hugging_faces_too(small, tmp_path):
    folder = small.save_to_preset(tmp_path / "out")
    write_checkpoint(read_checkpoint(folder), tmp_path / "huggingface", "huggingface")
    with pytest.warns(UserWarning, match="Google's own code computes the tanh approximation"):
        write_checkpoint(read_checkpoint(folder), tmp_path / "google", "google")
    for form in ("google", "huggingface"):
        assert_same_arrays(BertPretrainer.from_preset(tmp_path / form), small)


@pytest.mark.usefixtures("untraced")
def test_keras_file_brings_back_the_task(small, pairs, tmp_path):
    small.save(tmp_path / "task.keras")
    loaded = keras.models.load_model(tmp_path / "task.keras")
    assert loaded.answer(pairs[0]) == small.answer(pairs[0])


def test_exported_signatures(small, pairs, tmp_path):
    loaded = tf.saved_model.load(small.export(tmp_path / "pairs"))
    first, second = pairs[0]
    served = loaded.signatures["serving_default"](
        text=tf.constant(first), text_pair=tf.constant(second)
    )
    here = small.predict(pairs[0])
    assert [label.decode() for label in served["label"].numpy()] == here["label"].tolist()
    np.testing.assert_allclose(served["score"], here["score"], atol=1e-5)
    features = {**small.preprocessor((["a film"], ["a book"])), "masked_lm_positions": [[1, 4]]}
    features = {name: tf.constant(value) for name, value in features.items()}
    served, here = loaded.signatures["features"](**features), small(features)
    for name in ("mlm_logits", "nsp_logits"):
        np.testing.assert_allclose(served[name], here[name], atol=1e-5)


# === Input ===


def test_labels_by_name_and_number(small, pairs):
    names = [["is_next", "not_next"][label] for label in pairs[1]]
    assert small.pipeline.encode(names, 24).tolist() == pairs[1]


def test_bad_input(small, pairs):
    (first, second), labels = pairs
    with pytest.raises(ValueError, match="next-sentence label for each of 24 pairs; received none"):
        small.fit((first, second))
    with pytest.raises(ValueError, match="next-sentence label for each of 24 pairs; received 3"):
        small.fit((first, second), labels[:3])
    with pytest.raises(ValueError, match="expected class numbers from 0 to 1"):
        small.fit((first, second), [2] * 24)
    with pytest.raises(ValueError, match="expected pairs, as two collections of texts"):
        small.fit(first, labels)
    with pytest.raises(ValueError, match="expected pairs, as two collections of texts"):
        small.predict(first)
    with pytest.raises(ValueError, match="received none of next_sentence_labels"):
        arrays = features_of(small, pairs)
        small.fit({name: x for name, x in arrays.items() if name != "next_sentence_labels"})
    with pytest.raises(ValueError, match=r"expected elements \(\(first, second\), label\)"):
        small.fit(tf.data.Dataset.from_tensor_slices((first, second)))
    with pytest.raises(ValueError, match="expected a dict of input_word_ids"):
        small.predict_logits(first)
    with pytest.raises(ValueError, match="expected max_predictions_per_seq"):
        BertPretrainer(small.backbone, small.preprocessor, max_predictions_per_seq=0)
