"""Model inputs of a whole data set, without padding.

Padded to 128, SST-2's sentences take five times the memory and the work of their
word pieces alone. Here rows lie end to end in one array; a batch is padded when
it is made, to its own longest row.

Shapes: N rows, T word pieces in all, B rows of a batch, S its padded length.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class PackedFeatures:
    """Rows of `[CLS] a [SEP]` or `[CLS] a [SEP] b [SEP]`, end to end.

    Args:
        word_ids: int32 `[T]`, the word pieces of all rows.
        row_splits: int64 `[N + 1]`, where rows begin and end, from 0 to T.
        first_lengths: int32 `[N]`, the length of `[CLS] a [SEP]` in each row.
        pad_id: the id that fills a batch.

    Raises:
        ValueError: for arrays that do not fit together.
    """

    def __init__(
        self,
        word_ids: np.ndarray,
        row_splits: np.ndarray,
        first_lengths: np.ndarray,
        pad_id: int = 0,
    ):
        self.word_ids = np.ascontiguousarray(word_ids, np.int32)
        self.row_splits = np.ascontiguousarray(row_splits, np.int64)
        self.first_lengths = np.ascontiguousarray(first_lengths, np.int32)
        self.pad_id = int(pad_id)
        self._check()

    def _check(self) -> None:
        splits, firsts = self.row_splits, self.first_lengths
        lengths = np.diff(splits)
        fits = splits.size == firsts.size + 1 and splits[0] == 0
        fits = fits and splits[-1] == self.word_ids.size and not (lengths < 0).any()
        if not fits or (firsts < 0).any() or (firsts > lengths).any():
            raise ValueError(
                "expected row_splits [N + 1] that rise from 0 to len(word_ids), and "
                "first_lengths [N] within the rows; received "
                f"{self.word_ids.size} word_ids, {splits.size} row_splits and "
                f"{firsts.size} first_lengths that do not fit"
            )

    @classmethod
    def from_padded(cls, features: Mapping[str, Any], pad_id: int = 0) -> "PackedFeatures":
        """Packs a preprocessor's dict of `input_word_ids`, `input_mask`, `input_type_ids`.

        Args:
            features: the three, int32 `[N, S]` each, as arrays or tensors. Rows are
                padded at their end; type 1 follows type 0.
            pad_id: the id that fills a batch later.

        Raises:
            ValueError: for padding inside a row, or types that are not 0 and then 1.
        """
        ids, mask, types = (
            np.asarray(features[f"input_{name}"]) for name in ("word_ids", "mask", "type_ids")
        )
        kept = mask.astype(bool)
        second = types.astype(bool) & kept
        if (kept[:, 1:] > kept[:, :-1]).any():
            raise ValueError("expected input_mask of ones and then zeros; received others")
        if (second[:, 1:] < second[:, :-1])[kept[:, 1:]].any():
            raise ValueError("expected input_type_ids of zeros and then ones; received others")
        lengths = kept.sum(axis=1)
        splits = np.concatenate([[0], np.cumsum(lengths)])
        return cls(ids[kept], splits, lengths - second.sum(axis=1), pad_id)

    @classmethod
    def concatenate(cls, chunks: Sequence["PackedFeatures"]) -> "PackedFeatures":
        """Joins data that was packed chunk by chunk.

        Raises:
            ValueError: for no chunks, or chunks of unlike pad ids.
        """
        pad_ids = {chunk.pad_id for chunk in chunks}
        if len(pad_ids) != 1:
            raise ValueError(f"expected chunks with one pad_id; received pad ids {sorted(pad_ids)}")
        lengths = np.concatenate([chunk.lengths for chunk in chunks])
        return cls(
            np.concatenate([chunk.word_ids for chunk in chunks]),
            np.concatenate([[0], np.cumsum(lengths)]),
            np.concatenate([chunk.first_lengths for chunk in chunks]),
            pad_ids.pop(),
        )

    def __len__(self) -> int:
        return self.first_lengths.size

    @property
    def lengths(self) -> np.ndarray:
        """Word pieces of each row, special tokens included: int64 `[N]`."""
        return np.diff(self.row_splits)

    def take(self, rows: Sequence[int] | np.ndarray) -> "PackedFeatures":
        """The features of some rows, in their given order."""
        rows = np.asarray(rows, np.int64)
        lengths = self.lengths[rows]
        splits = np.concatenate([[0], np.cumsum(lengths)])
        source = np.repeat(self.row_splits[rows] - splits[:-1], lengths) + np.arange(splits[-1])
        return PackedFeatures(self.word_ids[source], splits, self.first_lengths[rows], self.pad_id)

    def padded(
        self, rows: Sequence[int] | np.ndarray, length: int | None = None
    ) -> dict[str, np.ndarray]:
        """A batch.

        Args:
            rows: B row numbers.
            length: S; None pads to the longest of these rows.

        Returns:
            `input_word_ids`, `input_mask`, `input_type_ids`: int32 `[B, S]`.

        Raises:
            ValueError: for a row longer than `length`; nothing is cut here.
        """
        rows = np.asarray(rows, np.int64)
        starts = self.row_splits[rows]  # [B]
        lengths = self.row_splits[rows + 1] - starts  # [B]
        longest = int(lengths.max(initial=0))
        if length is None:
            length = longest
        if longest > length:
            raise ValueError(f"expected rows of at most {length} word pieces; received {longest}")
        columns = np.arange(length)  # [S]
        mask = columns < lengths[:, None]  # [B, S]
        word_ids = np.full(mask.shape, self.pad_id, np.int32)
        word_ids[mask] = self.word_ids[(starts[:, None] + columns)[mask]]
        return {
            "input_word_ids": word_ids,
            "input_mask": mask.astype(np.int32),
            "input_type_ids": (mask & (columns >= self.first_lengths[rows, None])).astype(np.int32),
        }

    def digest(self) -> str:
        """A SHA-256 of the content: the same data gives the same digest."""
        digest = hashlib.sha256(f"{len(self)} {self.pad_id}".encode())
        for array in (self.word_ids, self.row_splits, self.first_lengths):
            digest.update(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))))
        return digest.hexdigest()
