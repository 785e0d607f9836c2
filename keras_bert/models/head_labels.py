"""Labels of several heads: encoded, with weight 0 where a record has none of a head.

Shapes: N records in memory, B records of a batch, C classes of a multi-label head.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.models.record_pipeline import BatchOptions, check_labels
from keras_bert.models.text_inputs import as_texts, pack
from keras_bert.models.text_pipeline import TextPipeline


class HeadLabels:
    """Encodes a dict of labels by head.

    Args:
        targets: what encodes the labels of each head.
    """

    def __init__(self, targets: Mapping[str, Any]) -> None:
        self.targets = dict(targets)

    def encode(self, labels: Any) -> dict[str, np.ndarray]:
        """What each head's loss takes; anything at all where a label is None.

        Args:
            labels: for each head N labels; a label that is None is not there.

        Raises:
            ValueError: another set of heads, columns of unequal lengths, a head without
                any label, or what a head refuses.
        """
        self._check(labels)
        lengths = {name: len(column) for name, column in labels.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"expected as many labels for each head; received {lengths}")
        encoded = {}
        for name, column in labels.items():
            there = self.present(column)
            if not there.any():
                raise ValueError(f"expected at least one label for head {name!r}; received none")
            kept = [label for label, is_there in zip(column, there, strict=True) if is_there]
            try:
                values = self.targets[name].encode(kept)
            except ValueError as error:
                raise ValueError(f"head {name!r}: {error}") from error
            encoded[name] = np.zeros((len(column), *values.shape[1:]), values.dtype)
            encoded[name][there] = values
        return encoded

    def encode_tensor(self, labels: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """As `encode`, in graph operations; every label must be there."""
        self._check(labels)
        return {name: self.targets[name].encode_tensor(labels[name]) for name in self.targets}

    def present(self, column: Any) -> np.ndarray:
        """Which labels are there: bool [N]."""
        return np.array([label is not None for label in column], bool)

    def _check(self, labels: Any) -> None:
        if not isinstance(labels, Mapping) or labels.keys() != self.targets.keys():
            received = sorted(labels) if isinstance(labels, Mapping) else type(labels).__name__
            raise ValueError(
                f"expected a dict of labels for the heads {list(self.targets)}; received {received}"
            )


class HeadBatches(FeatureBatches):
    """`FeatureBatches` whose labels and weights are dicts by head.

    Args:
        features: N rows.
        labels: for each head [N] or [N, C].
        weights: for each head float [N], 0 where there is no label.
        **options: of `FeatureBatches`.
    """

    def __init__(
        self,
        features: Any,
        labels: dict[str, np.ndarray],
        weights: dict[str, np.ndarray],
        **options: Any,
    ) -> None:
        self.by_head = labels
        self.head_weights = {name: weight.astype("float32") for name, weight in weights.items()}
        # One matrix of all of them, so that a run's fingerprint depends on them.
        matrix = np.concatenate(
            [
                values.reshape(len(values), -1).astype("float64")
                for values in (*labels.values(), *weights.values())
            ],
            axis=1,
        )
        super().__init__(features, matrix, **options)

    def make_batch(self, records: np.ndarray, length: int) -> tuple:
        """`(features, labels by head, weights by head)`."""
        features = self.features.padded(records, length)
        labels, weights = (
            {name: values[records] for name, values in columns.items()}
            for columns in (self.by_head, self.head_weights)
        )
        return features, labels, weights


class HeadsPipeline(TextPipeline):
    """A `TextPipeline` whose labels are dicts by head."""

    def in_memory(
        self, x: Any, y: Any, sample_weight: Any, options: BatchOptions
    ) -> FeatureBatches:
        """Texts as batches, with `y` a dict of N labels by head, None for none.

        Raises:
            ValueError: not as many labels as texts, or what `HeadLabels` refuses.
        """
        if y is None:
            return super().in_memory(x, y, sample_weight, options)
        texts = as_texts(x, self.pairs)
        labels = self.targets.encode(y)
        count = len(texts[0])
        check_labels(next(iter(labels.values())), count, "text")
        weight = np.ones(count) if sample_weight is None else np.asarray(sample_weight, "float32")
        if weight.shape != (count,):
            raise ValueError(
                f"expected sample_weight of shape [{count}]; received {list(weight.shape)}"
            )
        return HeadBatches(
            pack(self.preprocessor, texts),
            labels,
            {name: weight * self.targets.present(y[name]) for name in labels},
            **options.of_length(self.preprocessor.sequence_length),
        )
