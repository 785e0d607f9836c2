"""What rows are labelled with, and the way from labels to what a loss takes.

Each kind has `encode` for labels in memory and `encode_tensor` for labels that pass
through a `tf.data` pipeline.

Shapes: B rows, C classes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


class LabelSet:
    """The ordered class names of a task, and the way from names to numbers.

    Args:
        names: C distinct strings; the position of a name is its class number.
        multi_label: whether a row carries any number of labels rather than one.

    Raises:
        ValueError: no names, an empty name, or a name that stands twice.
    """

    def __init__(self, names: Sequence[str], multi_label: bool = False) -> None:
        names = [str(name) for name in names]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if not names or "" in names or repeated:
            raise ValueError(
                "expected labels to be one or more distinct, non-empty names; "
                f"received {len(names)} names"
                + (f", repeated: {repeated}" if repeated else f": {names}")
            )
        self.names = names
        self.multi_label = multi_label
        self._number = {name: number for number, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, labels: Any) -> np.ndarray:
        """Turns labels into what the loss takes.

        Args:
            labels: single-label: B names or class numbers; multi-label: B collections of
                names, or a [B, C] matrix of zeros and ones.

        Returns:
            int32 [B] class numbers, or float32 [B, C] for multi-label.

        Raises:
            ValueError: a label that is not among the names, or a number out of range.
        """
        return self._encode_sets(labels) if self.multi_label else self._encode_ones(labels)

    def encode_tensor(self, labels: tf.Tensor) -> tf.Tensor:
        """As `encode`, in graph operations.

        Args:
            labels: string or integer [B]; for multi-label a [B, C] matrix.

        Returns:
            int32 [B], or float32 [B, C].

        Raises:
            tf.errors.InvalidArgumentError: when the pipeline runs, for an unseen label.
        """
        if self.multi_label:
            return tf.ensure_shape(tf.cast(labels, tf.float32), [None, len(self)])
        if labels.dtype == tf.string:
            hits = tf.equal(labels[:, None], tf.constant(self.names)[None])  # [B, C]
            seen = tf.reduce_any(hits, axis=-1)
            numbers = tf.argmax(tf.cast(hits, tf.int32), axis=-1, output_type=tf.int32)
        else:
            numbers = tf.cast(labels, tf.int32)
            seen = (numbers >= 0) & (numbers < len(self))
        expected = f"expected labels among {self.names[:20]}; received unseen"
        check = tf.debugging.Assert(
            tf.reduce_all(seen), [expected, tf.boolean_mask(labels, ~seen)], summarize=10
        )
        with tf.control_dependencies([check]):
            return tf.identity(numbers)

    def _encode_ones(self, labels: Any) -> np.ndarray:
        if not isinstance(labels, np.ndarray):
            # Names of mixed kinds, bytes among them, are left to `_text`.
            labels = list(labels)
            named = any(isinstance(label, str | bytes) for label in labels)
            labels = np.array(labels, dtype=object if named else None)
        if labels.ndim != 1:
            raise ValueError(f"expected labels of shape [B]; received shape {list(labels.shape)}")
        if labels.dtype.kind in "iub":
            outside = labels[(labels < 0) | (labels >= len(self))]
            if outside.size:
                raise ValueError(
                    f"expected class numbers from 0 to {len(self) - 1}; "
                    f"received {sorted(set(outside.tolist()))[:5]}"
                )
            return labels.astype("int32")
        self._refuse_unknown(labels.tolist())
        return np.array([self._number[_text(label)] for label in labels.tolist()], "int32")

    def _encode_sets(self, labels: Any) -> np.ndarray:
        if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.dtype.kind in "iubf":
            if labels.shape[1] != len(self) or not np.isin(labels, (0, 1)).all():
                raise ValueError(
                    f"expected multi-label targets of zeros and ones, shape [B, {len(self)}]; "
                    f"received {labels.dtype} of shape {list(labels.shape)}"
                )
            return labels.astype("float32")
        encoded = np.zeros((len(labels), len(self)), "float32")
        for row, names in enumerate(labels):
            if isinstance(names, str | bytes):
                raise ValueError(
                    "expected a collection of labels for each row of a multi-label task; "
                    f"received {names!r} in row {row}"
                )
            self._refuse_unknown(names)
            encoded[row, [self._number[_text(name)] for name in names]] = 1
        return encoded

    def _refuse_unknown(self, labels: Sequence[Any]) -> None:
        unknown = {_text(label) for label in labels} - set(self._number)
        if unknown:
            raise ValueError(
                f"expected labels among {self.names[:20]}; received unseen {sorted(unknown)[:10]}"
            )


class Scores:
    """Labels that are numbers: one a row, as a regressor learns them."""

    def encode(self, labels: Any) -> np.ndarray:
        """Numbers, or strings that hold numbers, as float32 [B].

        Raises:
            ValueError: something that is no finite number, or another rank.
        """
        try:
            scores = np.asarray(labels, "float32")
        except ValueError as error:
            raise ValueError(f"expected labels to be numbers; received: {error}") from error
        if scores.ndim != 1 or not np.isfinite(scores).all():
            raise ValueError(
                "expected labels to be finite numbers of shape [B]; received shape "
                f"{list(scores.shape)}, {int((~np.isfinite(scores)).sum())} of them not finite"
            )
        return scores

    def encode_tensor(self, labels: tf.Tensor) -> tf.Tensor:
        """As `encode`, in graph operations."""
        if labels.dtype == tf.string:
            return tf.strings.to_number(labels)
        return tf.cast(labels, tf.float32)


def _text(label: Any) -> str:
    return label.decode("utf-8") if isinstance(label, bytes) else str(label)
