"""Records that teach a sentence encoder: two or more texts each, labelled or not.

Shapes: N records in memory, B records of a batch, G texts a record, K numbers a label.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_bert.models.grouped_inputs import (
    GroupedPipeline,
    Rows,
    interleaved,
    interleaved_tensors,
)
from keras_bert.models.text_inputs import as_texts
from keras_bert.training.embedding_losses import EmbeddingLoss


class EmbeddingLabels:
    """Scores, zeros and ones, or numbers of records that are alike: what the loss takes.

    Always of two axes: a compiled step that has seen [B] and [B, 2] no longer knows the rank.
    """

    def encode(self, labels: Any) -> np.ndarray:
        """Numbers [N] or [N, K], or strings that hold them, as float32 [N, 1] or [N, K].

        Raises:
            ValueError: something that is no finite number, or another rank.
        """
        try:
            numbers = np.asarray(labels, "float32")
        except ValueError as error:
            raise ValueError(f"expected labels to be numbers; received: {error}") from error
        if numbers.ndim not in (1, 2) or not np.isfinite(numbers).all():
            raise ValueError(
                "expected labels to be finite numbers of shape [N] or [N, K]; received shape "
                f"{list(numbers.shape)}, {int((~np.isfinite(numbers)).sum())} of them not finite"
            )
        return numbers.reshape(len(numbers), -1)

    def encode_tensor(self, labels: tf.Tensor) -> tf.Tensor:
        """As `encode`, in graph operations."""
        numbers = tf.strings.to_number if labels.dtype == tf.string else tf.cast
        return tf.reshape(numbers(labels, tf.float32), [tf.shape(labels)[0], -1])


class EmbeddingPipeline(GroupedPipeline):
    """Collections of texts, side by side, as interleaved rows."""

    def rows(self, x: Any, y: Any) -> Rows:
        """The texts of one collection (to embed) or of several (to learn from)."""
        columns = text_columns(x)
        labels = None if y is None else self.targets.encode(y)
        if labels is None and len(columns) > 1:
            labels = text_numbers(columns)
        return Rows((interleaved(columns),), len(columns), labels)

    def convert(self, x: Any, *rest: Any) -> tuple:
        """A batch of string tensors [B]: its features, and labels [B]."""
        columns = x if isinstance(x, tuple) else (x,)
        features = self.preprocessor(interleaved_tensors(columns))
        if not rest and len(columns) > 1:  # a batch's texts are not compared with each other
            return features, -tf.ones([tf.size(columns[0]), 1])
        return (features, *(self.targets.encode_tensor(y) for y in rest[:1]), *rest[1:])


def text_columns(x: Any) -> tuple[list, ...]:
    """The collections of texts in `x`: one for texts, G for a tuple of G collections.

    Raises:
        ValueError: no texts, or collections of unequal lengths.
    """
    if not isinstance(x, tuple | list) or not len(x) or isinstance(x[0], str | bytes):
        return as_texts(x, pairs=False)
    columns = tuple(as_texts(column, pairs=False)[0] for column in x)
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"expected as many texts in each collection of records; received {lengths}"
        )
    return columns


def text_numbers(columns: Sequence[Sequence[str]]) -> np.ndarray:
    """Which records share their first text or their second: float32 [N, 2].

    Equal numbers in a column mean equal texts; what is like no other is -1.
    """
    numbers = np.full((len(columns[0]), 2), -1, "float32")
    for place, column in enumerate(columns[:2]):
        _, which, counts = np.unique(
            np.array([_folded(text) for text in column]), return_inverse=True, return_counts=True
        )
        repeated = counts > 1
        numbered = np.where(repeated, np.cumsum(repeated) - 1, -1)
        numbers[:, place] = numbered[which]
    return numbers


def check_records(loss: Any, columns: Sequence[Any], labels: Any) -> None:
    """Refuses records that a loss would not learn from as they are meant.

    Args:
        loss: checked if it is an `EmbeddingLoss`.
        columns: G collections.
        labels: N labels, or None.

    Raises:
        ValueError: too few or too many texts, missing labels, labels of another kind.
    """
    if len(columns) < 2:
        raise ValueError(
            "expected records of 2 or more texts, as a tuple of collections "
            f"(anchors, positives, …); received {len(columns)} collection"
        )
    if not isinstance(loss, EmbeddingLoss):
        return
    loss.check_texts(len(columns))
    name = type(loss).__name__
    if labels is None:
        if loss.labels != "none":
            raise ValueError(f"expected labels ({loss.labels}) for {name}; received none")
        return
    numbers = EmbeddingLabels().encode(labels)
    fits, wanted = {
        "none": (numbers == np.floor(numbers), "none, or whole numbers of records that are alike"),
        "binary": (np.isin(numbers, (0, 1)), "0 or 1"),
        "scores": (np.abs(numbers) <= 1, "scores from -1 to 1, as cosines are"),
    }[loss.labels]
    if not fits.all():
        raise ValueError(
            f"expected labels for {name}: {wanted}; received {numbers[~fits][0]:g}"
            + (" (divide scores by their maximum)" if loss.labels == "scores" else "")
        )


def _folded(text: str | bytes) -> str:
    return (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).strip()
