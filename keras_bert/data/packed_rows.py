"""Tokenised texts in packed rows: several texts a row, one after the other.

Shapes: N texts, R rows, T the most texts of a row, B rows of a batch, S length of a row.
"""

from collections.abc import Sequence

import numpy as np

from keras_bert.data.features import PackedFeatures, TokenLabels
from keras_bert.data.packing import pack_lengths


class PackedRows:
    """The texts of some `PackedFeatures` in rows of one length.

    Args:
        texts: N texts with their special tokens.
        row_length: S; no text is longer.
        most_texts: the most texts of a row; None for any number.
        seed: of the random order in which texts are given to rows; None for their own.

    Attributes:
        features: `PackedFeatures` of R rows, each the texts of a row end to end.
        text_numbers: int64 `[R, T]`, which of the N texts stand in a row, from its begin
            on; -1 where a row has fewer than T.
        first_positions: int32 `[R, T]`, where in the row they begin; 0 beside -1.
        row_length: S.

    Raises:
        ValueError: a text that is empty or does not fit into a row.
    """

    def __init__(
        self,
        texts: PackedFeatures,
        row_length: int,
        most_texts: int | None = None,
        seed: int | None = 0,
    ):
        come = np.arange(len(texts))
        if seed is not None:
            come = np.random.default_rng(seed).permutation(come)
        rows = pack_lengths(texts.lengths[come], row_length, most_texts)
        counts = np.array([len(row) for row in rows], np.int64)  # [R]
        order = come[np.array([text for row in rows for text in row], np.int64)]  # [N]
        ordered = texts.take(order)
        row_of, slot = np.repeat(np.arange(len(rows)), counts), _ramps(counts)  # [N] each
        splits = ordered.row_splits[np.concatenate([[0], np.cumsum(counts)])]  # [R + 1]
        shape = (len(rows), int(counts.max(initial=0)))
        self.row_length = row_length
        self.text_numbers = np.full(shape, -1, np.int64)
        self.text_numbers[row_of, slot] = order
        self.first_positions = np.zeros(shape, np.int32)
        self.first_positions[row_of, slot] = ordered.row_splits[:-1] - splits[row_of]
        self.features = PackedFeatures(ordered.word_ids, splits, ordered.type_ids, texts.pad_id)
        self._numbers = TokenLabels(np.repeat(slot + 1, ordered.lengths))
        self._text_splits, self._order = texts.row_splits, order

    def __len__(self) -> int:
        return len(self.features)

    def padded(self, rows: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
        """A batch of B rows, for a `BertBackbone(…, packed=True)`.

        Returns:
            `input_word_ids`, `input_mask`, `input_type_ids` and `input_sequence_ids` int32
            `[B, S]`, the last from 1 in each row and 0 at padding; and `first_positions`
            int32 `[B, T]`.
        """
        features = self.features.padded(rows, self.row_length)
        numbers = self.features.padded_labels(self._numbers, rows, self.row_length)
        return features | {
            "input_sequence_ids": np.maximum(numbers, 0),
            "first_positions": self.first_positions[rows],
        }

    def take_texts(
        self, values: np.ndarray, rows: Sequence[int] | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What each text of some rows has, such as its label.

        Args:
            values: `[N, …]`, one for each text.
            rows: B row numbers.

        Returns:
            The values `[B, T, …]`, anything where a row has fewer than T texts, and float32
            `[B, T]`: 1 at texts and 0 elsewhere.
        """
        numbers = self.text_numbers[rows]  # [B, T]
        return values[np.maximum(numbers, 0)], (numbers >= 0).astype(np.float32)

    def arrange(self, labels: TokenLabels) -> TokenLabels:
        """Labels of the texts' word pieces, as they follow one another in the rows."""
        place = PackedFeatures(np.arange(labels.values.size), self._text_splits)
        order = place.take(self._order).word_ids
        return TokenLabels(labels.values[order], labels.weights[order])


def _ramps(counts: np.ndarray) -> np.ndarray:
    """0, 1, … for each of the counts, end to end."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
