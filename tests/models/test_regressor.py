import numpy as np
import pytest

from keras_bert.models import BertRegressor


def test_learns_numbers(make_parts, reviews):
    texts, labels = reviews
    scores = [4.0 if label == "pos" else 1.0 for label in labels]
    task = BertRegressor(*make_parts(dropout=0.0), dropout=0.0)
    task.compile_for(len(texts), epochs=8, batch_size=8, learning_rate=5e-3)
    task.fit(texts, scores, epochs=8, batch_size=8, verbose=0)
    found = task.score(texts, [str(score) for score in scores], verbose=0)
    assert found["pearson"] > 0.9
    predicted = task.predict(texts, verbose=0)["score"]
    assert predicted.shape == (len(texts),)
    rmse = task.evaluate(texts, scores, verbose=0, return_dict=True)["rmse"]
    assert rmse == pytest.approx(np.sqrt(np.mean((predicted - scores) ** 2)), rel=1e-4)


def test_refuses_labels_that_are_no_numbers(tiny_parts):
    task = BertRegressor(*tiny_parts, pairs=True, pooling="mean")
    with pytest.raises(ValueError, match="expected labels to be numbers; received"):
        task.fit((["good"], ["bad"]), ["high"])
    with pytest.raises(ValueError, match="expected labels to be finite numbers"):
        task.fit((["good"], ["bad"]), [float("inf")])
