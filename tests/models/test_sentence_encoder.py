import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.models import BertSentenceEncoder, load_task
from keras_bert.models.search import ExactIndex
from keras_bert.training import (
    ContrastiveLoss,
    CosineScoreLoss,
    InBatchNegativesLoss,
    TripletLoss,
)

TEXTS = ["the film was very great !", "", "awful", "a book", "very " * 40]
# Records that a tiny model can learn: an opinion and its intensified form.
WORDS = ["good", "fine", "great", "bad", "poor", "awful"]
ANCHORS = [f"the {thing} was {word}" for word in WORDS for thing in ("film", "book")]
POSITIVES = [f"very very {word} {thing}" for word in WORDS for thing in ("film", "book")]
NEGATIVES = POSITIVES[6:] + POSITIVES[:6]


@pytest.fixture
def encoder(tiny_parts):
    return BertSentenceEncoder(*tiny_parts)


@pytest.mark.parametrize("pooling", ["mean", "max", "first"])
@pytest.mark.parametrize("normalize", [True, False])
def test_embeddings_are_pooled_tokens(tiny_parts, pooling, normalize):
    encoder = BertSentenceEncoder(*tiny_parts, pooling=pooling, normalize=normalize)
    features = encoder.preprocessor(TEXTS)
    tokens = encoder.backbone(features)["sequence_output"].numpy()
    lengths = features["input_mask"].numpy().sum(axis=1)
    pool = {"mean": lambda x: x.mean(0), "max": lambda x: x.max(0), "first": lambda x: x[0]}
    expected = np.stack([pool[pooling](row[:n]) for row, n in zip(tokens, lengths, strict=True)])
    if normalize:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder(features), expected, atol=2e-6)


def test_encode_keeps_the_order_and_ignores_the_batching(encoder, capsys):
    together = encoder.encode(TEXTS, batch_size=2)
    assert not capsys.readouterr().out
    assert together.shape == (5, 22) and together.dtype == "float32"
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=2e-6)
    assert encoder.encode([]).shape == (0, 22)
    encoder.encode(np.array(TEXTS), show_progress=True)
    assert "step" in capsys.readouterr().out
    rows = encoder.answer(TEXTS[:1], verbose=0)
    np.testing.assert_allclose(rows[0]["embedding"], together[0], atol=2e-6)
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2)
    np.testing.assert_allclose(encoder.encode(dataset), together, atol=2e-6)


