"""What every way of raw records into `fit`, `evaluate` and `predict` shares.

Shapes: N records in memory, B records of a batch.
"""

from typing import Any, NamedTuple

from keras_bert.data.batches import FeatureBatches
from keras_bert.models.text_inputs import is_dataset, is_raw_text
from keras_bert.training.parallel_layouts import batch_shards


class BatchOptions(NamedTuple):
    """How records become batches.

    Attributes:
        batch_size: for records in memory and datasets of single records.
        shuffle: a new order each epoch, for records in memory.
        seed: of that order.
        few_lengths: pad to powers of two, where each new length costs a compilation.
    """

    batch_size: int = 32
    shuffle: bool = False
    seed: int = 0
    few_lengths: bool = False

    def of_length(self, longest: int) -> dict[str, Any]:
        """The options of `FeatureBatches` for rows of up to `longest` word pieces."""
        return {
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            # A smaller batch may not be cut evenly; another epoch leaves out other records.
            "drop_remainder": self.shuffle and batch_shards() > 1,
            "bucket_lengths": powers_of_two(longest) if self.few_lengths else None,
        }


class RecordPipeline:
    """Turns raw records into what `keras.Model.fit` and its siblings take.

    A subclass defines `in_memory(x, y, sample_weight, options)`, which gives
    `FeatureBatches`; `map(dataset, options)` for `tf.data`; and `as_given(x, y, weight)`
    where labels beside features need more than to be passed on.
    """

    def prepare(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        options: BatchOptions = BatchOptions(),  # noqa: B008 (a tuple)
    ) -> tuple[Any, Any, Any]:
        """Gives `(x, y, sample_weight)` for Keras.

        Args:
            x: records in memory, a `tf.data.Dataset`, or anything that Keras itself takes.
            y: labels, unless `x` yields them.
            sample_weight: float [N], for `x` in memory.
            options: see `BatchOptions`.

        Returns:
            For records in memory and datasets, `x` yields labels and weights itself, and
            the other two are None.

        Raises:
            ValueError: not as many labels as records, or what the task refuses.
        """
        if is_dataset(x):
            return self.map(x, options), None, None
        if not self.is_raw(x):
            return self.as_given(x, y, sample_weight)
        return self.in_memory(x, y, sample_weight, options), None, None

    def prepare_validation(self, data: Any, options: BatchOptions) -> Any:
        """As `prepare`, for the `validation_data` of `fit`: a tuple, or `x` alone.

        Raises:
            ValueError: as `prepare`, or data without labels.
        """
        data = data if isinstance(data, tuple) else (data,)
        x, y, sample_weight = self.prepare(*data, options=options)
        require_labels(x, y, "validation_data")
        return x if y is None else (x, y, sample_weight)

    def is_raw(self, x: Any) -> bool:
        """Whether `x` holds records in memory, rather than what Keras itself takes."""
        return is_raw_text(x)

    def as_given(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        """What Keras itself takes, with its labels."""
        return x, y, sample_weight


def powers_of_two(longest: int) -> list[int]:
    """The few lengths that batches are padded to where each costs a compilation."""
    return [*(2**n for n in range(4, longest.bit_length()) if 2**n < longest), longest]


def require_labels(x: Any, y: Any, what: str) -> None:
    """Refuses data to learn from, as `prepare` gives them, without labels.

    Args:
        x: batches, a dataset or a dict of features; anything else may hold labels.
        y: labels beside them, or None.
        what: the data, for the message.

    Raises:
        ValueError: there are none.
    """
    if y is not None:
        return
    if is_dataset(x):
        missing = not isinstance(x.element_spec, tuple) or len(x.element_spec) < 2
    else:
        missing = isinstance(x, dict) or (isinstance(x, FeatureBatches) and not x.has_labels)
    if missing:
        raise ValueError(f"expected labels (y) beside the records of {what}; received none")


def check_labels(labels: Any, records: int, what: str = "record") -> None:
    """Refuses another number of labels than of records; None is no labels.

    Raises:
        ValueError: so it is.
    """
    if labels is not None and len(labels) != records:
        raise ValueError(
            f"expected a label for each {what}; received {records} {what}s and {len(labels)} labels"
        )
