"""Which records each batch of an epoch holds, and to what length it is padded.

On TensorFlow the first two batches fix which dimensions may vary in all epochs (keras
3.15, `trainers/data_adapters/py_dataset_adapter.py`): either those two differ in length
in every epoch, or all batches are padded alike.

Shapes: N records, S the padded length of a batch.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_bert.data.ordering import (
    SHUFFLE_WINDOW,
    plain_batches,
    shuffled_batches,
    sorted_batches,
)


class EpochPlan(NamedTuple):
    """The batches of one epoch.

    Attributes:
        epoch: its number, 0 where all are alike.
        batches: record numbers, int64, of each batch.
        lengths: S of each batch.
    """

    epoch: int
    batches: list[np.ndarray]
    lengths: list[int]


class EpochPlanner:
    """Plans epochs for records of some lengths; arguments as in `FeatureBatches`.

    Args:
        record_lengths: word pieces of the longest row of each record, `[N]`.
        number: how many batches an epoch has.
    """

    def __init__(
        self,
        record_lengths: np.ndarray,
        *,
        number: int,
        batch_size: int,
        shuffle: bool,
        seed: int,
        keep_order: bool,
        length_multiple: int,
        bucket_lengths: Sequence[int],
    ):
        self.record_lengths = record_lengths
        self.longest = int(record_lengths.max(initial=0))
        self.number = number
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.keep_order = keep_order
        self.length_multiple = length_multiple
        self.bucket_lengths = bucket_lengths
        self._padded_alike = self._always_padded_alike()
        self._last: EpochPlan | None = None

    def plan(self, epoch: int) -> EpochPlan:
        """The plan of an epoch; that of the last call is kept."""
        epoch = epoch if self.shuffle else 0
        if self._last is None or self._last.epoch != epoch:
            self._last = self._make(epoch)
        return self._last

    def _make(self, epoch: int) -> EpochPlan:
        if self.shuffle:
            batches = shuffled_batches(self.record_lengths, self.batch_size, self.seed, epoch)
        else:
            cut = plain_batches if self.keep_order else sorted_batches
            batches = cut(self.record_lengths, self.batch_size)
        batches = batches[: self.number]
        if self._padded_alike:
            return EpochPlan(epoch, batches, [self._padded(self.longest)] * len(batches))
        lengths = [self._padded(int(self.record_lengths[records].max())) for records in batches]
        if len(set(lengths[:2])) == 1:
            self._vary_first_two(batches, lengths)
        return EpochPlan(epoch, batches, lengths)

    def _padded(self, length: int) -> int:
        if self.bucket_lengths:
            return next(bucket for bucket in self.bucket_lengths if bucket >= length)
        return min(-(-length // self.length_multiple) * self.length_multiple, self.longest)

    def _always_padded_alike(self) -> bool:
        """Whether some epoch might hold full-length batches alone (see the top of this file).

        By the pigeonhole principle a window of every epoch holds a whole batch of
        shorter rows, if there are `fewest` of them; else too few for a saving.
        """
        full = self._padded(self.longest)
        shorter = sum(
            int(count)
            for length, count in zip(
                *np.unique(self.record_lengths, return_counts=True), strict=True
            )
            if self._padded(int(length)) < full
        )
        windows = -(-(len(self.record_lengths) // self.batch_size) // SHUFFLE_WINDOW)
        fewest = self.batch_size * max(windows, 1) + self.batch_size - 1
        return self.shuffle and shorter < fewest

    def _vary_first_two(self, batches: list[np.ndarray], lengths: list[int]) -> None:
        """Makes TensorFlow see that lengths vary (see the top of this file)."""
        others = [i for i, length in enumerate(lengths) if length != lengths[0]]
        if others and not self.keep_order:
            for items in (batches, lengths):
                items[1], items[others[0]] = items[others[0]], items[1]
        elif self.shuffle:  # the full-length rows were dropped
            lengths[1] = self._padded(self.longest)
        elif others:
            longer = [length for length in lengths if length > lengths[1]]
            lengths[1:] = (
                [min(longer), *lengths[2:]] if longer else [lengths[0]] * (len(lengths) - 1)
            )
