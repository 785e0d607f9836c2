"""Loss and metrics of a model that puts out the losses of its predictions itself.

They are for training alone: no model is saved with them, and Keras does not know their names.

Shapes: B rows, P predictions a row; outputs [B, P, 2] are a loss and 1.0 or 0.0, whether the
prediction is right.
"""

from typing import Any

import keras

from keras_bert.training.counted_crossentropy import CountedCrossentropy
from keras_bert.training.perplexity import Perplexity


class CountedGivenLoss(CountedCrossentropy):
    """As `CountedCrossentropy`, of outputs [B, P, 2]; `y_true` is not looked at."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each prediction, float32 [B, P]."""
        return y_pred[..., 0]


class GivenPerplexity(Perplexity):
    """As `Perplexity`, of outputs [B, P, 2]."""

    def losses(self, y_true: Any, y_pred: Any) -> Any:
        """The cross-entropy of each prediction, float32 [B, P]."""
        return y_pred[..., 0]


class GivenAccuracy(keras.metrics.Mean):
    """Part of the predictions, weighted, that are right; of outputs [B, P, 2].

    Args:
        name: of the metric.
        **kwargs: of `keras.metrics.Mean`.
    """

    def __init__(self, name: str = "accuracy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Counts a batch; `sample_weight` [B, P]."""
        return super().update_state(y_pred[..., 1], sample_weight)
