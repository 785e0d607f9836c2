"""Re-ranking: a cross-encoder reads the query beside each candidate and orders them.

Source: Nogueira and Cho 2019, https://arxiv.org/abs/1901.04085

Shapes: N candidates.
"""

from typing import Any, NamedTuple

import numpy as np


class Ranking(NamedTuple):
    """Candidates, best first.

    Attributes:
        ids: int64 [N], positions among the candidates.
        scores: float32 [N], falling.
    """

    ids: np.ndarray
    scores: np.ndarray


class RanksTexts:
    """`rank` for a task on pairs; stands before `SequenceTask` among the bases."""

    def rank(self, query: str, texts: Any, *, label: str | None = None, **kwargs: Any) -> Ranking:
        """Orders texts by how well each goes with a query.

        Args:
            query: one text, the first of each pair.
            texts: N candidates, such as the hits of `BertSentenceEncoder.search`.
            label: of a classifier, the class whose probability is the score; the second
                of two if None. A regressor's score is its number.
            **kwargs: of `predict`.

        Returns:
            All N, best first; equal scores in the given order.

        Raises:
            ValueError: a task for single texts, several queries, or an unknown label.
        """
        if not self.pairs:
            raise ValueError("expected a task for pairs (pairs=True) to rank; received pairs=False")
        if not isinstance(query, str):
            raise ValueError(f"expected one query as a str; received {type(query).__name__}")
        texts = list(texts)
        answers = self.predict(([query] * len(texts), texts), **kwargs)
        scores = np.asarray(self.relevance(answers, label), "float32")  # [N]
        ids = np.argsort(-scores, kind="stable").astype("int64")
        return Ranking(ids, scores[ids])

    def relevance(self, answers: dict[str, Any], label: str | None) -> Any:
        """The score [N] that ranks, of a regressor; a classifier has its own."""
        if label is not None:
            raise ValueError(f"expected no label for numbers; received {label!r}")
        return answers["score"]
