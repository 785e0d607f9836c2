import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.training.embedding_losses import (
    ContrastiveLoss,
    CosineScoreLoss,
    InBatchNegativesLoss,
    TripletLoss,
    unit_vectors,
)

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "embedding_losses.npz"
# name in the golden file: (our loss, texts a record, labels there)
LOSSES = {
    "in_batch_pairs": (lambda: InBatchNegativesLoss(), 2, None),
    "in_batch_hard_negatives": (lambda: InBatchNegativesLoss(scale=7.0), 4, None),
    "in_batch_symmetric": (lambda: InBatchNegativesLoss(symmetric=True), 2, None),
    "cosine_score": (lambda: CosineScoreLoss(), 2, "scores"),
    "triplet_cosine": (lambda: TripletLoss(), 3, None),
    "triplet_euclidean": (lambda: TripletLoss(1.5, "euclidean"), 3, None),
    "contrastive_cosine": (lambda: ContrastiveLoss(), 2, "binary"),
    "contrastive_euclidean": (lambda: ContrastiveLoss(3.0, "euclidean"), 2, "binary"),
}


@pytest.fixture(scope="module")
def golden():
    return dict(np.load(GOLDEN))


def rows_of(golden, name):
    """(loss, labels, embeddings [B * G, E]) of an entry."""
    make, texts, labels = LOSSES[name]
    embeddings = golden["embeddings"][:, :texts]
    labels = golden[labels] if labels else np.full(len(embeddings), -1.0, "float32")
    return make(), labels, embeddings.reshape(-1, embeddings.shape[-1])


@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients_are_those_of_sentence_transformers(golden, name):
    loss, labels, embeddings = rows_of(golden, name)
    rows = tf.Variable(embeddings)
    with tf.GradientTape() as tape:
        value = loss(labels, rows)
    gradient = tape.gradient(value, rows).numpy()
    np.testing.assert_allclose(value, golden[f"{name}/loss"], rtol=2e-6)
    expected = golden[f"{name}/gradient"].reshape(gradient.shape)
    np.testing.assert_allclose(gradient, expected, atol=2e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_compiled_with_unknown_sizes(golden, name):
    loss, labels, embeddings = rows_of(golden, name)
    specs = [tf.TensorSpec([None]), tf.TensorSpec([None, embeddings.shape[1]])]
    for compiled in (False, True):
        function = tf.function(lambda y, x: loss(y, x), specs, jit_compile=compiled)
        value = function(labels, embeddings)
        np.testing.assert_allclose(value, golden[f"{name}/loss"], rtol=5e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_config_round_trip(golden, name):
    loss, labels, embeddings = rows_of(golden, name)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(loss) and again.get_config() == loss.get_config()
    assert float(again(labels, embeddings)) == float(loss(labels, embeddings))


def compiled_on_jax():
    import jax

    golden, values = dict(np.load(GOLDEN)), {}
    for name in ("in_batch_hard_negatives", "triplet_euclidean"):
        loss, labels, embeddings = rows_of(golden, name)
        values[name] = float(jax.jit(lambda y, x, loss=loss: loss(y, x))(labels, embeddings))
    return values


def test_on_jax(golden, jax_process):
    for name, value in jax_process(__file__, "compiled_on_jax").items():
        assert value == pytest.approx(golden[f"{name}/loss"], rel=5e-6)


def test_weights_count_records(golden):
    loss, labels, embeddings = rows_of(golden, "cosine_score")
    alone = loss(labels[:1], embeddings[:2])
    weights = np.array([1] + [0] * 6, "float32")
    assert float(loss(labels, embeddings, weights)) == pytest.approx(float(alone) / 7)


def test_equal_numbers_are_no_negatives(golden):
    """As if the other record of that number had not been in the batch, for this anchor."""
    loss, (_, _, rows) = InBatchNegativesLoss(scale=1.0), rows_of(golden, "in_batch_pairs")
    numbers = np.array([[0, 10], [1, 11], [0, 12], [3, 13], [4, 14], [5, 11], [6, 16]], "float32")
    masked = loss.call(tf.constant(numbers), tf.constant(rows)).numpy()
    plain = loss.call(tf.constant(-np.ones(7, "float32")), tf.constant(rows)).numpy()
    records = rows.reshape(7, 2, -1)
    for record, other in ((0, 2), (1, 5), (2, 0), (5, 1)):
        kept = [record] + [i for i in range(7) if i not in (record, other)]
        alone = loss.call(tf.fill([6], -1.0), tf.constant(records[kept].reshape(12, -1)))
        assert masked[record] == pytest.approx(float(alone[0]), rel=1e-5)
        assert masked[record] < plain[record]
    np.testing.assert_allclose(masked[[3, 4, 6]], plain[[3, 4, 6]])


def test_vectors_of_zeros_and_equal_ones_give_finite_gradients():
    for loss in (InBatchNegativesLoss(), TripletLoss(1.0, "euclidean"), TripletLoss(1.0)):
        rows = tf.Variable(np.zeros((2 * max(2, loss.fewest_texts), 3), "float32"))
        with tf.GradientTape() as tape:
            value = loss(np.array([-1.0, -1.0]), rows)
        assert np.isfinite(value) and np.isfinite(tape.gradient(value, rows)).all()
    assert unit_vectors(np.zeros((1, 3), "float32")).numpy().tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("loss", "texts", "message"),
    [
        (CosineScoreLoss(), 3, "expected 2 texts a record for CosineScoreLoss; received 3"),
        (TripletLoss(), 2, "expected 3 texts a record for TripletLoss; received 2"),
        (InBatchNegativesLoss(), 1, "expected 2 or more texts a record for InBatch.*received 1"),
    ],
)
def test_other_numbers_of_texts_are_refused(loss, texts, message):
    with pytest.raises(ValueError, match=message):
        loss(np.zeros(5, "float32"), np.ones((5 * texts, 3), "float32"))


def test_other_distances_are_refused():
    with pytest.raises(ValueError, match=r"expected distance of \('cosine', 'euclidean'\).*'city'"):
        TripletLoss(distance="city")
    with pytest.raises(ValueError, match="expected distance of"):
        ContrastiveLoss(distance="city")
