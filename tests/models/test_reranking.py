import numpy as np
import pytest

from keras_bert.models import BertClassifier, BertRegressor

TEXTS = ["a good film", "", "the book was poor", "very very great !", "a good film"]


def test_classifiers_rank_by_the_probability_of_a_class(tiny_parts):
    task = BertClassifier(*tiny_parts, ["no", "yes"], pairs=True)
    probabilities = task.predict((["film ?"] * 5, TEXTS), verbose=0)["probabilities"]
    for label, column in ((None, 1), ("yes", 1), ("no", 0)):
        ids, scores = task.rank("film ?", TEXTS, label=label, verbose=0)
        assert ids.tolist() == np.argsort(-probabilities[:, column], kind="stable").tolist()
        np.testing.assert_allclose(scores, probabilities[ids, column], atol=1e-6)
    assert task.rank("film ?", []).ids.shape == (0,)


def test_regressors_rank_by_their_number(tiny_parts):
    task = BertRegressor(*tiny_parts, pairs=True)
    scores = task.predict((["film ?"] * 5, TEXTS), verbose=0)["score"]
    ranking = task.rank("film ?", np.array(TEXTS), verbose=0)
    np.testing.assert_allclose(ranking.scores, np.sort(scores)[::-1], atol=1e-6)
    assert ranking.scores.dtype == "float32" and ranking.ids.dtype == "int64"


def test_refusals(tiny_parts):
    single = BertRegressor(*tiny_parts)
    with pytest.raises(ValueError, match=r"expected a task for pairs \(pairs=True\) to rank"):
        single.rank("a", TEXTS)
    three = BertClassifier(*tiny_parts, ["a", "b", "c"], pairs=True)
    for label in (None, "d"):
        with pytest.raises(ValueError, match=r"expected label= of \['a', 'b', 'c'\]"):
            three.rank("a", TEXTS, label=label, verbose=0)
    with pytest.raises(ValueError, match="expected one query as a str; received list"):
        three.rank(["a"], TEXTS, label="a")
    pairs = BertRegressor(*tiny_parts, pairs=True)
    with pytest.raises(ValueError, match="expected no label for numbers; received 'a'"):
        pairs.rank("a", TEXTS, label="a", verbose=0)
