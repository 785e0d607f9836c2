"""Batches of a masked language model: masks drawn when a batch is asked for.

What is drawn depends on the seed, the epoch and the batch's number alone: every epoch
masks other word pieces, and a run that is repeated or resumed draws the same.

Shapes: N rows, B rows of a batch, S its padded length, P predictions a row.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import PackedFeatures
from keras_bert.data.masking import TokenMasker

# From the features of a batch with its targets to what Keras takes.
AsBatch = Callable[[dict[str, np.ndarray]], tuple]

_EPOCH_SHIFT = 32  # an epoch has fewer batches than 2 to this power


class MaskedLMBatches(FeatureBatches):
    """As `FeatureBatches`, masked.

    Args:
        features: N rows.
        masker: draws the masks.
        as_batch: turns the dict that the masker gives, and `next_sentence_labels` [B]
            with `labels`, into `(x, y, sample_weight)`.
        labels: N numbers, or None.
        new_masks: draw other masks every epoch; False repeats those of the first one,
            so that losses on held-out data can be compared.
        **kwargs: of `FeatureBatches`.
    """

    def __init__(
        self,
        features: PackedFeatures,
        masker: TokenMasker,
        as_batch: AsBatch,
        labels: Any = None,
        *,
        new_masks: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(features, labels, **kwargs)
        self.masker = masker
        self.as_batch = as_batch
        self.new_masks = new_masks

    @property
    def has_labels(self) -> bool:
        """True: the masked word pieces are the labels."""
        return True

    def __getitem__(self, index: int) -> tuple:
        """A batch `(x, y, sample_weight)`."""
        batch = super().__getitem__(index)
        epoch = self.epoch if self.new_masks else 0
        key = np.array([self.seed, epoch << _EPOCH_SHIFT | index], np.int64)
        drawn = self.masker(batch[0], key)
        features = {name: np.asarray(value) for name, value in drawn.items()}
        if len(batch) > 1:
            features["next_sentence_labels"] = batch[1]
        return self.as_batch(features)

    def fingerprint(self) -> dict[str, Any]:
        """What the batches depend on, the masks included."""
        return super().fingerprint() | {"masks": self.masker.settings()}
