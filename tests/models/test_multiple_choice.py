import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.checkpoints import read_checkpoint, write_checkpoint
from keras_bert.models import BertMultipleChoice, load_task

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "huggingface_multiple_choice"
GOOD, BAD = ["good", "fine", "great"], ["bad", "poor", "awful"]
# What a tiny model can learn: of three texts, the one opinion that is no film and no book.
CONTEXTS = [f"the {thing} was {word}" for word in GOOD + BAD for thing in ("film", "book")]
CHOICES = [
    [word if place == row % 3 else ("the film", "a book")[place % 2] for place in range(3)]
    for row, word in enumerate(word for word in GOOD + BAD for _ in range(2))
]
LABELS = [row % 3 for row in range(12)]
X = (CONTEXTS, CHOICES)


@pytest.fixture
def task(tiny_parts):
    return BertMultipleChoice(*tiny_parts, dropout=0.0)


@pytest.fixture(scope="module")
def trained(make_parts):
    task = BertMultipleChoice(*make_parts(), dropout=0.0)
    task.compile_for(12, epochs=10, batch_size=6, learning_rate=5e-3)
    task.fit(X, LABELS, epochs=10, batch_size=6, verbose=0)
    return task


def test_head_is_that_of_transformers():
    task = BertMultipleChoice.from_preset(GOLDEN, sequence_length=13)
    recorded = np.load(GOLDEN / "outputs.npz")
    features = {
        "input_word_ids": recorded["input_ids"],
        "input_mask": recorded["attention_mask"],
        "input_type_ids": recorded["token_type_ids"],
    }
    rows = {name: array.reshape(-1, array.shape[-1]) for name, array in features.items()}
    np.testing.assert_allclose(task(rows), recorded["logits"].reshape(-1), atol=1e-5)


