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

IGNORED = -1  # the label of what no loss and no score looks at: padding, special tokens


class PackedFeatures:
    """Rows such as `[CLS] a [SEP]` or `[CLS] a [SEP] b [SEP]`, end to end.

    Args:
        word_ids: int32 `[T]`, the word pieces of all rows.
        row_splits: int64 `[N + 1]`, where rows begin and end, from 0 to T.
        type_ids: `[T]`, the segment of each word piece, 0 to 127; None is all 0.
        pad_id: the id that fills a batch.

    Raises:
        ValueError: for arrays that do not fit together.
    """

    def __init__(
        self,
        word_ids: np.ndarray,
        row_splits: np.ndarray,
        type_ids: np.ndarray | None = None,
        pad_id: int = 0,
    ):
        self.word_ids = np.ascontiguousarray(word_ids, np.int32)
        self.row_splits = np.ascontiguousarray(row_splits, np.int64)
        if type_ids is None:
            type_ids = np.zeros(self.word_ids.size, np.int8)
        self.type_ids = np.ascontiguousarray(type_ids, np.int8)
        self.pad_id = int(pad_id)
        self._check()

    def _check(self) -> None:
        splits, pieces = self.row_splits, self.word_ids.size
        fits = splits.size > 0 and splits[0] == 0 and splits[-1] == pieces
        if not fits or (np.diff(splits) < 0).any() or self.type_ids.size != pieces:
            raise ValueError(
                "expected row_splits [N + 1] that rise from 0 to len(word_ids), and type_ids "
                f"[T] beside word_ids [T]; received {pieces} word_ids, {splits.size} row_splits "
                f"and {self.type_ids.size} type_ids that do not fit"
            )

    @classmethod
    def from_padded(cls, features: Mapping[str, Any], pad_id: int = 0) -> "PackedFeatures":
        """Packs a preprocessor's dict of `input_word_ids`, `input_mask`, `input_type_ids`.

        Args:
            features: the three, int32 `[N, S]` each, as arrays or tensors. Rows are
                padded at their end.
            pad_id: the id that fills a batch later.

        Raises:
            ValueError: for padding inside a row.
        """
        ids, mask, types = (
            np.asarray(features[f"input_{name}"]) for name in ("word_ids", "mask", "type_ids")
        )
        kept = mask.astype(bool)
        if (kept[:, 1:] > kept[:, :-1]).any():
            raise ValueError("expected input_mask of ones and then zeros; received others")
        splits = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
        return cls(ids[kept], splits, types[kept], pad_id)

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
            np.concatenate([chunk.type_ids for chunk in chunks]),
            pad_ids.pop(),
        )

    def __len__(self) -> int:
        return self.row_splits.size - 1

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
        return PackedFeatures(self.word_ids[source], splits, self.type_ids[source], self.pad_id)

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
        mask, source = self._places(rows, length)
        return {
            "input_word_ids": _spread(self.word_ids, mask, source, self.pad_id),
            "input_mask": mask.astype(np.int32),
            "input_type_ids": _spread(self.type_ids, mask, source, 0),
        }

    def padded_labels(
        self, labels: "TokenLabels", rows: Sequence[int] | np.ndarray, length: int | None = None
    ) -> np.ndarray:
        """The labels of a batch, int32 `[B, S]`, beside the features that `padded` gives."""
        return _spread(labels.values, *self._places(rows, length), IGNORED)

    def padded_weights(
        self, labels: "TokenLabels", rows: Sequence[int] | np.ndarray, length: int | None = None
    ) -> np.ndarray:
        """The weights of those labels, float32 `[B, S]`; 0 where there is no word piece."""
        return _spread(labels.weights, *self._places(rows, length), 0)

    def _places(
        self, rows: Sequence[int] | np.ndarray, length: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where a batch has word pieces, bool `[B, S]`, and which of the T they are."""
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
        return mask, (starts[:, None] + columns)[mask]

    def digest(self) -> str:
        """A SHA-256 of the content: the same data gives the same digest."""
        digest = hashlib.sha256(f"{len(self)} {self.pad_id}".encode())
        for array in (self.word_ids, self.row_splits, self.type_ids):
            digest.update(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))))
        return digest.hexdigest()


class TokenLabels:
    """A label for each word piece of some `PackedFeatures`, such as a tag's number.

    Args:
        values: integers `[T]`; `IGNORED` where a word piece has none.
        weights: numbers `[T]`, how much each label counts; ones when None.
    """

    def __init__(self, values: np.ndarray, weights: np.ndarray | None = None):
        self.values = np.ascontiguousarray(values, np.int32)
        if weights is None:
            weights = np.ones(self.values.shape)
        self.weights = np.ascontiguousarray(weights, np.float32)

    @classmethod
    def from_padded(cls, labels: Any, mask: Any, weights: Any = None) -> "TokenLabels":
        """Packs labels, and weights, `[N, S]` beside features padded with `mask` `[N, S]`."""
        places = np.asarray(mask).astype(bool)
        return cls(np.asarray(labels)[places], weights if weights is None else weights[places])

    def total_weight(self) -> float:
        """The weights of all word pieces that have a label."""
        return float(self.weights[self.values != IGNORED].sum(dtype=np.float64))

    @classmethod
    def concatenate(cls, chunks: Sequence["TokenLabels"]) -> "TokenLabels":
        """Joins labels that were packed chunk by chunk."""
        return cls(*(np.concatenate([getattr(c, name) for c in chunks]) for name in _COLUMNS))


_COLUMNS = ("values", "weights")


def _spread(values: np.ndarray, mask: np.ndarray, source: np.ndarray, fill: int) -> np.ndarray:
    batch = np.full(mask.shape, fill, np.float32 if values.dtype.kind == "f" else np.int32)
    batch[mask] = values[source]
    return batch
