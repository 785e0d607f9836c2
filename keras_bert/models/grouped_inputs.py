"""Records of several rows on their way into a task: texts to compare, choices to weigh.

The G rows of a record stay together in a batch, one after the other: record 0 row 0,
record 0 row 1, …. One call of the model embeds or scores them all, and the loss puts them
back into records.

Shapes: N records in memory, B records of a batch, G rows a record, S positions, K numbers
a label.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.models.record_pipeline import BatchOptions, check_labels
from keras_bert.models.text_inputs import pack
from keras_bert.models.text_pipeline import TextPipeline


class Rows(NamedTuple):
    """Texts of N records as rows, and their labels.

    Attributes:
        columns: one list of N * G texts, or two for pairs.
        group_size: G.
        labels: numbers [N] or [N, K], or None.
    """

    columns: tuple[list, ...]
    group_size: int
    labels: np.ndarray | None


class GroupedPipeline(TextPipeline):
    """A `TextPipeline` for records of several rows.

    A subclass defines `rows(x, y)`, which gives `Rows` for records in memory, and
    `convert(x, rest)`, which gives the features and labels of a batch in a `tf.data`
    pipeline.
    """

    def in_memory(
        self, x: Any, y: Any, sample_weight: Any, options: BatchOptions
    ) -> FeatureBatches:
        """Records as batches; `batch_size` and `sample_weight` count records.

        Raises:
            ValueError: not as many labels as records, or what `rows` refuses.
        """
        rows = self.rows(x, y)
        check_labels(rows.labels, len(rows.columns[0]) // rows.group_size)
        return FeatureBatches(
            pack(self.preprocessor, rows.columns),
            rows.labels,
            sample_weight,
            group_size=rows.group_size,
            **options.of_length(self.preprocessor.sequence_length),
        )

    def map(self, dataset: tf.data.Dataset, options: BatchOptions) -> tf.data.Dataset:
        """Tokenises inside a pipeline whose elements are `(x,)`, `(x, label)` or with weights.

        Args:
            dataset: of records, single or batched; `x` is the tuple of their texts, or
                already the dict of three integer tensors.
            options: `batch_size` batches single records.
        """
        if not isinstance(dataset.element_spec, tuple) or not _is_nested(dataset.element_spec[0]):
            dataset = dataset.map(lambda *x: (x[0] if len(x) == 1 else x,))
        text = tf.nest.flatten(dataset.element_spec[0])[0]
        if text.dtype == tf.string and text.shape.rank == 0:
            dataset = dataset.batch(options.batch_size)
        mapped = dataset.map(self._convert, num_parallel_calls=tf.data.AUTOTUNE)
        return mapped.prefetch(tf.data.AUTOTUNE)

    def _convert(self, x: Any, *rest: Any) -> tuple:
        if isinstance(x, dict):
            return (x, *(self.targets.encode_tensor(y) for y in rest[:1]), *rest[1:])
        return self.convert(x, *rest)


def interleaved(columns: tuple[list, ...]) -> list:
    """G lists of N texts as one list of N * G, the texts of a record one after another."""
    return [text for record in zip(*columns, strict=True) for text in record]


def interleaved_tensors(columns: tuple[tf.Tensor, ...]) -> tf.Tensor:
    """As `interleaved`: G string tensors [B] as one [B * G]."""
    return tf.reshape(tf.stack(columns, axis=1), [-1])


def _is_nested(spec: Any) -> bool:
    return isinstance(spec, tuple | dict)