LOSSES = {
    "in_batch": (lambda: InBatchNegativesLoss(), (ANCHORS, POSITIVES), None),
    "hard_negatives": (lambda: InBatchNegativesLoss(), (ANCHORS, POSITIVES, NEGATIVES), None),
    "cosine": (
        lambda: CosineScoreLoss(),
        (ANCHORS * 2, POSITIVES + NEGATIVES),
        [1] * 12 + [0] * 12,
    ),
    "triplet": (lambda: TripletLoss(), (ANCHORS, POSITIVES, NEGATIVES), None),
    "contrastive": (
        lambda: ContrastiveLoss(),
        (ANCHORS * 2, POSITIVES + NEGATIVES),
        np.array([1] * 12 + [0] * 12),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_learns(make_parts, name):
    encoder = BertSentenceEncoder(*make_parts(dropout=0.0))
    loss, x, y = LOSSES[name]
    before = encoder.score((ANCHORS, POSITIVES), verbose=0)["mrr"]
    encoder.compile_for(len(x[0]), epochs=12, batch_size=6, learning_rate=5e-3, loss=loss())
    losses = encoder.fit(x, y, epochs=12, batch_size=6, verbose=0).history["loss"]
    assert losses[-1] < 0.75 * losses[0]
    assert encoder.score((ANCHORS, POSITIVES), verbose=0)["mrr"] > before
    if y is not None:
        assert encoder.score(x, y, verbose=0)["pearson"] > 0.5


def test_evaluate_is_the_loss_of_the_embeddings(encoder):
    encoder.compile_for(12, loss=CosineScoreLoss())
    scores = np.linspace(-1, 1, 12)
    value = encoder.evaluate((ANCHORS, POSITIVES), scores, batch_size=5, verbose=0)
    cosine = np.diag(encoder.similarity(ANCHORS, POSITIVES))
    assert value == pytest.approx(np.mean((cosine - scores) ** 2), rel=1e-4)


def test_equal_texts_are_no_negatives_of_each_other(encoder):
    encoder.compile_for(3, loss=InBatchNegativesLoss())
    pairs = (["good film", "bad book", "the film"], ["great film", "poor book", "great film"])
    with_repeats = encoder.evaluate(pairs, verbose=0)
    unlike = encoder.evaluate(pairs, [-1, -1, -1], verbose=0)
    alike = encoder.evaluate(pairs, [0, 1, 0], verbose=0)
    assert with_repeats == pytest.approx(alike) and with_repeats < unlike


def test_datasets_give_the_same_loss(encoder):
    encoder.compile_for(12, loss=CosineScoreLoss())
    scores = np.linspace(0, 1, 12).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices(((ANCHORS, POSITIVES), scores))
    expected = encoder.evaluate((ANCHORS, POSITIVES), scores, verbose=0)
    for records in (dataset, dataset.batch(12)):
        assert encoder.evaluate(records, verbose=0) == pytest.approx(expected, rel=1e-5)
    encoder.compile_for(12, loss=InBatchNegativesLoss())
    unlabelled = tf.data.Dataset.from_tensor_slices((ANCHORS, POSITIVES)).map(lambda *x: (x,))
    expected = encoder.evaluate((ANCHORS, POSITIVES), verbose=0)
    assert encoder.evaluate(unlabelled, verbose=0) == pytest.approx(expected, rel=1e-5)
    encoder.fit(unlabelled.batch(4), verbose=0)
    assert encoder.optimizer.iterations.numpy() == 3


@pytest.mark.usefixtures("untraced")
def test_fit_compiles_by_itself_for_what_it_is_given(encoder, tiny_parts):
    encoder.fit((ANCHORS, POSITIVES), validation_data=((ANCHORS, NEGATIVES), None), verbose=0)
    assert isinstance(encoder.loss, InBatchNegativesLoss)
    other = BertSentenceEncoder(*tiny_parts)
    history = other.fit((ANCHORS, POSITIVES), [1.0] * 12, batch_size=4, epochs=2, verbose=0)
    assert isinstance(other.loss, CosineScoreLoss)
    assert other.optimizer.iterations.numpy() == 6 and np.isfinite(history.history["loss"]).all()


def test_jit_compiled_fit_with_weights(encoder):
    encoder.compile_for(12, batch_size=4, loss=InBatchNegativesLoss(), jit_compile=True)
    history = encoder.fit((ANCHORS, POSITIVES), batch_size=4, sample_weight=np.ones(12), verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_search_and_similarity(encoder):
    corpus = encoder.encode(POSITIVES)
    cosines = encoder.similarity(ANCHORS, POSITIVES)
    hits = encoder.search(ANCHORS, corpus, k=3)
    np.testing.assert_array_equal(hits.ids, np.argsort(-cosines, axis=1, kind="stable")[:, :3])
    np.testing.assert_allclose(hits.scores[:, 0], cosines.max(axis=1), atol=2e-6)
    for other in (POSITIVES, ExactIndex(corpus)):
        np.testing.assert_array_equal(encoder.search(ANCHORS, other, k=3).ids, hits.ids)
    assert encoder.search(encoder.encode(ANCHORS), corpus, k=99).ids.shape == (12, 12)
    with pytest.raises(ValueError, match="expected at least one embedding in the corpus"):
        encoder.search(ANCHORS, [])


def test_scores_of_retrieval_by_hand(encoder):
    queries, right, wrong = ANCHORS[:4], POSITIVES[:4], NEGATIVES[:4]
    candidates = right + wrong
    cosines = encoder.similarity(queries, candidates)
    ranks = 1 + (cosines > np.diag(cosines)[:, None]).sum(axis=1)
    scores = encoder.score((queries, right, wrong), verbose=0)
    assert scores["mrr"] == pytest.approx((1 / ranks).mean())
    assert scores["accuracy_at_1"] == (ranks == 1).mean()
    twice = encoder.score((queries * 2, right + wrong), verbose=0)
    best = np.sort(cosines * np.tile(np.eye(4), 2), axis=1)
    assert twice["mrr"] >= scores["mrr"] and best.shape == (4, 8)


@pytest.mark.usefixtures("untraced")
def test_a_preset_brings_back_the_projection(tiny_parts, tmp_path):
    encoder = BertSentenceEncoder(*tiny_parts, pooling="max", embedding_size=5, normalize=False)
    folder = encoder.save_to_preset(tmp_path / "encoder")
    loaded = load_task(folder)
    assert isinstance(loaded, BertSentenceEncoder)
    assert loaded.head_config() == encoder.head_config()
    np.testing.assert_allclose(loaded.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)
    assert BertSentenceEncoder.from_preset(folder, embedding_size=3).encode(TEXTS).shape == (5, 3)
    plain = BertSentenceEncoder.from_preset(folder, embedding_size=None)
    assert plain.encode(TEXTS).shape == (5, 22)
    encoder.save(tmp_path / "encoder.keras")
    again = keras.models.load_model(tmp_path / "encoder.keras")
    np.testing.assert_allclose(again.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)


def test_others_have_no_such_projection(tiny_parts, tmp_path):
    from keras_bert.checkpoints import read_checkpoint, write_checkpoint

    encoder = BertSentenceEncoder(*tiny_parts, embedding_size=5)
    checkpoint = read_checkpoint(encoder.save_to_preset(tmp_path / "encoder"))
    with pytest.raises(ValueError, match="expected a head that google has too; received the proj"):
        write_checkpoint(checkpoint, tmp_path / "google", "google")


def test_export(tiny_parts, tmp_path):
    encoder = BertSentenceEncoder(*tiny_parts, embedding_size=5)
    loaded = tf.saved_model.load(encoder.export(tmp_path / "1"))
    assert set(loaded.signatures) == {"serving_default", "features", "embed"}
    for name in ("serving_default", "embed"):
        served = loaded.signatures[name](text=tf.constant(TEXTS))
        np.testing.assert_allclose(served["embedding"], encoder.encode(TEXTS), atol=1e-5)
    assert encoder.card()["embedding_size"] == 5


BAD_RECORDS = [
    ((ANCHORS, POSITIVES[:3]), None, InBatchNegativesLoss, r"in each collection.*\[12, 3\]"),
    (ANCHORS, None, InBatchNegativesLoss, "expected records of 2 or more texts.*received 1"),
    ((ANCHORS,), None, InBatchNegativesLoss, "expected records of 2 or more texts.*received 1"),
    ((ANCHORS, POSITIVES), None, TripletLoss, "expected 3 texts a record for TripletLoss; .* 2"),
    ((ANCHORS, POSITIVES), None, CosineScoreLoss, r"expected labels \(scores\) .* received none"),
    ((ANCHORS, POSITIVES), [4.2] * 12, CosineScoreLoss, "from -1 to 1.*received 4.2 .divide"),
    ((ANCHORS, POSITIVES), [0.5] * 12, ContrastiveLoss, "ContrastiveLoss: 0 or 1; received 0.5"),
    ((ANCHORS, POSITIVES), [0.5] * 12, InBatchNegativesLoss, "none, or whole numbers.*0.5"),
    ((ANCHORS, POSITIVES), [1] * 5, CosineScoreLoss, "a label for each record; received 12 .* 5"),
    ((ANCHORS, POSITIVES), ["high"] * 12, CosineScoreLoss, "expected labels to be numbers"),
    ((ANCHORS, POSITIVES), [np.nan] * 12, CosineScoreLoss, "expected labels to be finite numbers"),
    ((ANCHORS, [3] * 12), None, InBatchNegativesLoss, "expected a text in row 0; received int"),
]


@pytest.mark.parametrize(("x", "y", "loss", "message"), BAD_RECORDS)
def test_bad_records(encoder, x, y, loss, message):
    encoder.compile_for(12, loss=loss())
    for call in (encoder.fit, encoder.evaluate):
        with pytest.raises(ValueError, match=message):
            call(x, y, verbose=0)


def test_other_refusals(tiny_parts, encoder):
    with pytest.raises(ValueError, match=r"expected pooling of \('mean', 'max', 'first'\)"):
        BertSentenceEncoder(*tiny_parts, pooling="median")
    with pytest.raises(ValueError, match="expected embedding_size of at least 1; received 0"):
        BertSentenceEncoder(*tiny_parts, embedding_size=0)
    with pytest.raises(ValueError, match="expected one collection of texts to embed; received 2"):
        encoder.encode((ANCHORS, POSITIVES))
    with pytest.raises(ValueError, match="expected records of 2 or more texts"):
        encoder.score(ANCHORS)
    with pytest.raises(ValueError, match="received one str"):
        encoder.encode("a text")
