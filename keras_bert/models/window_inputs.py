"""Records of any length on their way into `fit` and `evaluate`: cut into labelled windows.

Shapes: N records, W windows of a chunk of them, S positions, K labels a window.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import PackedFeatures, TokenLabels
from keras_bert.models.record_pipeline import BatchOptions, RecordPipeline, check_labels
from keras_bert.text.windows import SlidingWindows, Windows

RECORDS_A_CHUNK = 512


def chunks_of(columns: Sequence[list], specs: Sequence[tf.TensorSpec]) -> Iterator[tuple]:
    """Records in memory as tensors, `RECORDS_A_CHUNK` at a time; one chunk of none for none.

    Args:
        columns: lists of N values each.
        specs: the dtype of each.
    """
    for start in range(0, max(len(columns[0]), 1), RECORDS_A_CHUNK):
        values = [column[start : start + RECORDS_A_CHUNK] for column in columns]
        yield tuple(
            tf.constant(chunk, spec.dtype) if len(chunk) else tf.zeros([0], spec.dtype)
            for chunk, spec in zip(values, specs, strict=True)
        )


class WindowPipeline(RecordPipeline):
    """Any number of rows a record, for a `WindowTask`: see `RecordPipeline`.

    Args:
        windows: cuts records.
        specs: the task's `serving_inputs`.
        columns_of: checks records in memory and gives a list of N for each of `specs`.
        encode: checks N labels beside the columns, and gives a list of N.
        label: `(windows, labels of the chunk)` to integers [W, K]; or [W, S], a label for
            each word piece.
        weigh: for labels of word pieces, `(windows, texts of the chunk)` to float32 [W, S].
    """

    def __init__(
        self,
        windows: SlidingWindows,
        specs: Sequence[tf.TensorSpec],
        *,
        columns_of: Callable[[Any], tuple[list, ...]],
        encode: Callable[[Any, tuple[list, ...]], list],
        label: Callable[[Windows, list], np.ndarray],
        weigh: Callable[[Windows, list[str]], np.ndarray] | None = None,
    ) -> None:
        self.windows = windows
        self.specs = list(specs)
        self.columns_of = columns_of
        self.encode = encode
        self.label = label
        self.weigh = weigh

    def is_raw(self, x: Any) -> bool:
        """Whether `x` holds records in memory, rather than what Keras itself takes."""
        return not isinstance(x, dict | keras.utils.PyDataset)

    def in_memory(
        self, x: Any, y: Any, sample_weight: Any, options: BatchOptions
    ) -> FeatureBatches:
        """Records as batches of windows; the weight of a record is that of its windows.

        Raises:
            ValueError: not as many labels as records, or what `columns_of` and `encode`
                refuse.
        """
        columns = self.columns_of(x)
        labels = None if y is None else self.encode(y, columns)
        check_labels(labels, len(columns[0]))
        packed, targets, rows = self.pack(columns, labels)
        weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
        lengths = options.of_length(self.windows.sequence_length)
        return FeatureBatches(packed, targets, weight, **lengths)

    def map(self, dataset: tf.data.Dataset, options: BatchOptions) -> tf.data.Dataset:
        """A dataset of features as it is.

        Raises:
            ValueError: a dataset of strings.
        """
        del options
        if any(spec.dtype == tf.string for spec in tf.nest.flatten(dataset.element_spec)):
            raise ValueError(
                "expected records in memory, or a dataset of features; received a dataset of "
                "strings, whose records may be any number of windows"
            )
        return dataset

    def pack(
        self, columns: tuple[list, ...], labels: list | None
    ) -> tuple[PackedFeatures, np.ndarray | TokenLabels | None, np.ndarray]:
        """All windows of N records: features, labels, and the record of each window."""
        features, targets, rows, start = [], [], [], 0
        cut = tf.function(self.windows.padded("longest"), input_signature=self.specs)
        for tensors in chunks_of(columns, self.specs):
            windows, number = cut(*tensors), len(tensors[0])
            mask = windows.features["input_mask"]
            pad_id = self.windows.tokenizer.pad_id
            features.append(PackedFeatures.from_padded(windows.features, pad_id))
            rows.append(windows.rows.numpy() + start)
            if labels is not None:
                chunk = slice(start, start + number)
                numbers = self.label(windows, labels[chunk])
                if self.weigh is not None:
                    weights = self.weigh(windows, columns[0][chunk])
                    numbers = TokenLabels.from_padded(numbers, mask, weights)
                targets.append(numbers)
            start += number
        join = np.concatenate if self.weigh is None else TokenLabels.concatenate
        return (
            PackedFeatures.concatenate(features),
            join(targets) if targets else None,
            np.concatenate(rows),
        )
