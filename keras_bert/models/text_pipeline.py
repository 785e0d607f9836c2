"""Texts, or pairs of texts, on their way into a task's `fit`, `evaluate` and `predict`.

In memory, texts are tokenised once and served in length-bucketed batches; from a
`tf.data.Dataset` they are tokenised as they pass. Either way the training step itself
sees the three integer tensors and stays jittable.

Shapes: N rows in memory, B rows of a batch.
"""

from typing import Any

import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.labels import LabelSet, Scores
from keras_bert.models.record_pipeline import BatchOptions, RecordPipeline, check_labels
from keras_bert.models.text_inputs import as_texts, pack, with_padding
from keras_bert.text.preprocessor import BertPreprocessor


class TextPipeline(RecordPipeline):
    """One row a record: see `RecordPipeline`.

    Args:
        preprocessor: the task's; its padding is left to the batches.
        targets: encodes labels, in memory (`encode`) and in a graph (`encode_tensor`).
        pairs: whether a row is two texts.
    """

    def __init__(
        self, preprocessor: BertPreprocessor, targets: LabelSet | Scores, pairs: bool
    ) -> None:
        self.preprocessor = with_padding(preprocessor, "longest")
        self.targets = targets
        self.pairs = pairs

    def as_given(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        """What Keras itself takes, with its labels encoded."""
        return x, None if y is None else self.targets.encode(y), sample_weight

    def in_memory(
        self, x: Any, y: Any, sample_weight: Any, options: BatchOptions
    ) -> FeatureBatches:
        """Texts as batches.

        Raises:
            ValueError: not as many labels as texts, or what `as_texts` and the targets
                refuse.
        """
        packed = pack(self.preprocessor, as_texts(x, self.pairs))
        labels = None if y is None else self.targets.encode(y)
        check_labels(labels, len(packed), "text")
        lengths = options.of_length(self.preprocessor.sequence_length)
        return FeatureBatches(packed, labels, sample_weight, **lengths)

    def map(self, dataset: tf.data.Dataset, options: BatchOptions) -> tf.data.Dataset:
        """Tokenises and encodes labels inside a pipeline.

        Args:
            dataset: elements `text`, `(text, label)` or `(text, label, sample_weight)`,
                where `text` is a string tensor, for pairs a tuple of two, or already the
                dict of three integer tensors; batched, or single records.
            options: `batch_size` batches single records.
        """
        if _is_lone_input(dataset.element_spec, self.pairs):
            dataset = dataset.map(lambda *x: (x[0] if len(x) == 1 else x,))
        text = tf.nest.flatten(dataset.element_spec[0])[0]
        if text.dtype == tf.string and text.shape.rank == 0:
            dataset = dataset.batch(options.batch_size)
        mapped = dataset.map(self._convert, num_parallel_calls=tf.data.AUTOTUNE)
        return mapped.prefetch(tf.data.AUTOTUNE)

    def _convert(self, x: Any, *rest: Any) -> tuple:
        features = x if isinstance(x, dict) else self.preprocessor(x)
        return (features, *(self.targets.encode_tensor(y) for y in rest[:1]), *rest[1:])


def _is_lone_input(spec: Any, pairs: bool) -> bool:
    """Elements without labels: `text`, the dict of three, or a bare pair."""
    if not isinstance(spec, tuple):
        return True
    return pairs and len(spec) == 2 and isinstance(spec[0], tf.TensorSpec)
