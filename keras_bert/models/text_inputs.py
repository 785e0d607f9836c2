"""Raw records on their way into a task's `fit`, `evaluate` and `predict`.

In memory, texts are tokenised once and served in length-bucketed batches; from a
`tf.data.Dataset` they are tokenised as they pass. Either way the training step itself
sees the three integer tensors and stays jittable.

Shapes: N rows in memory, B rows of a batch.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import PackedFeatures
from keras_bert.data.labels import LabelSet, Scores
from keras_bert.text.preprocessor import BertPreprocessor

ROWS_A_CHUNK = 4096


def is_dataset(x: Any) -> bool:
    """Whether `x` is a `tf.data` pipeline."""
    return isinstance(x, tf.data.Dataset)


def is_raw_text(x: Any) -> bool:
    """Whether `x` holds strings (or pairs of collections of strings) in memory."""
    if isinstance(x, str | bytes):
        return True
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "USO"
    if isinstance(x, tf.Tensor):
        return x.dtype == tf.string
    return isinstance(x, list | tuple) and (not x or is_raw_text(x[0]))


def as_texts(x: Any, pairs: bool) -> tuple[list, ...]:
    """Checks texts in memory and gives them as one list, or two for pairs.

    Args:
        x: N strings; with `pairs`, two collections of N strings each.
        pairs: what the task was made for.

    Raises:
        ValueError: a lone string, texts where pairs are expected or the reverse, or two
            collections of different lengths.
    """
    if isinstance(x, str | bytes):
        raise ValueError(f"expected a collection of texts; received one {type(x).__name__}: {x!r}")
    columns = (x,) if not pairs else tuple(x)
    if pairs and (len(columns) != 2 or any(isinstance(c, str | bytes) for c in columns)):
        raise ValueError(
            "expected pairs, as two collections of texts (firsts, seconds); "
            f"received {type(x).__name__} of length {len(columns)}"
        )
    columns = tuple(_as_list(column) for column in columns)
    if pairs and len(columns[0]) != len(columns[1]):
        raise ValueError(
            "expected as many second texts as first texts; "
            f"received {len(columns[0])} and {len(columns[1])}"
        )
    for column in columns:
        _refuse_non_strings(column, pairs)
    return columns


def _as_list(column: Any) -> list:
    column = column.numpy() if isinstance(column, tf.Tensor) else column
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _refuse_non_strings(column: list, pairs: bool) -> None:
    for row, text in enumerate(column):
        if not isinstance(text, str | bytes):
            hint = "" if pairs else "; a task for pairs is made with pairs=True"
            raise ValueError(
                f"expected a text in row {row}; received {type(text).__name__}: {text!r}{hint}"
            )


def pack(preprocessor: BertPreprocessor, texts: tuple[list, ...]) -> PackedFeatures:
    """Tokenises N rows once, in chunks, into compact features.

    Args:
        preprocessor: one that pads to the longest row of a batch.
        texts: what `as_texts` gives.
    """
    chunks = []
    for start in range(0, max(len(texts[0]), 1), ROWS_A_CHUNK):
        columns = [tf.constant(c[start : start + ROWS_A_CHUNK], tf.string) for c in texts]
        features = preprocessor(columns[0] if len(columns) == 1 else tuple(columns))
        chunks.append(PackedFeatures.from_padded(features))
    return PackedFeatures.concatenate(chunks)


def with_padding(preprocessor: BertPreprocessor, padding: str) -> BertPreprocessor:
    """The same preprocessor with `padding` "fixed" or "longest"."""
    mine = preprocessor
    if mine.padding == padding:
        return mine
    return BertPreprocessor(mine.tokenizer, mine.sequence_length, mine.truncation, padding)


def count_rows(x: Any, y: Any, batch_size: int) -> int:
    """The rows of a data set, from which the learning-rate schedule follows.

    Args:
        x: texts in memory, a `tf.data.Dataset`, or anything else with a length in batches.
        y: labels in memory, or None.
        batch_size: for data whose length counts batches.

    Raises:
        ValueError: the length is unknown.
    """
    held = x if y is None else y
    if isinstance(held, dict):  # of several inputs or several targets
        return len(next(iter(held.values())))
    if y is not None or isinstance(x, list | tuple | np.ndarray):
        return len(held)
    if is_dataset(x):
        length, text = int(x.cardinality()), tf.nest.flatten(x.element_spec)[0]
        rows_each = 1 if text.shape.rank == 0 else batch_size
    else:
        length, rows_each = len(x) if hasattr(x, "__len__") else -1, batch_size
    if length < 0:
        raise ValueError(
            "expected a compiled task or data of known length, from which the learning-rate "
            f"schedule follows; received {type(x).__name__} of unknown length: call "
            "compile_for(num_examples, …) first"
        )
    return length * rows_each


def powers_of_two(longest: int) -> list[int]:
    """The few lengths that batches are padded to where each costs a compilation."""
    return [*(2**n for n in range(4, longest.bit_length()) if 2**n < longest), longest]


class TextPipeline:
    """Turns raw records into what `keras.Model.fit` and its siblings take.

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

    def prepare(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        few_lengths: bool = False,
    ) -> tuple[Any, Any, Any]:
        """Gives `(x, y, sample_weight)` for Keras.

        Args:
            x: texts in memory, a `tf.data.Dataset`, or anything that Keras itself takes.
            y: labels, unless `x` yields them.
            sample_weight: float [N], for `x` in memory.
            batch_size: for texts in memory and datasets of single records.
            shuffle: a new order each epoch, for texts in memory.
            seed: of that order.
            few_lengths: pad to powers of two, where each new length costs a compilation.

        Returns:
            For texts in memory and datasets, `x` yields labels and weights itself, and
            the other two are None.

        Raises:
            ValueError: not as many labels as texts, or what `as_texts` and the targets
                refuse.
        """
        if is_dataset(x):
            return self.map(x, batch_size), None, None
        if not is_raw_text(x):
            return x, None if y is None else self.targets.encode(y), sample_weight
        packed = pack(self.preprocessor, as_texts(x, self.pairs))
        labels = None if y is None else self.targets.encode(y)
        if labels is not None and len(labels) != len(packed):
            raise ValueError(
                f"expected a label for each text; received {len(packed)} texts "
                f"and {len(labels)} labels"
            )
        batches = FeatureBatches(
            packed,
            labels,
            sample_weight,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            bucket_lengths=powers_of_two(self.preprocessor.sequence_length)
            if few_lengths
            else None,
        )
        return batches, None, None

    def prepare_validation(self, data: Any, batch_size: int, few_lengths: bool) -> Any:
        """As `prepare`, for the `validation_data` of `fit`: a dataset or a tuple."""
        if not isinstance(data, tuple):
            return self.prepare(data, batch_size=batch_size)[0]
        x, y, sample_weight = self.prepare(*data, batch_size=batch_size, few_lengths=few_lengths)
        return x if y is None else (x, y, sample_weight)

    def map(self, dataset: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
        """Tokenises and encodes labels inside a pipeline.

        Args:
            dataset: elements `text`, `(text, label)` or `(text, label, sample_weight)`,
                where `text` is a string tensor, for pairs a tuple of two, or already the
                dict of three integer tensors; batched, or single records.
            batch_size: batches single records.
        """
        if _is_lone_input(dataset.element_spec, self.pairs):
            dataset = dataset.map(lambda *x: (x[0] if len(x) == 1 else x,))
        text = tf.nest.flatten(dataset.element_spec[0])[0]
        if text.dtype == tf.string and text.shape.rank == 0:
            dataset = dataset.batch(batch_size)
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
