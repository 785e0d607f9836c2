import builtins

import numpy as np
import pytest

from keras_bert.models.search import ApproximateIndex, ExactIndex, as_index

CORPUS, QUERIES, SIZE = 997, 31, 13


@pytest.fixture(scope="module")
def vectors():
    """(corpus, queries) of length 1."""
    random = np.random.default_rng(5)
    rows = random.normal(size=(CORPUS + QUERIES, SIZE)).astype("float32")
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[:CORPUS], rows[CORPUS:]


@pytest.mark.parametrize("scores_at_once", [1, 7 * QUERIES, 500 * QUERIES, 1 << 24])
@pytest.mark.parametrize("k", [1, 11])
def test_exact_search_is_a_sort_of_all_products(vectors, scores_at_once, k):
    corpus, queries = vectors
    products = queries @ corpus.T
    expected = np.argsort(-products, axis=1, kind="stable")[:, :k]
    ids, scores = ExactIndex(corpus, scores_at_once).search(queries, k)
    assert ids.dtype == "int64" and scores.dtype == "float32"
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_allclose(scores, np.take_along_axis(products, expected, 1), atol=1e-6)


@pytest.mark.parametrize("scores_at_once", [1, 1 << 24])
def test_equal_scores_come_in_the_order_of_the_corpus(scores_at_once):
    corpus = np.array([[1.0], [3], [2], [3], [1], [2], [3]])
    ids, scores = ExactIndex(corpus, scores_at_once).search([[1.0], [-1]], 4)
    assert ids.tolist() == [[1, 3, 6, 2], [0, 4, 2, 5]]
    assert scores.tolist() == [[3, 3, 3, 2], [-1, -1, -2, -2]]


def test_more_queries_than_go_at_once(vectors):
    corpus, queries = vectors
    many = np.tile(queries, (40, 1))
    ids = ExactIndex(corpus).search(many, 3).ids
    np.testing.assert_array_equal(ids, np.tile(ExactIndex(corpus).search(queries, 3).ids, (40, 1)))


@pytest.mark.parametrize("index", [ExactIndex, ApproximateIndex])
def test_sizes_at_the_edge(vectors, index):
    if index is ApproximateIndex:
        pytest.importorskip("faiss")
    corpus, queries = vectors
    ids, scores = index(corpus[:3]).search(queries, 10)
    assert ids.shape == scores.shape == (QUERIES, 3)
    assert set(ids[0]) == {0, 1, 2}
    ids, scores = index(corpus).search(queries[:0], 4)
    assert ids.shape == scores.shape == (0, 4)
    assert len(index(corpus)) == CORPUS


@pytest.mark.parametrize("index", [ExactIndex, ApproximateIndex])
def test_refusals(vectors, index):
    if index is ApproximateIndex:
        pytest.importorskip("faiss")
    corpus, queries = vectors
    with pytest.raises(ValueError, match="expected at least one embedding in the corpus"):
        index(corpus[:0])
    with pytest.raises(ValueError, match=r"expected embeddings of a corpus of shape .*\[13\]"):
        index(corpus[0])
    with pytest.raises(ValueError, match="expected finite embeddings of a corpus"):
        index(np.array([[np.nan]]))
    with pytest.raises(ValueError, match="expected k of at least 1; received 0"):
        index(corpus).search(queries, 0)
    with pytest.raises(ValueError, match=r"expected queries of shape \[number, 13\]; .*\[31, 5\]"):
        index(corpus).search(queries[:, :5], 1)


def test_approximate_search_finds_what_exact_search_finds(vectors):
    pytest.importorskip("faiss")
    corpus, queries = vectors
    exact = ExactIndex(corpus).search(queries, 10)
    found = ApproximateIndex(corpus).search(queries, 10)
    assert found.ids.dtype == "int64" and found.scores.dtype == "float32"
    same = [len(set(a) & set(b)) / 10 for a, b in zip(exact.ids, found.ids, strict=True)]
    assert np.mean(same) > 0.98
    np.testing.assert_allclose(found.scores[:, 0], exact.scores[:, 0], atol=1e-6)


def test_without_faiss(vectors, monkeypatch):
    imported = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "faiss":
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"expected faiss for an approximate index.*\[search\]"):
        ApproximateIndex(vectors[0])


def test_an_index_stays_and_embeddings_become_one(vectors):
    index = ExactIndex(vectors[0])
    assert as_index(index) is index
    assert isinstance(as_index(vectors[0]), ExactIndex)
