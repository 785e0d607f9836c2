"""Cross-entropy and accuracy over the word pieces that have a label.

Shapes: B rows, S positions, C classes.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_bert")
class TokenCrossentropy(keras.losses.Loss):
    """Mean cross-entropy of the labelled word pieces of a batch.

    Args:
        name: of the loss.
        **kwargs: `reduction` and `dtype` of Keras. With the default reduction the loss is
            the mean over labelled pieces, however many others there are.

    Call arguments:
        y_true: int [B, S], classes; negative where there is no label.
        y_pred: float [B, S, C], logits.
    """

    def __init__(self, name: str = "token_crossentropy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses [B] whose mean is the mean over all labelled pieces."""
        y_true = ops.cast(y_true, "int32")
        labelled = ops.cast(y_true >= 0, y_pred.dtype)  # [B, S]
        losses = ops.sparse_categorical_crossentropy(
            ops.maximum(y_true, 0), y_pred, from_logits=True
        )
        rows = ops.sum(losses * labelled, axis=-1)  # [B]
        number = ops.maximum(ops.sum(labelled), 1)
        return rows * (ops.sum(ops.ones_like(rows)) / number)


@keras.saving.register_keras_serializable(package="keras_bert")
class TokenAccuracy(keras.metrics.Mean):
    """Part of the labelled word pieces whose class is right; arguments as in the loss."""

    def __init__(self, name: str = "accuracy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Counts a batch; `sample_weight` [B] weighs rows."""
        y_true = ops.cast(y_true, "int32")
        right = ops.equal(ops.cast(ops.argmax(y_pred, axis=-1), "int32"), y_true)
        weight = ops.cast(y_true >= 0, self.dtype)
        if sample_weight is not None:
            weight = weight * ops.reshape(ops.cast(sample_weight, self.dtype), (-1, 1))
        return super().update_state(ops.cast(right, self.dtype), weight)
