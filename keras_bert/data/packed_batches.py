"""Batches of packed rows: one shape for all of them, and next to no padding.

Shapes: N texts, R rows, T the most texts of a row, B rows of a batch, S length of a row,
C classes.
"""

import hashlib
from typing import Any

import numpy as np

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import IGNORED, TokenLabels
from keras_bert.data.masked_lm_batches import AsBatch, MaskedLMBatches
from keras_bert.data.masking import TokenMasker
from keras_bert.data.packed_rows import PackedRows


class PackedBatches(FeatureBatches):
    """Batches `(features,)`, or with labels of the texts, or of their word pieces.

    With labels they are `(features, labels, weights)`.
    Which texts share a row stays; with `shuffle` the order of the rows is new each epoch.
    The last batch is filled up with empty rows, so that all batches have one shape.

    Args:
        rows: R rows.
        labels: numbers `[N]` or `[N, C]`, in a batch `[B, T]` or `[B, T, C]`; or
            `TokenLabels` of the texts, in a batch int32 `[B, S]`.
        sample_weight: of the texts, numbers `[N]`; ones when None. A batch has float32
            `[B, T]`, 0 where there is no text.
        **options: of `FeatureBatches`; `batch_size` is B.

    Attributes:
        records: R.

    Raises:
        ValueError: as `FeatureBatches`, for labels or weights that are not N, and for
            weights beside `TokenLabels`.
    """

    def __init__(
        self, rows: PackedRows, labels: Any = None, sample_weight: Any = None, **options: Any
    ) -> None:
        of_pieces = isinstance(labels, TokenLabels)
        if of_pieces and sample_weight is not None:
            raise ValueError(
                "expected no sample_weight beside labels of word pieces; received some"
            )
        arranged = rows.arrange(labels) if of_pieces else None
        super().__init__(rows.features, arranged, fixed_length=rows.row_length, **options)
        self.rows = rows
        texts = int((rows.text_numbers >= 0).sum())
        self.text_labels = None if of_pieces else _column("labels", labels, texts)
        self.text_weight = _column("sample_weight", sample_weight, texts)

    def make_batch(self, records: np.ndarray, length: int) -> tuple:
        """What Keras gets for B row numbers; `length` is S."""
        features = self.rows.padded(records)
        if isinstance(self.labels, TokenLabels):
            del features["first_positions"]  # no output is computed from them
            labels, weights = self.padded_labels(records, length)
            filled = _filled(labels, self.batch_size, IGNORED)
            return (_filled(features, self.batch_size), filled, _filled(weights, self.batch_size))
        if self.text_labels is None:
            return (_filled(features, self.batch_size),)
        labels, weight = self.rows.take_texts(self.text_labels, records)
        if self.text_weight is not None:
            weight = weight * self.rows.take_texts(self.text_weight, records)[0]
        return tuple(_filled(part, self.batch_size) for part in (features, labels, weight))

    def fingerprint(self) -> dict[str, Any]:
        """What the batches depend on, labels and places of the texts included."""
        columns = (self.rows.text_numbers, self.text_labels, self.text_weight)
        return super().fingerprint() | {"packed": _digest(*columns)}


class PackedMaskedLMBatches(MaskedLMBatches):
    """Packed rows whose masks are drawn when a batch is asked for, over the whole row.

    Args:
        rows: R rows.
        masker: draws the masks; its share and its most predictions are those of a row.
        as_batch: as for `MaskedLMBatches`.
        **options: of `MaskedLMBatches`; `batch_size` is B.
    """

    def __init__(
        self, rows: PackedRows, masker: TokenMasker, as_batch: AsBatch, **options: Any
    ) -> None:
        super().__init__(rows.features, masker, as_batch, fixed_length=rows.row_length, **options)
        self.rows = rows

    def make_batch(self, records: np.ndarray, length: int) -> tuple:
        """The features of B row numbers before they are masked; `length` is S."""
        features = self.rows.padded(records)
        del features["first_positions"]  # no output is computed from them
        return (_filled(features, self.batch_size),)

    def fingerprint(self) -> dict[str, Any]:
        """What the batches depend on, the bounds of the texts included."""
        return super().fingerprint() | {"packed": _digest(self.rows.text_numbers)}


def _column(name: str, values: Any, texts: int) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values)
    if len(values) != texts:
        raise ValueError(f"expected {name} for each of {texts} texts; received {len(values)}")
    return values.astype(np.float32) if name == "sample_weight" else values


def _digest(*columns: np.ndarray | None) -> str:
    digest = hashlib.sha256()
    for column in columns:
        digest.update(b"" if column is None else np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def _filled(values: Any, batch_size: int, fill: int = 0) -> Any:
    """An array, or a dict of them, with rows of `fill` up to `batch_size`."""
    if isinstance(values, dict):
        return {name: _filled(value, batch_size, fill) for name, value in values.items()}
    if len(values) == batch_size:
        return values
    shape = (batch_size - len(values), *values.shape[1:])
    return np.concatenate([values, np.full(shape, fill, values.dtype)])
