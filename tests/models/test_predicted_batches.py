import keras
import numpy as np
import pytest

from keras_bert.models import BertClassifier, predicted_batches

TEXTS = [("very " * (row % 7) + "good film") for row in range(23)]


@pytest.fixture(scope="module")
def task(make_parts):
    return BertClassifier(*make_parts(), ["neg", "pos"])


@pytest.fixture(params=[1, 3])
def at_once(request, monkeypatch):
    monkeypatch.setattr(predicted_batches, "_at_once", lambda model: request.param)
    return request.param


def test_several_batches_at_once_give_what_keras_gives(task, at_once):
    features = task.preprocessor(TEXTS)
    expected = keras.Model.predict(task, features, batch_size=5, verbose=0)
    predicted = task.predict_logits(TEXTS, batch_size=5, verbose=0)
    np.testing.assert_allclose(predicted, expected, atol=2e-6)
    by_keras = task.predict_logits(TEXTS, batch_size=5, verbose=0, callbacks=[])
    np.testing.assert_allclose(predicted, by_keras, atol=2e-6)


def test_one_graph_serves_all_sizes_until_the_model_changes(make_parts, monkeypatch):
    monkeypatch.setattr(predicted_batches, "_at_once", lambda model: 3)
    task = BertClassifier(*make_parts(), ["neg", "pos"])
    before = task.predict_logits(TEXTS, batch_size=5, verbose=0)
    task.predict_logits(TEXTS[:1], verbose=0)
    graph = task.predict_function.of_any_size
    assert graph.experimental_get_tracing_count() == 1
    task.trainable_variables[-1].assign_add([1.0, 0.0])  # the head's bias
    after = task.predict_logits(TEXTS, batch_size=5, verbose=0)
    np.testing.assert_allclose(after - before, np.tile([1.0, 0.0], (23, 1)), atol=2e-6)
    task.compile_for(23)
    task.predict_logits(TEXTS[:1], verbose=0)
    assert task.predict_function.of_any_size is not graph


def test_a_failing_batch_ends_the_prediction(task, monkeypatch):
    monkeypatch.setattr(predicted_batches, "_at_once", lambda model: 3)
    served = []

    def fail(model, features):
        def forward(batch):
            served.append(len(served))
            if len(served) == 3:
                raise RuntimeError("third batch")
            return np.zeros((len(batch["input_mask"]), 2))

        return forward

    monkeypatch.setattr(predicted_batches, "_graph", fail)
    with pytest.raises(RuntimeError, match="third batch"):
        task.predict_logits(TEXTS * 20, batch_size=2, verbose=0)
    assert len(served) < 200


def test_a_bar_shows_the_batches(task, at_once, capsys):
    task.predict_logits(TEXTS, batch_size=5, verbose=1)
    assert "5/5" in capsys.readouterr().out
    task.predict_logits(TEXTS, batch_size=5, verbose=0)
    assert capsys.readouterr().out == ""
