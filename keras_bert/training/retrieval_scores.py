"""Scores of embeddings: rank correlation of cosines, and where the right text is found.

Sources: Spearman's correlation of cosines, Reimers and Gurevych 2019, section 4; mean
reciprocal rank, Voorhees 1999, TREC-8 question answering track.

Shapes: Q queries, N candidates, E size of an embedding.
"""

from collections.abc import Collection, Sequence

import numpy as np

_QUERIES_AT_ONCE = 256


def retrieval_scores(ranks: Sequence[int] | np.ndarray) -> dict[str, float]:
    """How near to the top the first right candidate stands.

    Args:
        ranks: [Q], from 1.

    Returns:
        `accuracy_at_1`, `recall_at_10` (a right one among the first ten), `mrr` (mean of 1 / rank).

    Raises:
        ValueError: no queries, or a rank below 1.
    """
    ranks = np.asarray(ranks)
    if ranks.ndim != 1 or not ranks.size or (ranks < 1).any():
        raise ValueError(
            f"expected one or more ranks from 1; received {ranks.size}, "
            f"least {ranks.min(initial=1)}"
        )
    return {
        "accuracy_at_1": float((ranks == 1).mean()),
        "recall_at_10": float((ranks <= 10).mean()),
        "mrr": float((1 / ranks).mean()),
    }


def retrieval_problem(
    columns: Sequence[Sequence[str]],
) -> tuple[list[str], list[str], list[set[int]]]:
    """What is looked for, and where, in records of a query, its right text and wrong ones.

    Args:
        columns: two or more lists of texts, of one length.

    Returns:
        Distinct queries; distinct candidates, which are all texts but the queries; and for
        each query the positions of its right candidates.
    """
    candidates = list(dict.fromkeys(text for column in columns[1:] for text in column))
    place = {text: number for number, text in enumerate(candidates)}
    right: dict[str, set[int]] = {}
    for query, text in zip(*columns[:2], strict=True):
        right.setdefault(query, set()).add(place[text])
    return [*right], candidates, [*right.values()]


def first_ranks(
    queries: np.ndarray, candidates: np.ndarray, right: Sequence[Collection[int]]
) -> np.ndarray:
    """The rank of each query's best right candidate among all, from 1: int64 [Q].

    A wrong candidate with the same score stands before a right one, so that embeddings
    which are all alike score nothing.

    Args:
        queries: float [Q, E].
        candidates: float [N, E].
        right: for each query, one or more positions among the candidates.
    """
    ranks = []
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        scores = queries[start : start + _QUERIES_AT_ONCE] @ candidates.T  # [Q, N]
        for row, positions in zip(scores, right[start:], strict=False):
            places = sorted(positions)
            best = row[places].max()
            row[places] = -np.inf
            ranks.append(1 + int((row >= best).sum()))
    return np.array(ranks, "int64")


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The cosine of each row of [N, E] with the same row of another: float32 [N]."""
    return (unit(first) * unit(second)).sum(axis=-1)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows [N, E] scaled to length 1, as float32; rows of zeros stay zeros."""
    vectors = np.asarray(vectors, "float32")
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-12)
