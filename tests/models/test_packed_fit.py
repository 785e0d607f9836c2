"""Tasks that train on packed rows, as they would on one text a row."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.data.packed_stream import packed_text_rows
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.classifier import BertClassifier
from keras_bert.models.masked_lm import BertMaskedLM
from keras_bert.models.multiple_choice import BertMultipleChoice
from keras_bert.models.packed_fit import packed_batches
from keras_bert.models.packed_model import MeanOverTexts, packed_model
from keras_bert.models.pretrainer import BertPretrainer
from keras_bert.models.record_pipeline import BatchOptions
from keras_bert.models.regressor import BertRegressor
from keras_bert.models.token_classifier import BertTokenClassifier
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.training.resume import ResumableTraining

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["ada", "bell", "met", "lives", "in", "die", "stadt", "##s", "!"]
_random = np.random.default_rng(3)
TEXTS = [" ".join(_random.choice(WORDS[:7], _random.integers(1, 12))) for _ in range(23)]


def parts():
    keras.utils.set_random_seed(5)
    config = BertConfig(
        vocab_size=14,
        hidden_size=10,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=17,
        max_position_embeddings=13,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.3,
    )
    tokenizer = BertTokenizer([*SPECIAL, *WORDS])
    return BertBackbone(config), BertPreprocessor(tokenizer, sequence_length=13)


TASKS = {
    "classes": (lambda: BertClassifier(*parts(), ["a", "b", "c"]), [i % 3 for i in range(23)]),
    "numbers": (lambda: BertRegressor(*parts()), [i / 7 for i in range(23)]),
    "pairs, sets": (
        lambda: BertClassifier(*parts(), ["a", "b"], multi_label=True, pairs=True),
        [["a"] * (i % 2) + ["b"] * (i % 3 > 0) for i in range(23)],
    ),
    "tags": (
        lambda: BertTokenClassifier(*parts(), ["O", "B-X"]),
        [["B-X" if i % 3 else "O" for i in range(text.count(" ") + 1)] for text in TEXTS],
    ),
}


def records(kind):
    if kind == "pairs, sets":
        return TEXTS, TEXTS[::-1]
    return [text.split() for text in TEXTS] if kind == "tags" else TEXTS


def fitted(kind, packing, eager=True):
    """Loss, first metric and weights of two steps over all texts at once."""
    make, labels = TASKS[kind]
    task = make()
    random = np.random.default_rng(7)
    task.set_weights([random.normal(0, 0.3, weight.shape) for weight in task.weights])
    x, y = records(kind), labels
    if packing and eager:  # batches made before are taken as well
        x, y = task.batches(x, y, packing=packing, batch_size=23), None
    task.compile(
        keras.optimizers.SGD(0.05),
        task.default_loss(),
        metrics=task.default_metrics(),
        run_eagerly=eager,  # tracing a step costs more than a few of them
    )
    arguments = {"packing": packing} if packing and not eager else {}
    history = task.fit(x, y, batch_size=23, epochs=2, verbose=0, **arguments).history
    return {"history": history, "weights": [w.tolist() for w in task.get_weights()]}


def check(packed, plain):
    assert packed["history"].keys() == plain["history"].keys()
    for name, values in plain["history"].items():
        np.testing.assert_allclose(packed["history"][name], values, rtol=1e-5)
    for one, other in zip(packed["weights"], plain["weights"], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
    assert plain["history"]["loss"][1] < plain["history"]["loss"][0]


@pytest.mark.parametrize("kind", TASKS)
def test_steps_equal_those_of_single_texts(kind):
    check(fitted(kind, 29), fitted(kind, False))


def test_steps_on_jax_equal_those_of_single_texts_here(jax_process):
    check(jax_process(__file__, "fitted", "classes", True, False), fitted("classes", False))


@pytest.mark.parametrize("kind", ["classes", "tags"])
def test_packed_models_have_the_tasks_variables_in_their_order(kind):
    # On JAX the optimizer's variables are told apart by their place alone.
    task = TASKS[kind][0]()
    paths = [variable.path for variable in packed_model(task).trainable_variables]
    assert paths == [variable.path for variable in task.trainable_variables]
    for one, other in zip(
        packed_model(task).trainable_variables, task.trainable_variables, strict=True
    ):
        assert one is other


def make_masked_lm():
    return BertMaskedLM(*parts(), masked_lm_prob=0.3, max_predictions_per_seq=7)


def single_texts(x, ids, weights):
    """The texts of a packed batch with their own predictions, in rows of their own."""
    rows = []
    numbers = x["input_sequence_ids"]
    for row, slot in np.argwhere(np.arange(1, 14) <= numbers.max(axis=1, keepdims=True)):
        places = np.flatnonzero(numbers[row] == slot + 1)
        mine = (weights[row] > 0) & np.isin(x["masked_lm_positions"][row], places)
        rows.append((row, places, x["masked_lm_positions"][row][mine] - places[0], ids[row][mine]))
    return rows


def test_masked_lm_loss_equals_that_of_single_texts():
    task = make_masked_lm()
    data = packed_batches(task, (TEXTS,), 29, BatchOptions(23, shuffle=True, seed=2))
    x, ids, weights = data[0]
    packed = np.asarray(packed_model(task)(x))
    predicted = 0
    for row, places, positions, expected in single_texts(x, ids, weights):
        plain = {name: x[name][row : row + 1, places] for name in task.backbone.input_names}
        logits = np.asarray(task(plain | {"masked_lm_positions": positions[None].astype("int32")}))
        for logit, position, word in zip(logits[0], positions, expected, strict=True):
            where = (x["masked_lm_positions"][row] == places[0] + position) & (weights[row] > 0)
            np.testing.assert_allclose(packed[row, where][0], logit, atol=1e-5)
            assert ids[row, where] == word
            predicted += 1
    assert predicted == weights.sum() > 20


def test_masked_lm_resumes_to_the_same_weights(tmp_path):
    def run(*callbacks):
        task = make_masked_lm()
        task.compile_for(23, epochs=1, batch_size=8, run_eagerly=True)
        history = task.fit(TEXTS, packing=29, batch_size=8, callbacks=[*callbacks], verbose=0)
        return task, history.history

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations == 2:
                raise InterruptedError

    def resume():
        return ResumableTraining(tmp_path, save_every_steps=1, verbose=False)

    task, whole = run()
    assert whole.keys() == {"loss", "accuracy", "perplexity"}
    assert task.optimizer.iterations > 2
    with pytest.raises(InterruptedError):
        run(resume(), Stop())
    again, resumed = run(resume())
    assert resumed == whole
    for one, other in zip(task.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def texts_of(batches, tokenizer):
    """The texts of unmasked rows, sorted."""
    found = []
    for batch in batches:
        for ids, numbers in zip(batch["input_word_ids"], batch["input_sequence_ids"], strict=True):
            for number in range(1, int(numbers.max(initial=0)) + 1):
                pieces = ids[numbers == number]
                assert pieces[0] == tokenizer.cls_id and pieces[-1] == tokenizer.sep_id
                found.append(" ".join(tokenizer.vocabulary[piece] for piece in pieces[1:-1]))
    return sorted(found)


def test_streams_hold_every_text_in_rows_of_one_length():
    preprocessor = parts()[1]
    dataset = tf.data.Dataset.from_tensor_slices([*TEXTS, ""])
    rows = packed_text_rows(dataset, preprocessor, 3, row_length=17, texts_at_once=7)
    batches = list(rows.as_numpy_iterator())
    assert texts_of(batches, preprocessor.tokenizer) == sorted(
        " ".join(text.split()[:11]) for text in [*TEXTS, ""]
    )
    assert {batch["input_mask"].shape for batch in batches[:-1]} == {(3, 17)}
    for batch in batches:
        np.testing.assert_array_equal(batch["input_mask"], batch["input_sequence_ids"] > 0)
    pairs = tf.data.Dataset.from_tensor_slices((TEXTS, TEXTS))
    (pair, *_) = packed_text_rows(pairs, preprocessor, 2).as_numpy_iterator()
    assert pair["input_type_ids"].max() == 1
    empty = packed_text_rows(dataset.take(0), preprocessor, 3)
    assert list(empty) == []


def test_masked_lm_trains_on_streams():
    task = make_masked_lm()
    texts = tf.data.Dataset.from_tensor_slices(TEXTS)
    with pytest.raises(ValueError, match=r"expected a compiled task, or packed rows of known"):
        task.fit(texts, packing=True)
    task.compile_for(46, batch_size=5, learning_rate=0.01, run_eagerly=True)
    held_out = packed_text_rows(texts, task.preprocessor, 4)
    with pytest.warns(UserWarning, match="ran out of data"):  # Keras, of any unknown length
        history = task.fit(
            texts, packing=17, batch_size=3, epochs=2, validation_data=held_out, verbose=0
        ).history
    assert history.keys() >= {"perplexity", "val_perplexity"}
    assert history["loss"][0] != history["loss"][1]


def test_streams_are_refused():
    preprocessor = parts()[1]
    texts = tf.data.Dataset.from_tensor_slices(TEXTS)
    with pytest.raises(ValueError, match="expected a dataset of single texts to pack; received"):
        packed_text_rows(texts.batch(2), preprocessor, 3)
    with pytest.raises(ValueError, match="row_length of at least sequence_length=13; received 12"):
        packed_text_rows(texts, preprocessor, 3, row_length=12)


@pytest.mark.usefixtures("untraced")
def test_default_rows_weights_and_schedule():
    task = TASKS["classes"][0]()
    weight = np.arange(23) % 2
    data = packed_batches(task, (TEXTS, [0] * 23, weight), 13, BatchOptions(8))
    total = sum(batch[2].sum() for batch in (data[i] for i in range(len(data))))
    assert total == weight.sum()
    held_out = (TEXTS[:7], [0] * 7)
    history = task.fit(
        *(TEXTS, [0] * 23),
        packing=True,
        batch_size=8,
        epochs=2,
        validation_data=held_out,
        verbose=0,
    ).history
    assert len(history["accuracy"]) == 2
    made = task.batches(TEXTS, [0] * 23, packing=True, batch_size=8)
    assert (made.batch_size, len(made)) == (data.batch_size, len(data))
    assert task.batches(TEXTS, [0] * 23, batch_size=8).records == 23
    assert task.optimizer.iterations == 2 * len(data)
    assert float(task.optimizer.learning_rate) == 0  # the decay ended with the last step
    expected = task.evaluate(*held_out, verbose=0, return_dict=True)
    assert history["val_accuracy"][1] == pytest.approx(expected["accuracy"])
    assert history["val_loss"][1] == pytest.approx(expected["loss"], rel=1e-5)


def test_the_step_is_traced_once_until_the_task_is_compiled_anew():
    task, labels = TASKS["classes"][0](), [0] * 23
    steps = []

    def fit(packing):
        task.fit(TEXTS, labels, packing=packing, batch_size=8, verbose=0)
        steps.append((task.packed.model, task.packed.model.train_function))

    fit(13)
    before = task.get_weights()[0].copy()
    task.compile_for(46, batch_size=8)
    fit(29)
    fit(29)
    assert steps[0][0] is steps[1][0] is steps[2][0]
    assert steps[0][1] is not steps[1][1] is steps[2][1]
    assert (task.get_weights()[0] != before).any()
    assert task.packed.model not in task.layers


def test_losses_as_functions_and_their_config():
    truth = np.array([[[1.0], [2.0], [9.0]]], "float32")
    guess, weight = truth * 0, np.array([[1.0, 1.0, 0.0]], "float32")
    for loss in ("mse", keras.losses.MeanSquaredError()):
        over = MeanOverTexts(loss)
        again = MeanOverTexts.from_config(over.get_config())
        for one in (over, again):
            assert float(one(truth, guess, sample_weight=weight)) == pytest.approx(2.5)


@pytest.mark.usefixtures("untraced")
def test_refusals():
    classifier = TASKS["classes"][0]()
    labels = TASKS["classes"][1]
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, labels))
    with pytest.raises(ValueError, match="expected records in memory with packing; received"):
        classifier.fit(dataset, packing=True)
    with pytest.raises(ValueError, match="expected texts of 1 to 9 word pieces"):
        classifier.fit(TEXTS, labels, packing=9)
    mean = BertClassifier(*parts(), ["a", "b", "c"], pooling="mean")
    with pytest.raises(ValueError, match="expected pooling='first' with packing"):
        mean.fit(TEXTS, labels, packing=True)
    with pytest.raises(ValueError, match="expected no packing with next-sentence prediction"):
        BertPretrainer(*parts()).fit((TEXTS, TEXTS), [0] * 23, packing=True)
    choice = BertMultipleChoice(*parts())
    message = "expected packing with a task that answers for each text or each token by itself"
    for use in (choice.fit, choice.batches):
        with pytest.raises(ValueError, match=message):
            use((TEXTS[:2], [["ada", "bell"]] * 2), [0, 1], packing=True)
    tagger = TASKS["tags"][0]()
    with pytest.raises(ValueError, match="expected no sample_weight beside labels of word pieces"):
        tagger.fit(records("tags"), TASKS["tags"][1], packing=29, sample_weight=np.ones(23))
