"""Perplexity: how many equally probable words a language model wavers between.

    exp( Σ w · cross-entropy / Σ w )

over all predictions of an epoch, so unlike a mean of batches' perplexities it does not
depend on how predictions fall into batches.

Source: Jelinek et al. 1977, https://doi.org/10.1121/1.2016299

Shapes: B rows, P predictions a row, V vocabulary.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_bert")
class Perplexity(keras.metrics.Metric):
    """The exponential of the mean cross-entropy of logits, weighted.

    Args:
        name: of the metric.
        **kwargs: of `keras.metrics.Metric`.

    Call arguments:
        y_true: integers [B, P], what stood there.
        y_pred: float logits [B, P, V].
        sample_weight: float [B, P], 0 at padding; all predictions when None.

    Returns:
        float32, at least 1; 1 before the first prediction.
    """

    def __init__(self, name: str = "perplexity", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds the predictions of a batch."""
        losses = self.losses(y_true, y_pred)  # [B, P]
        weights = (
            ops.ones_like(losses)
            if sample_weight is None
            else ops.cast(sample_weight, losses.dtype)
        )
        self.total.assign_add(ops.sum(losses * weights))
        self.count.assign_add(ops.sum(weights))

    def losses(self, y_true: Any, y_pred: Any) -> Any:
        """The cross-entropy of each prediction, float32 [B, P]."""
        return ops.sparse_categorical_crossentropy(
            ops.cast(y_true, "int32"), ops.cast(y_pred, "float32"), from_logits=True
        )

    def result(self) -> Any:
        """The perplexity of all predictions so far."""
        return ops.exp(ops.divide_no_nan(self.total, self.count))
