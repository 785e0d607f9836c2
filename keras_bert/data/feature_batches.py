"""Batches of like lengths for Keras `fit`, `evaluate` and `predict`.

Keras reads a `PyDataset` in ways that this file answers to (keras 3.15,
`trainers/data_adapters/py_dataset_adapter.py`):

- `fit` ends and may begin epochs before the first one (it looks at the data), so
  the number of calls is not the number of the epoch; `EpochCounter` tells it.
- `fit(shuffle=True)`, its default, shuffles the batches' order by Python's global
  generator: pass `shuffle=False`; batches are shuffled here.
- On TensorFlow the first two batches fix which dimensions may vary: see `epoch_plan`.

Shapes: N records of G rows each (mostly one), B records of a batch, S its padded
length, K labels a record.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_bert.data.epoch_plan import EpochPlanner
from keras_bert.data.features import IGNORED, PackedFeatures, TokenLabels


class FeatureBatches(keras.utils.PyDataset):
    """Batches `(features,)`, `(features, labels)` or with sample weights third.

    Features are the dict of three, int32 `[B · G, S]`; S is the batch's longest row,
    rounded up to `length_multiple`, but no more than the longest row of all.

    Args:
        features: N · G rows, the G rows of a record one after the other.
        labels: numbers, `[N]` or `[N, K]`; or `TokenLabels`, which become `[B · G, S]`,
            and so do their weights, times those of the rows; see `padded_labels`.
        sample_weight: numbers, `[N]`.
        batch_size: B.
        group_size: G.
        shuffle: True draws a new order every epoch. False puts the longest rows
            first; `order` and `restore` lead back to the given order.
        seed: with `epoch`, all that the shuffled order depends on.
        keep_order: with `shuffle=False`, leave the rows as they come.
        length_multiple: S is a multiple of this; 8 suits a GPU's half precision.
        bucket_lengths: the only values of S, where each new S costs a compilation
            (JAX, or TensorFlow with `jit_compile`).
        fixed_length: the one value of S (TPU).
        drop_remainder: with `shuffle`, leave out the last, smaller batch.
        **kwargs: `workers`, `use_multiprocessing`, `max_queue_size` of Keras.

    Attributes:
        records: N.

    Raises:
        ValueError: for no rows, for labels or weights that do not fit the rows, for
            rows longer than the lengths allow, and for options that exclude another.
    """

    def __init__(
        self,
        features: PackedFeatures,
        labels: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        group_size: int = 1,
        shuffle: bool = False,
        seed: int = 0,
        keep_order: bool = False,
        length_multiple: int = 1,
        bucket_lengths: Sequence[int] | None = None,
        fixed_length: int | None = None,
        drop_remainder: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.features = features
        self.batch_size = batch_size
        self.group_size = group_size
        self._check_groups()
        self.records = len(features) // group_size
        self.labels = _labels(labels, features, self.records)
        self.sample_weight = _column("sample_weight", sample_weight, self.records)
        if isinstance(self.labels, TokenLabels):
            self._label_weight_of_a_row = self.labels.total_weight() / len(features)
        self.shuffle = shuffle
        self.seed = seed
        self.keep_order = keep_order
        self.length_multiple = length_multiple
        self.bucket_lengths = sorted(bucket_lengths or ([fixed_length] if fixed_length else []))
        self.drop_remainder = drop_remainder
        self._epoch = 0
        self._begun = self._ended = False
        self._next_index, self.in_order = 0, True
        self._check(fixed_length, bucket_lengths)
        self._planner = EpochPlanner(
            features.lengths.reshape(self.records, group_size).max(axis=1),  # [N]
            number=len(self),
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            keep_order=keep_order,
            length_multiple=length_multiple,
            bucket_lengths=self.bucket_lengths,
        )

    @property
    def has_labels(self) -> bool:
        """Whether a model can learn from the batches."""
        return self.labels is not None

    def _check_groups(self) -> None:
        if self.group_size < 1 or len(self.features) % self.group_size:
            raise ValueError(
                "expected group_size rows of features for each record; received "
                f"group_size={self.group_size} and {len(self.features)} rows"
            )

    def _check(self, fixed_length: int | None, bucket_lengths: Sequence[int] | None) -> None:
        if not len(self.features):
            raise ValueError("expected at least one row of features; received none")
        if self.batch_size < 1 or self.length_multiple < 1:
            raise ValueError(
                "expected batch_size and length_multiple of at least 1; received "
                f"batch_size={self.batch_size}, length_multiple={self.length_multiple}"
            )
        if self.sample_weight is not None and self.labels is None:
            raise ValueError("expected labels with sample_weight; received labels=None")
        if fixed_length and bucket_lengths:
            raise ValueError("expected fixed_length or bucket_lengths; received both")
        longest = int(self.features.lengths.max())
        if self.bucket_lengths and longest > self.bucket_lengths[-1]:
            raise ValueError(
                f"expected rows of at most {self.bucket_lengths[-1]} word pieces; "
                f"received one of {longest}"
            )
        if self.shuffle and self.keep_order:
            raise ValueError("expected shuffle or keep_order; received both")
        if self.drop_remainder and not self.shuffle:
            raise ValueError(
                "expected drop_remainder with shuffle=True alone, as rows are lost; "
                "received shuffle=False"
            )
        if not len(self):
            raise ValueError(
                f"expected at least batch_size={self.batch_size} rows with drop_remainder; "
                f"received {self.records}"
            )

    def __len__(self) -> int:
        whole, rest = divmod(self.records, self.batch_size)
        return whole + (rest > 0 and not self.drop_remainder)

    @property
    def epoch(self) -> int:
        """The epoch, from 0, whose order is served; set it to serve another's."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch = epoch

    @property
    def order(self) -> np.ndarray:
        """Row numbers in the order in which they are served: int64 `[N · G]`."""
        return np.concatenate(self.rows_of_batches)

    @property
    def rows_of_batches(self) -> list[np.ndarray]:
        """Row numbers of each batch, int64 `[B · G]`; a smaller batch need not be the last."""
        return [self._rows_of(records) for records in self._planner.plan(self._epoch).batches]

    def restore(self, outputs: Any) -> Any:
        """Puts what `predict` returned, `[N · G, ...]` or a structure of it, in the rows' order."""
        back = np.argsort(self.order)
        return keras.tree.map_structure(lambda output: np.asarray(output)[back], outputs)

    def __getitem__(self, index: int) -> tuple:
        if not 0 <= index < len(self):
            raise IndexError(f"expected a batch from 0 to {len(self) - 1}; received {index}")
        plan = self._planner.plan(self._epoch)
        self._note(index)
        return self.make_batch(plan.batches[index], plan.lengths[index])

    def make_batch(self, records: np.ndarray, length: int) -> tuple:
        """What Keras gets: `(features,)`, `(features, labels)` or with weights third.

        Args:
            records: B record numbers.
            length: S.
        """
        rows = self._rows_of(records)  # [B · G]
        batch: tuple = (self.features.padded(rows, length),)
        weight = None if self.sample_weight is None else self.sample_weight[records]
        if isinstance(self.labels, TokenLabels):
            labels, of_pieces = self.padded_labels(rows, length)
            batch += (labels,)
            weight = of_pieces if weight is None else of_pieces * np.reshape(weight, (-1, 1))
        elif self.labels is not None:
            batch += (self.labels[records],)
        return batch if weight is None else (*batch, weight)

    def padded_labels(self, rows: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
        """`TokenLabels` of a batch, int32, and their weights, float32, both `[B · G, S]`.

        A mean over the labels of a batch would have those of short rows count more than those
        of long ones, which are in other batches. Weights make up for it: weighted so, the
        mean is B · G rows' part of the mean over the labels of all rows.

        Args:
            rows: B · G row numbers.
            length: S.
        """
        labels = self.features.padded_labels(self.labels, rows, length)
        weights = self.features.padded_weights(self.labels, rows, length)
        part = self._label_weight_of_a_row * len(rows)
        labelled = np.count_nonzero(labels != IGNORED)
        return labels, weights * np.float32(labelled / part if part else 1)

    def _rows_of(self, records: np.ndarray) -> np.ndarray:
        group = np.arange(self.group_size)
        return (np.asarray(records, np.int64)[:, None] * self.group_size + group).reshape(-1)

    def _note(self, index: int) -> None:
        # Worker threads ask ahead and out of turn: then only the end is looked at.
        if self._begun and self.workers <= 1:
            self.in_order = self.in_order and index == self._next_index
        self._next_index = index + 1
        self._ended = self._ended or index == len(self) - 1

    def on_epoch_begin(self) -> None:
        """Keras calls this before an epoch, and once more to look at the data."""
        self._begun, self._ended = True, False
        self._next_index, self.in_order = 0, True

    def on_epoch_end(self) -> None:
        """Goes on to the next epoch, if this one was served to its end."""
        if self._begun and self._ended:
            self._epoch += 1
        self._begun = self._ended = False

    def fingerprint(self) -> dict[str, Any]:
        """What the batches depend on, to tell one run from another."""
        digest = hashlib.sha256(self.features.digest().encode())
        labels = [self.labels]
        if isinstance(self.labels, TokenLabels):
            labels = [self.labels.values, self.labels.weights]
        for column in (*labels, self.sample_weight):
            digest.update(b"" if column is None else np.ascontiguousarray(column).tobytes())
        return {
            "rows": len(self.features),
            "batch_size": self.batch_size,
            "group_size": self.group_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            "drop_remainder": self.drop_remainder,
            "padding": [self.length_multiple, *self.bucket_lengths],
            "data": digest.hexdigest(),
        }


def _labels(labels: Any, features: PackedFeatures, records: int) -> np.ndarray | TokenLabels | None:
    if not isinstance(labels, TokenLabels):
        return _column("labels", labels, records)
    if labels.values.size != features.word_ids.size:
        raise ValueError(
            "expected TokenLabels with a value for each word piece of the features, "
            f"{features.word_ids.size}; received {labels.values.size}"
        )
    return labels


def _column(name: str, values: Any, rows: int) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values)
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2) or len(values) != rows:
        raise ValueError(
            f"expected {name} as numbers, [N] or [N, K] with N={rows} records of features; "
            f"received dtype {values.dtype}, shape {values.shape}"
        )
    return values


class EpochCounter(keras.callbacks.Callback):
    """Tells the batches which epoch `fit` is in, `initial_epoch` included.

    Without it a `FeatureBatches` counts the epochs that it served to their end,
    from 0: enough for a plain `fit` from the start.

    Args:
        batches: the `FeatureBatches` that `fit` reads.
    """

    def __init__(self, batches: FeatureBatches):
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Keras calls this before it starts to read the epoch."""
        self.batches.epoch = epoch