def test_learns_and_answers_in_texts(trained):
    assert trained.score(X, LABELS, verbose=0) == {"accuracy": 1.0}
    answers = trained.predict(X, verbose=0)
    assert answers["choice"].tolist() == LABELS and answers["choice"].dtype == "int32"
    assert answers["label"].tolist() == [c[i] for c, i in zip(CHOICES, LABELS, strict=True)]
    np.testing.assert_allclose(answers["probabilities"].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(answers["score"], answers["probabilities"].max(axis=1))
    assert trained.evaluate(X, LABELS, verbose=0, return_dict=True)["accuracy"] == 1.0
    (row,) = trained.answer((CONTEXTS[:1], CHOICES[:1]), verbose=0)
    assert json.loads(json.dumps(row))["label"] == "good"


def test_logits_are_those_of_each_row_alone(trained):
    logits = trained.predict_logits(X, batch_size=5, verbose=0)
    assert logits.shape == (12, 3)
    for row in (0, 7):
        pairs = ([CONTEXTS[row]] * 3, CHOICES[row])
        np.testing.assert_allclose(logits[row], trained(trained.preprocessor(pairs)), atol=2e-6)


def test_another_number_of_choices(trained):
    answers = trained.predict((CONTEXTS[:2], np.array([["good", "the"], ["a", "good"]])), verbose=0)
    assert answers["probabilities"].shape == (2, 2)
    empty = trained.predict(([], []))
    assert empty["choice"].shape == (0,)


def test_labels_may_be_texts(task):
    texts = [choices[i] for choices, i in zip(CHOICES, LABELS, strict=True)]
    task.compile_for(12)
    expected = task.evaluate(X, LABELS, verbose=0)
    assert task.evaluate(X, texts, verbose=0) == pytest.approx(expected)
    for labels in (LABELS, texts):
        dataset = tf.data.Dataset.from_tensor_slices((X, labels))
        assert task.evaluate(dataset.batch(12), verbose=0) == pytest.approx(expected, rel=1e-5)
    assert task.evaluate(dataset, verbose=0) == pytest.approx(expected, rel=1e-5)
    wrong = tf.data.Dataset.from_tensor_slices((X, ["neither"] * 12)).batch(12)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected labels among the choices"):
        task.evaluate(wrong, verbose=0)


def test_a_question_stands_before_each_choice(tiny_parts):
    task = BertMultipleChoice(*tiny_parts, question=True)
    questions = ["was the film good", "is a book very poor"]
    choices = [["good", "bad"], ["not fine", "awful"]]
    logits = task.predict_logits((CONTEXTS[:2], questions, choices), verbose=0)
    for row in range(2):
        seconds = [f"{questions[row]} {choice}" for choice in choices[row]]
        alone = task(task.preprocessor(([CONTEXTS[row]] * 2, seconds)))
        np.testing.assert_allclose(logits[row], alone, atol=2e-6)
    with pytest.raises(ValueError, match=r"\(contexts, questions, choices\); received tuple .* 2"):
        task.predict((CONTEXTS, CHOICES))


def test_fit_with_weights_compiled_by_xla(task):
    task.compile_for(12, batch_size=6, jit_compile=True)
    weights = np.ones(12, "float32")
    losses = task.fit(X, LABELS, batch_size=6, sample_weight=weights, verbose=0).history["loss"]
    assert np.isfinite(losses).all()


def test_fit_compiles_by_itself(task):
    task.fit(X, LABELS, batch_size=4, epochs=2, validation_data=(X, LABELS), verbose=0)
    assert task.optimizer.iterations.numpy() == 6


def test_presets_and_keras_files(trained, tmp_path):
    expected = trained.predict_logits(X, verbose=0)
    loaded = load_task(trained.save_to_preset(tmp_path / "ours"))
    assert isinstance(loaded, BertMultipleChoice)
    np.testing.assert_allclose(loaded.predict_logits(X, verbose=0), expected, atol=2e-6)
    write_checkpoint(read_checkpoint(tmp_path / "ours"), tmp_path / "theirs", "huggingface")
    config = json.loads((tmp_path / "theirs" / "config.json").read_text())
    assert config["architectures"] == ["BertForMultipleChoice"]
    back = BertMultipleChoice.from_preset(tmp_path / "theirs", sequence_length=17)
    np.testing.assert_allclose(back.predict_logits(X, verbose=0), expected, atol=2e-6)
    trained.save(tmp_path / "task.keras")
    again = keras.models.load_model(tmp_path / "task.keras")
    np.testing.assert_allclose(again.predict_logits(X, verbose=0), expected, atol=2e-6)


BAD_RECORDS = [
    (CONTEXTS, LABELS, r"as a tuple of collections \(contexts, choices\); received list of .* 12"),
    (X, LABELS[:5], "expected a label for each record; received 12 records and 5 labels"),
    (X, [3] * 12, "expected a label from 0 to 2 in record 0; received 3"),
    (X, [0, -1] * 6, "expected a label from 0 to 2 in record 1; received -1"),
    (X, ["neither"] * 12, "one of the choices in record 0; received 'neither', which is 0 of"),
    ((["a"], [["b", "b"]]), ["b"], "received 'b', which is 2 of them"),
    (
        (["a", "a"], [["b", "c"], ["b"]]),
        [0, 0],
        "expected 2 choices, as .* in record 1; received 1",
    ),
    ((["a"], [["b"]]), [0], "expected 2 or more choices in record 0; received 1"),
    ((["a"], ["b"]), [0], "expected a list of choices in record 0; expected a collection .* 'b'"),
    ((["a"], [["b", 3]]), [0], "expected a list of choices in record 0; .* received int: 3"),
    ((["a"], [3]), [0], "expected a list of choices in record 0"),
    ((["a", "b"], CHOICES), LABELS, "expected as many contexts as choices; received 2, 12"),
]


@pytest.mark.parametrize(("x", "y", "message"), BAD_RECORDS)
def test_bad_records(task, x, y, message):
    for call in (task.fit, task.score):
        with pytest.raises(ValueError, match=message):
            call(x, y)


def test_other_refusals(task):
    with pytest.raises(ValueError, match="expected at least one record to score"):
        task.score(([], []), [])
    with pytest.raises(ValueError, match="expected records in memory to choose for"):
        task.predict_logits(tf.data.Dataset.from_tensor_slices(X))
    with pytest.raises(ValueError, match="expected labels to be numbers of choices from 0"):
        task.targets.encode([0.5])
