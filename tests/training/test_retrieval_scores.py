import numpy as np
import pytest

from keras_bert.training.retrieval_scores import (
    cosines,
    first_ranks,
    retrieval_problem,
    retrieval_scores,
    unit,
)


def test_scores_of_ranks():
    scores = retrieval_scores([1, 2, 1, 20])
    assert scores == {"accuracy_at_1": 0.5, "recall_at_10": 0.75, "mrr": (1 + 0.5 + 1 + 0.05) / 4}


@pytest.mark.parametrize("ranks", [[], [1, 0], [[1]]])
def test_no_ranks(ranks):
    with pytest.raises(ValueError, match="expected one or more ranks from 1"):
        retrieval_scores(ranks)


def test_ranks_are_those_of_a_sort():
    random = np.random.default_rng(3)
    queries, candidates = random.normal(size=(601, 5)), random.normal(size=(17, 5))
    right = [set(random.integers(0, 17, random.integers(1, 4)).tolist()) for _ in queries]
    ranks = first_ranks(queries, candidates, right)
    for row, places, rank in zip(queries @ candidates.T, right, ranks, strict=True):
        order = np.argsort(-row).tolist()
        first = min(order.index(place) for place in places)
        assert rank == first + 1


def test_embeddings_that_are_all_alike_find_nothing():
    ranks = first_ranks(np.ones((3, 2)), np.ones((5, 2)), [{0}, {1, 2}, {4}])
    assert ranks.tolist() == [5, 4, 5]


def test_cosines():
    assert cosines([[3.0, 4]], [[4.0, 3]])[0] == pytest.approx(0.96)
    assert unit(np.zeros((1, 2))).tolist() == [[0, 0]]


def test_equal_queries_and_texts_are_one():
    columns = (["q", "p", "q"], ["a", "b", "c"], ["b", "d", "d"])
    queries, candidates, right = retrieval_problem(columns)
    assert (queries, candidates) == (["q", "p"], ["a", "b", "c", "d"])
    assert right == [{0, 2}, {1}]
