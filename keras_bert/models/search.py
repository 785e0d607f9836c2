"""The nearest of many embeddings: all of them compared, or an approximate index.

Both have the same interface, so that one can stand for the other. `ExactIndex` needs
NumPy alone; its memory beside the corpus stays bounded, whatever the number of queries.

Source of the approximate index: Malkov and Yashunin 2018, hierarchical navigable small
world graphs, https://arxiv.org/abs/1603.09320, by the package faiss-cpu.

Shapes: N embeddings of the corpus, Q queries, E size of an embedding, K results.
"""

from typing import Any, NamedTuple

import numpy as np

# Scores held at once: 4 bytes each, so 64 MiB.
_SCORES_AT_ONCE = 1 << 24


class Hits(NamedTuple):
    """The best K of the corpus for each query, best first.

    Attributes:
        ids: int64 [Q, K], positions in the corpus.
        scores: float32 [Q, K], inner products: cosines of embeddings of length 1.
    """

    ids: np.ndarray
    scores: np.ndarray


class ExactIndex:
    """Compares each query with every embedding.

    Args:
        embeddings: float [N, E]; kept as float32, without a copy where they are.
        scores_at_once: bounds the memory of a search, in scores of 4 bytes.

    Raises:
        ValueError: no embeddings, another rank, or numbers that are not finite.
    """

    def __init__(self, embeddings: Any, scores_at_once: int = _SCORES_AT_ONCE) -> None:
        self.embeddings = _matrix("embeddings of a corpus", embeddings)
        if not len(self.embeddings):
            raise ValueError("expected at least one embedding in the corpus; received none")
        self.scores_at_once = scores_at_once

    def __len__(self) -> int:
        return len(self.embeddings)

    def search(self, queries: Any, k: int = 10) -> Hits:
        """The best k for each query; all N of them where k is larger.

        Equal scores come in the order of the corpus.

        Args:
            queries: float [Q, E].
            k: results a query, from 1.

        Raises:
            ValueError: k below 1, or queries of another size.
        """
        queries = _matrix("queries", queries, self.embeddings.shape[1])
        k = _results(k, len(self))
        rows = max(1, min(len(queries), 1024))
        columns = max(k, self.scores_at_once // rows)
        parts = [
            self._best(queries[start : start + rows], k, columns)
            for start in range(0, len(queries), rows)
        ]
        if not parts:
            return Hits(np.zeros((0, k), "int64"), np.zeros((0, k), "float32"))
        return Hits(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _best(self, queries: np.ndarray, k: int, columns: int) -> Hits:
        """The best of all chunks so far, chunk after chunk."""
        ids = np.zeros((len(queries), 0), "int64")
        scores = np.zeros((len(queries), 0), "float32")
        for start in range(0, len(self), columns):
            chunk = self.embeddings[start : start + columns]
            found = _top(queries @ chunk.T, k)  # [Q, at most k]
            ids = np.concatenate([ids, found.ids + start], axis=1)
            scores = np.concatenate([scores, found.scores], axis=1)
            kept = _top(scores, k)
            ids, scores = np.take_along_axis(ids, kept.ids, axis=1), kept.scores
        return Hits(ids, scores)


class ApproximateIndex:
    """Walks a graph of neighbours: far fewer comparisons, and nearly the same results.

    Needs the extra `search` (faiss-cpu).

    Args:
        embeddings: float [N, E].
        neighbours: edges of a node; more find better and take memory (8 bytes each).
        effort_to_build: candidates looked at for a new node.
        effort_to_search: candidates looked at for a query; at least k are.

    Raises:
        ImportError: faiss is not installed.
        ValueError: as `ExactIndex`.
    """

    def __init__(
        self,
        embeddings: Any,
        neighbours: int = 32,
        effort_to_build: int = 200,
        effort_to_search: int = 128,
    ) -> None:
        embeddings = _matrix("embeddings of a corpus", embeddings)
        if not len(embeddings):
            raise ValueError("expected at least one embedding in the corpus; received none")
        faiss = _faiss()
        size = embeddings.shape[1]
        self.effort_to_search = effort_to_search
        self._graph = faiss.IndexHNSWFlat(size, neighbours, faiss.METRIC_INNER_PRODUCT)
        self._graph.hnsw.efConstruction = effort_to_build
        self._graph.add(embeddings)

    def __len__(self) -> int:
        return self._graph.ntotal

    def search(self, queries: Any, k: int = 10) -> Hits:
        """As `ExactIndex.search`; where the graph leads to fewer than k, ids are -1."""
        queries = _matrix("queries", queries, self._graph.d)
        k = _results(k, len(self))
        self._graph.hnsw.efSearch = max(self.effort_to_search, k)
        scores, ids = self._graph.search(queries, k)
        return Hits(ids, scores)


def as_index(corpus: Any) -> Any:
    """An index as it is; embeddings [N, E] in an `ExactIndex`."""
    return corpus if hasattr(corpus, "search") else ExactIndex(corpus)


def _top(scores: np.ndarray, k: int) -> Hits:
    """The k greatest of each row, greatest first, equal ones as they come."""
    if k < scores.shape[1]:
        # Ties at the edge: of equal scores, the first ones are to stay.
        edge = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]  # [Q, 1]
        above = (scores > edge).sum(axis=1, keepdims=True)
        level = scores == edge
        kept = (scores > edge) | (level & (np.cumsum(level, axis=1) <= k - above))
        ids = np.nonzero(kept)[1].reshape(len(scores), k)
    else:
        ids = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    values = np.take_along_axis(scores, ids, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return Hits(
        np.take_along_axis(ids, order, axis=1).astype("int64"),
        np.take_along_axis(values, order, axis=1),
    )


def _matrix(name: str, values: Any, size: int | None = None) -> np.ndarray:
    values = np.asarray(values, "float32")
    if values.ndim != 2 or (size is not None and values.shape[1] != size):
        wanted = f"[number, {size}]" if size else "[number, size]"
        raise ValueError(f"expected {name} of shape {wanted}; received {list(values.shape)}")
    if not np.isfinite(values).all():
        raise ValueError(f"expected finite {name}; received some that are not")
    return np.ascontiguousarray(values)


def _results(k: int, available: int) -> int:
    if k < 1:
        raise ValueError(f"expected k of at least 1; received {k}")
    return min(k, available)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            "expected faiss for an approximate index; received an environment without it: "
            'pip install "keras-bert-text[search]"'
        ) from error
    return faiss
