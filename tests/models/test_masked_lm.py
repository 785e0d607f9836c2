"""Masked language modelling, beside what transformers answers on the same checkpoint."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.masked_lm import BertMaskedLM
from keras_bert.models.record_pipeline import BatchOptions
from keras_bert.text.preprocessor import BertPreprocessor

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "huggingface_masked_lm"


@pytest.fixture(scope="module")
def golden():
    return json.loads((GOLDEN / "fill_mask.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def recorded():
    return BertMaskedLM.from_preset(GOLDEN, sequence_length=23)


@pytest.fixture
def small(make_parts):
    return BertMaskedLM(*make_parts(), top_k=3)


@pytest.fixture(scope="module")
def texts(reviews):
    return reviews[0]


# === Beside transformers ===


def test_words_and_scores_are_those_of_the_fill_mask_pipeline(recorded, golden):
    rows = recorded.answer(golden["masked"], batch_size=2)
    for row, wanted in zip(rows, golden["answers"], strict=True):
        assert len(row["masks"]) == len(wanted)
        for mask, words in zip(row["masks"], wanted, strict=True):
            assert [word["word"] for word in mask] == [word for word, _ in words]
            scores = [word["score"] for word in mask]
            np.testing.assert_allclose(scores, [score for _, score in words], atol=1e-6)


def test_special_tokens_in_texts_become_the_same_ids(recorded, golden):
    ids = recorded.preprocessor.tokenizer(golden["special_texts"]).to_list()
    assert ids == golden["special_ids"]


def test_pseudo_log_likelihoods_are_those_of_one_mask_at_a_time(recorded, golden):
    values = golden["log_probabilities"]
    for batch_size in (3, 32):
        scores = recorded.score_texts([*golden["sentences"], ""], batch_size=batch_size)
        assert scores["num_pieces"].tolist() == [*map(len, values), 0]
        np.testing.assert_allclose(scores["score"], [*map(sum, values), 0], atol=2e-5)
        means = [sum(v) / len(v) for v in values]
        np.testing.assert_allclose(scores["score_per_piece"], [*means, 0], atol=1e-5)


# === Training ===


def test_learns_what_stands_where(make_parts, texts):
    task = BertMaskedLM(*make_parts(), top_k=4, masked_lm_prob=0.3)
    task.compile_for(12 * len(texts), epochs=5, batch_size=12, learning_rate=1e-2)
    history = task.fit(texts * 12, epochs=5, batch_size=12, verbose=0).history
    assert history["perplexity"][-1] < 3 < history["perplexity"][0]
    assert set(history) == {"loss", "accuracy", "perplexity"}
    (row,) = task.answer(["the [MASK] was very good !"])
    assert {word["word"] for word in row["masks"][0][:2]} == {"film", "book"}
    assert row["filled"] in ("the film was very good !", "the book was very good !")
    likely, unlikely = task.score_texts(["the film was good", "was film good the"])["score"]
    assert likely > unlikely + 2


def test_the_same_seed_repeats_a_run(make_parts, texts):
    losses = []
    for _ in range(2):
        task = BertMaskedLM(*make_parts(), whole_word=True, max_ngram=2)
        losses.append(task.fit(texts[:20], epochs=2, verbose=0, seed=5).history["loss"])
    assert losses[0] == losses[1]
    assert losses[0][0] != losses[0][1]


def test_evaluation_draws_the_same_masks_every_time(small, texts):
    assert small.score(texts, verbose=0) == small.score(texts, verbose=0)
    names = ["loss", "accuracy", "perplexity"]
    values = small.evaluate(texts, batch_size=len(texts), verbose=0, return_dict=True)
    assert sorted(values) == sorted(names)
    assert np.log(values["perplexity"]) == pytest.approx(values["loss"], rel=1e-4)


def test_datasets_of_texts(small, texts):
    batches = tf.data.Dataset.from_tensor_slices(texts).batch(7)
    single = tf.data.Dataset.from_tensor_slices((texts,))
    history = small.fit(batches, validation_data=single, verbose=0).history
    assert np.isfinite([history["loss"], history["val_loss"]]).all()
    mapped = small.pipeline.map(batches, BatchOptions(7, seed=3))
    first, second, again = (
        [x["masked_lm_positions"] for x, *_ in d]
        for d in (mapped, mapped, small.pipeline.map(batches, BatchOptions(7, seed=3)))
    )
    assert any((a.numpy() != b.numpy()).any() for a, b in zip(first, second, strict=True))
    assert all((a.numpy() == b.numpy()).all() for a, b in zip(first, again, strict=True))


def test_features_masked_before(small, texts):
    masked = small.masker(small.preprocessor(texts), (1, 2))
    arrays = {name: np.asarray(value) for name, value in masked.items()}
    small.compile_for(len(texts), batch_size=8)
    from_dict = small.evaluate(arrays, verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices(arrays).batch(8)
    np.testing.assert_allclose(small.evaluate(dataset, verbose=0)[1:], from_dict[1:], rtol=1e-4)
    fresh = BertMaskedLM(small.backbone, small.preprocessor)
    assert np.isfinite(fresh.fit(arrays, verbose=0).history["loss"]).all()
    logits = small.predict_logits({name: arrays[name] for name in small.input_names}, verbose=0)
    assert logits.shape == (*arrays["masked_lm_ids"].shape, small.backbone.config.vocab_size)


def test_the_loss_is_the_mean_over_weighted_predictions(small, texts):
    masked = small.masker(small.preprocessor(texts[:5]), (1, 2))
    arrays = {name: np.asarray(value) for name, value in masked.items()}
    logits = np.asarray(small({name: arrays[name] for name in small.input_names}), "float64")
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(logs, arrays["masked_lm_ids"][..., None], -1)[..., 0]
    weights = arrays["masked_lm_weights"]
    expected = -(chosen * weights).sum() / weights.sum()
    assert small.score(arrays, verbose=0)["loss"] == pytest.approx(expected, rel=1e-5)


def test_jit_compiled_fit(small, texts):
    small.compile_for(26, batch_size=13, jit_compile=True)
    history = small.fit(texts[:26], batch_size=13, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert small.answer(["the [MASK] was good", "[MASK] [MASK] [MASK]"])[1]["filled"]


@pytest.mark.usefixtures("untraced")
def test_the_pooler_is_not_decayed_away(small, texts):
    before = small.backbone.pooler.dense.kernel.numpy()
    small.compile_for(9, learning_rate=0.1, weight_decay=0.5)
    small.fit(texts[:9], validation_data=texts[:5], verbose=0)
    np.testing.assert_array_equal(small.backbone.pooler.dense.kernel.numpy(), before)


# === Input ===


@pytest.mark.usefixtures("untraced")
def test_texts_of_any_kind_and_order(small):
    texts = ["[MASK] film", "the [MASK] was very very very [MASK] !", "[MASK]"]
    expected = small.predict(texts, batch_size=1)
    assert expected["num_masks"].tolist() == [1, 2, 1]
    for given in (np.array(texts), tf.constant(texts), tf.data.Dataset.from_tensor_slices(texts)):
        answers = small.predict(given, batch_size=2)
        np.testing.assert_array_equal(answers["words"], expected["words"])
        np.testing.assert_allclose(answers["scores"], expected["scores"], atol=2e-6)
    assert small.predict([])["words"].shape == (0, 1, 3)
    assert small.answer([]) == []
    assert small.score_texts([])["score"].shape == (0,)


def test_without_positions_every_token_has_logits(small):
    features = small.preprocessor(["the film", "a book !"])
    every = small({name: features[name] for name in features})
    places = tf.tile(tf.range(17)[tf.newaxis], (2, 1))
    np.testing.assert_allclose(small(features | {"masked_lm_positions": places}), every, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (["a [MASK]", "a film"], r"expected \[MASK\] in every text; received none in row 1"),
        (["[mask]"], r"expected \[MASK\] in every text; received none in row 0"),
        (["a " * 20 + "[MASK]"], r"within sequence_length=17 .* in row 0 with 0 of 1 within"),
        (["[MASK] " * 16], "in row 0 with 15 of 16 within"),
        ("[MASK]", "expected a collection of texts; received one str"),
        ({"input_word_ids": [[1]]}, "expected texts; received dict: call the model on ids"),
        (
            tf.data.Dataset.from_tensor_slices((["[MASK]"], [1])),
            "expected a dataset of texts alone; received",
        ),
    ],
)
def test_bad_texts(small, x, message):
    with pytest.raises(ValueError, match=message):
        small.predict(x)


def test_bad_training_data(small):
    with pytest.raises(ValueError, match="expected no labels beside texts"):
        small.fit(["a film"], ["good"])
    with pytest.raises(ValueError, match="expected no weights beside texts"):
        small.fit(["a film"], sample_weight=[1.0])
    features = {name: np.ones((1, 3)) for name in ("input_word_ids", "masked_lm_ids")}
    with pytest.raises(ValueError, match="expected no labels beside features"):
        small.fit(features, [1])
    with pytest.raises(ValueError, match="received none of masked_lm_positions"):
        small.fit(features)
    with pytest.raises(ValueError, match="expected elements text of the dataset"):
        small.fit(tf.data.Dataset.from_tensor_slices((["a film"], [1])))
    with pytest.raises(ValueError, match=r"expected texts of at most 15 .* received 16 in row 1"):
        small.score_texts(["a", "a " * 16])
    with pytest.raises(ValueError, match=r"expected a dict of input_word_ids, .* received list"):
        small.predict_logits(["a [MASK]"])


def test_bad_settings(tiny_parts):
    with pytest.raises(ValueError, match="expected top_k from 1 to 22; received 23"):
        BertMaskedLM(*tiny_parts, top_k=23)
    with pytest.raises(ValueError, match="expected masked_lm_prob"):
        BertMaskedLM(*tiny_parts, masked_lm_prob=2)


def test_a_table_larger_than_the_vocabulary(tiny_tokenizer):
    config = BertConfig(
        vocab_size=29,
        hidden_size=6,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=5,
    )
    parts = BertBackbone(config), BertPreprocessor(tiny_tokenizer, 17)
    task = BertMaskedLM(*parts, top_k=22)
    scores = task.predict(["[MASK]"])["scores"]
    assert scores.shape == (1, 1, 22) and scores.sum() < 1
