r"""Losses that teach a model to place texts by meaning.

Each record is G texts (an anchor, its positive, hard negatives; or two texts with a
score), and the model embeds all of them in one call: rows come interleaved, record 0
text 0, record 0 text 1, …. A loss finds G from the numbers of labels and of rows.

Sources: Henderson et al. 2017, section 4, https://arxiv.org/abs/1705.00652 (in-batch
negatives); Reimers and Gurevych 2019, section 3, https://arxiv.org/abs/1908.10084 (cosine
and triplet objectives); Hadsell, Chopra and LeCun 2006, equation 4 (contrastive).

Shapes: B records, G texts a record, E size of an embedding.
"""

from typing import Any

import keras
from keras import ops

DISTANCES = ("cosine", "euclidean")
# In place of the score of a candidate that is no candidate: e^-1e9 is 0 in float32.
_EXCLUDED = -1e9
# Under the square root: the gradient of a length has no value at 0.
_SMALLEST = 1e-12


class EmbeddingLoss(keras.losses.Loss):
    """What the losses on embeddings share.

    Call arguments:
        y_true: [B] or [B, K], what the loss makes of labels.
        y_pred: float [B * G, E], embeddings, the G of a record one after another.

    Returns:
        The weighted mean over the records; `call` gives float [B].

    Attributes:
        fewest_texts: least G.
        most_texts: greatest G, or None.
        labels: what records are labelled with: "none", "scores" or "binary".
    """

    fewest_texts, most_texts, labels = 2, 2, "scores"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each record, [B]."""
        grouped = ops.reshape(y_pred, (ops.shape(y_true)[0], -1, y_pred.shape[-1]))  # [B, G, E]
        if y_true.shape[0] is not None and grouped.shape[1] is not None:
            self.check_texts(grouped.shape[1])
        return self.loss_of(y_true, grouped)

    def check_texts(self, count: int) -> None:
        """Refuses records of too few or too many texts.

        Raises:
            ValueError: G does not suit this loss.
        """
        if count < self.fewest_texts or count > (self.most_texts or count):
            limit = f"{self.fewest_texts}"
            limit += f" to {self.most_texts}" if self.most_texts else " or more"
            limit = limit if self.fewest_texts != self.most_texts else f"{self.most_texts}"
            raise ValueError(
                f"expected {limit} texts a record for {type(self).__name__}; received {count}"
            )


@keras.saving.register_keras_serializable(package="keras_bert")
class InBatchNegativesLoss(EmbeddingLoss):
    r"""The positive of a record against all other records' texts.

    With cosines c, anchor a_i and all other texts of the batch t_j (positives first, then
    hard negatives)::

        loss_i = -log( e^(scale c(a_i, t_i)) / sum_j e^(scale c(a_i, t_j)) )

    Larger batches have more negatives and teach more. A text that is a positive of two
    records in a batch would be pushed away from its own anchor: records with an equal
    number in any column of `y_true` are therefore no negatives of each other (their hard
    negatives still are). `BertSentenceEncoder.fit` numbers equal anchors and equal positives.

    Args:
        scale: the inverse of the temperature.
        symmetric: average with the same loss from positives to anchors.
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: [B] or [B, K] whole numbers; negative ones are unlike all others.
        y_pred: float [B * G, E]; G = 2, more with hard negatives.
    """

    most_texts, labels = None, "none"

    def __init__(
        self,
        scale: float = 20.0,
        symmetric: bool = False,
        name: str = "in_batch_negatives",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.scale = scale
        self.symmetric = symmetric

    def loss_of(self, y_true: Any, embeddings: Any) -> Any:
        """The loss of each record [B] for embeddings [B, G, E]."""
        unit = unit_vectors(embeddings)
        anchors, positives = unit[:, 0], unit[:, 1]  # [B, E] each
        # Scores beside the diagonal that are negatives of a record by its numbers.
        between = ops.where(_alike(y_true), _EXCLUDED, self.scale * _products(anchors, positives))
        hard = ops.reshape(unit[:, 2:], (-1, ops.shape(unit)[-1]))  # [B * (G - 2), E]
        scores = ops.concatenate([between, self.scale * _products(anchors, hard)], axis=1)
        loss = ops.logsumexp(scores, axis=1) - ops.diagonal(between)
        if self.symmetric:
            back = ops.logsumexp(between, axis=0) - ops.diagonal(between)
            loss = (loss + back) / 2
        return loss

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().get_config() | {"scale": self.scale, "symmetric": self.symmetric}


@keras.saving.register_keras_serializable(package="keras_bert")
class CosineScoreLoss(EmbeddingLoss):
    r"""The cosine of two texts against a score: (c(a, b) - y)^2.

    Args:
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: float [B], -1 to 1, as cosines are.
        y_pred: float [B * 2, E].
    """

    def __init__(self, name: str = "cosine_score", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def loss_of(self, y_true: Any, embeddings: Any) -> Any:
        """The loss of each record [B] for embeddings [B, 2, E]."""
        cosine = 1 - vector_distance(embeddings[:, 0], embeddings[:, 1], "cosine")  # [B]
        return ops.square(cosine - ops.reshape(y_true, (-1,)))


@keras.saving.register_keras_serializable(package="keras_bert")
class TripletLoss(EmbeddingLoss):
    r"""An anchor nearer to its positive than to its negative: max(0, d(a, p) - d(a, n) + m).

    Args:
        margin: m; None means 5 for Euclidean distances, 0.5 for cosine ones (at most 2).
        distance: d, "euclidean" or "cosine" (1 - cosine).
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: [B], not looked at.
        y_pred: float [B * 3, E].

    Raises:
        ValueError: another `distance`.
    """

    fewest_texts, most_texts, labels = 3, 3, "none"

    def __init__(
        self,
        margin: float | None = None,
        distance: str = "cosine",
        name: str = "triplet",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.distance = _known(distance)
        self.margin = {"cosine": 0.5, "euclidean": 5.0}[distance] if margin is None else margin

    def loss_of(self, y_true: Any, embeddings: Any) -> Any:
        """The loss of each record [B] for embeddings [B, 3, E]."""
        anchor, positive, negative = (embeddings[:, i] for i in range(3))
        near = vector_distance(anchor, positive, self.distance)  # [B]
        return ops.relu(near - vector_distance(anchor, negative, self.distance) + self.margin)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().get_config() | {"margin": self.margin, "distance": self.distance}


@keras.saving.register_keras_serializable(package="keras_bert")
class ContrastiveLoss(EmbeddingLoss):
    r"""Like texts together, unlike ones apart by a margin.

    loss = (y d^2 + (1 - y) max(0, m - d)^2) / 2

    Args:
        margin: m, from which unlike texts are far enough apart.
        distance: d, "cosine" (1 - cosine) or "euclidean".
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: [B], 1 for texts that are alike, 0 for others.
        y_pred: float [B * 2, E].

    Raises:
        ValueError: another `distance`.
    """

    labels = "binary"

    def __init__(
        self,
        margin: float = 0.5,
        distance: str = "cosine",
        name: str = "contrastive",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.margin = margin
        self.distance = _known(distance)

    def loss_of(self, y_true: Any, embeddings: Any) -> Any:
        """The loss of each record [B] for embeddings [B, 2, E]."""
        alike = ops.reshape(y_true, (-1,))
        apart = vector_distance(embeddings[:, 0], embeddings[:, 1], self.distance)  # [B]
        far = ops.square(ops.relu(self.margin - apart))
        return (alike * ops.square(apart) + (1 - alike) * far) / 2

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().get_config() | {"margin": self.margin, "distance": self.distance}


def unit_vectors(vectors: Any) -> Any:
    """Vectors [..., E] scaled to length 1; a vector of zeros stays one."""
    squares = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors / ops.sqrt(ops.maximum(squares, _SMALLEST))


def vector_distance(first: Any, second: Any, kind: str) -> Any:
    """The distances [B] of vectors [B, E]: Euclidean, or 1 - cosine."""
    if kind == "cosine":
        return 1 - ops.sum(unit_vectors(first) * unit_vectors(second), axis=-1)
    squares = ops.sum(ops.square(first - second), axis=-1)
    return ops.sqrt(ops.maximum(squares, _SMALLEST))


def _products(first: Any, second: Any) -> Any:
    return ops.matmul(first, ops.transpose(second))  # [B, rows of second]


def _alike(numbers: Any) -> Any:
    """Whether two different records share a number in some column: [B, B]."""
    numbers = ops.reshape(numbers, (ops.shape(numbers)[0], -1))  # [B, K]
    equal = ops.equal(numbers[:, None], numbers[None]) & (numbers >= 0)[None]  # [B, B, K]
    places = ops.arange(ops.shape(numbers)[0])
    return ops.any(equal, axis=-1) & ops.not_equal(places[:, None], places[None])


def _known(kind: str) -> str:
    if kind not in DISTANCES:
        raise ValueError(f"expected distance of {DISTANCES}; received {kind!r}")
    return kind
