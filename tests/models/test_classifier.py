import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.models import BertClassifier


@pytest.fixture
def classifier(tiny_parts):
    return BertClassifier(*tiny_parts, labels=["neg", "pos"], dropout=0.0)


@pytest.fixture(scope="module")
def trained(make_parts, reviews):
    task = BertClassifier(*make_parts(dropout=0.0), ["neg", "pos"], dropout=0.0)
    task.compile_for(len(reviews[0]), epochs=6, batch_size=9, learning_rate=5e-3)
    task.fit(*reviews, epochs=6, batch_size=9, verbose=0)
    return task


def test_learns_from_strings_and_answers_in_strings(trained, reviews):
    texts, labels = reviews
    answers = trained.predict(texts, verbose=0)
    assert answers["label"].tolist() == labels
    assert answers["probabilities"].shape == (len(texts), 2)
    np.testing.assert_allclose(answers["probabilities"].sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(answers["score"], answers["probabilities"].max(-1))
    assert trained.score(texts, labels, verbose=0)["accuracy"] == 1.0


def test_predictions_keep_the_order_and_ignore_the_batching(trained, reviews):
    texts = reviews[0]
    logits = trained.predict_logits(texts, batch_size=7, verbose=0)
    one_by_one = [trained.predict_logits([text], verbose=0)[0] for text in texts[:5]]
    np.testing.assert_allclose(logits[:5], one_by_one, atol=2e-6)
    features = trained.preprocessor(texts)
    direct = trained(features).numpy()
    np.testing.assert_allclose(logits, direct, atol=2e-6)


def test_answer_gives_json_ready_rows(trained):
    (row,) = trained.answer(["the film was great!"], verbose=0)
    assert row["label"] == "pos"
    assert row["probabilities"]["pos"] == row["score"]


def test_steps_are_usable_alone(trained):
    logits = trained(trained.preprocessor(["the book was awful"]))
    assert trained.answers(logits)["label"].numpy().tolist() == [b"neg"]


@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_mask_and_types_may_be_left_out(tiny_parts, pooling):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"], pooling=pooling)
    ids = np.array([[2, 5, 6, 3]], "int32")
    whole = {"input_word_ids": ids, "input_mask": np.ones_like(ids), "input_type_ids": 0 * ids}
    np.testing.assert_array_equal(task({"input_word_ids": ids}), task(whole))
    assert task.predict({"input_word_ids": ids}, verbose=0)["label"].shape == (1,)
    with pytest.raises(ValueError, match=r"expected a dict of input_word_ids .* received ndarray"):
        task(ids)


@pytest.mark.parametrize("as_records", ["batched", "single", "integers"])
def test_fit_takes_datasets_of_strings(classifier, reviews, as_records):
    texts, labels = reviews
    if as_records == "integers":
        labels = [int(label == "pos") for label in labels]
    dataset = tf.data.Dataset.from_tensor_slices((texts, labels))
    if as_records != "single":
        dataset = dataset.batch(13)
    classifier.compile_for(len(texts), epochs=1, batch_size=13)
    history = classifier.fit(dataset, epochs=1, batch_size=13, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert classifier.optimizer.iterations.numpy() == -(-len(texts) // 13)
    with_arrays = classifier.evaluate(texts, labels, verbose=0, return_dict=True)
    with_dataset = classifier.evaluate(dataset, batch_size=13, verbose=0, return_dict=True)
    assert with_arrays["loss"] == pytest.approx(with_dataset["loss"], rel=1e-5)
    from_dataset = classifier.predict_logits(dataset.map(lambda x, _: x), batch_size=13, verbose=0)
    np.testing.assert_allclose(from_dataset, classifier.predict_logits(texts, verbose=0), atol=2e-6)


@pytest.mark.usefixtures("untraced")
def test_fit_takes_features(classifier, reviews):
    texts, labels = reviews
    features = {name: tensor.numpy() for name, tensor in classifier.preprocessor(texts).items()}
    classifier.compile_for(len(texts), epochs=1)
    loss = classifier.evaluate(features, labels, verbose=0)[0]
    assert loss == pytest.approx(classifier.evaluate(texts, labels, verbose=0)[0], rel=1e-5)
    classifier.fit(features, labels, batch_size=13, verbose=0)
    assert classifier.optimizer.iterations.numpy() == -(-len(texts) // 13)
    assert classifier.predict(features, verbose=0)["label"].shape == (len(texts),)


def test_fit_compiles_by_itself_for_data_of_known_length(classifier, reviews):
    classifier.fit(*reviews, epochs=2, batch_size=32, verbose=0)
    assert classifier.optimizer.learning_rate.numpy() == pytest.approx(0, abs=1e-9)
    assert classifier.optimizer.iterations.numpy() == 2 * -(-len(reviews[0]) // 32)


def test_fit_refuses_uncompiled_data_of_unknown_length(classifier, reviews):
    endless = tf.data.Dataset.from_tensor_slices(reviews).repeat()
    with pytest.raises(ValueError, match=r"expected a compiled task or data of known length"):
        classifier.fit(endless)


def test_the_same_seed_repeats_a_run(make_parts, reviews):
    losses = []
    for _ in range(2):
        task = BertClassifier(*make_parts(), ["neg", "pos"])
        losses.append(task.fit(*reviews, epochs=2, verbose=0, seed=5).history["loss"])
    assert losses[0] == losses[1]


def test_the_training_step_is_traced_once(classifier, reviews, monkeypatch):
    steps = []
    train_step = classifier.train_step
    monkeypatch.setattr(classifier, "train_step", lambda data: steps.append(1) or train_step(data))
    classifier.fit(*reviews, batch_size=19, epochs=2, verbose=0)
    assert len(steps) == 1


def test_jit_compiled_fit(classifier, reviews):
    texts, labels = (column[:26] for column in reviews)
    classifier.compile_for(26, epochs=1, batch_size=13, jit_compile=True)
    history = classifier.fit(texts, labels, batch_size=13, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_multi_label(tiny_parts):
    task = BertClassifier(
        *tiny_parts, labels=["good", "film", "book"], multi_label=True, dropout=0.0
    )
    texts = ["good film", "a good book", "the book", "awful"] * 8
    labels = [["good", "film"], ["good", "book"], ["book"], []] * 8
    task.compile_for(len(texts), epochs=30, batch_size=8, learning_rate=1e-2)
    task.fit(texts, labels, epochs=30, batch_size=8, verbose=0)
    assert task.score(texts, labels, verbose=0)["f1_micro"] > 0.9
    rows = task.answer(["good film", "awful"], verbose=0)
    assert sorted(rows[0]["labels"]) == ["film", "good"]
    assert rows[1]["labels"] == []
    matrix = task.targets.encode(labels)
    assert task.evaluate(texts, matrix, verbose=0) == task.evaluate(texts, labels, verbose=0)


def test_pairs(tiny_parts):
    task = BertClassifier(*tiny_parts, labels=["no", "yes"], pairs=True)
    first, second = ["good film", "bad book", "the film"], ["a fine film", "great", "poor book"]
    history = task.fit((first, second), ["yes", "no", "no"], verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    dataset = tf.data.Dataset.from_tensor_slices(((first, second), ["yes", "no", "no"])).batch(3)
    assert task.evaluate(dataset, verbose=0) == pytest.approx(
        task.evaluate((first, second), ["yes", "no", "no"], verbose=0)
    )
    without_labels = tf.data.Dataset.from_tensor_slices((first, second)).batch(3)
    np.testing.assert_allclose(
        task.predict_logits(without_labels, verbose=0),
        task.predict_logits((first, second), verbose=0),
        atol=2e-6,
    )


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_poolings_ignore_padding(tiny_parts, pooling):
    task = BertClassifier(*tiny_parts, labels=["neg", "pos"], pooling=pooling)
    texts = ["good", "the film was very very good !"]
    together, alone = task(task.preprocessor(texts)), task(task.preprocessor(texts[:1]))
    np.testing.assert_allclose(together[0], alone[0], atol=2e-6)
    # The pooler, which no loss reaches, is not decayed away.
    before = task.backbone.pooler.dense.kernel.numpy()
    task.compile_for(2, epochs=1, learning_rate=0.1, weight_decay=0.5)
    task.fit(texts, ["neg", "pos"], verbose=0)
    np.testing.assert_array_equal(task.backbone.pooler.dense.kernel.numpy(), before)


def test_empty_texts_batches_and_a_batch_of_one(trained):
    assert trained.predict([])["label"].shape == (0,)
    assert trained.predict([])["probabilities"].shape == (0, 2)
    assert np.isfinite(trained.predict([""], verbose=0)["score"]).all()
    assert len(trained.predict(np.array(["good"]), verbose=0)["label"]) == 1


def test_a_text_beyond_the_positions_is_cut(trained):
    answers = trained.predict(["very " * 500 + "good"], verbose=0)
    assert answers["label"].shape == (1,)


def test_keras_file_brings_back_the_task(trained, reviews, tmp_path):
    trained.save(tmp_path / "task.keras")
    loaded = keras.models.load_model(tmp_path / "task.keras")
    texts = reviews[0][:9]
    expected = trained.predict_logits(texts, verbose=0)
    np.testing.assert_allclose(loaded.predict_logits(texts, verbose=0), expected, atol=2e-6)
    assert loaded.labels == ["neg", "pos"]


BAD_INPUT = [
    ("good", "expected a collection of texts; received one str"),
    (["good", 3], "expected a text in row 1; received int: 3"),
    ((["good"], ["bad"]), "expected a text in row 0; received list.*pairs=True"),
    ([["good", "bad"]], "expected a text in row 0; received list"),
]


@pytest.mark.parametrize(("x", "message"), BAD_INPUT)
def test_bad_texts(classifier, x, message):
    with pytest.raises(ValueError, match=message):
        classifier.predict(x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (["good", "bad", "poor"], "expected pairs, as two collections of texts"),
        (["good", "bad"], "expected pairs, as two collections of texts"),
        (
            (["good"], ["bad", "poor"]),
            "expected as many second texts as first texts; received 1 and 2",
        ),
    ],
)
def test_bad_pairs(tiny_parts, x, message):
    task = BertClassifier(*tiny_parts, labels=["no", "yes"], pairs=True)
    with pytest.raises(ValueError, match=message):
        task.predict(x)


def test_bad_labels(classifier):
    with pytest.raises(
        ValueError, match=r"expected labels among \['neg', 'pos'\]; received unseen"
    ):
        classifier.fit(["good"], ["excellent"])
    with pytest.raises(ValueError, match="expected a label for each text; received 2 texts and 1"):
        classifier.fit(["good", "bad"], ["pos"])
    classifier.compile_for(1)
    unseen = tf.data.Dataset.from_tensor_slices((["good"], ["excellent"])).batch(1)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"received unseen.*excellent"):
        classifier.fit(unseen, verbose=0)


def test_parts_that_do_not_fit(tiny_parts, tiny_tokenizer):
    from keras_bert.text import BertPreprocessor, BertTokenizer

    backbone, preprocessor = tiny_parts
    too_long = BertPreprocessor(tiny_tokenizer, sequence_length=23)
    with pytest.raises(ValueError, match=r"max_position_embeddings=19; received one that needs 23"):
        BertClassifier(backbone, too_long, ["a", "b"])
    more = BertTokenizer([*tiny_tokenizer.vocabulary, "extra"])
    with pytest.raises(ValueError, match=r"within the backbone's vocab_size"):
        BertClassifier(backbone, BertPreprocessor(more, sequence_length=11), ["a", "b"])
    with pytest.raises(ValueError, match=r"expected pooling of \('first', 'mean', 'max'\)"):
        BertClassifier(backbone, preprocessor, ["a", "b"], pooling="median")
