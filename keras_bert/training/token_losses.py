"""Cross-entropy and accuracy over the word pieces that have a label.

Shapes: B rows, S positions, C classes.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_bert")
class TokenCrossentropy(keras.losses.Loss):
    """Mean cross-entropy of the labelled word pieces of a batch, each with its weight.

    Args:
        name: of the loss.
        **kwargs: `reduction` and `dtype` of Keras. With the default reduction the loss is
            the sum of weighted losses over the number of labelled pieces, however many
            others there are.

    Call arguments:
        y_true: int [B, S], classes; negative where there is no label.
        y_pred: float [B, S, C], logits.
        sample_weight: float [B, S], or [B] for whole rows.
    """

    def __init__(self, name: str = "token_crossentropy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch."""
        if sample_weight is not None:
            sample_weight = _each_piece(sample_weight)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses [B, S] whose mean is the mean over all labelled pieces."""
        y_true = ops.cast(y_true, "int32")
        labelled = ops.cast(y_true >= 0, y_pred.dtype)  # [B, S]
        losses = ops.sparse_categorical_crossentropy(
            ops.maximum(y_true, 0), y_pred, from_logits=True
        )
        number = ops.maximum(ops.sum(labelled), 1)
        return losses * labelled * (ops.sum(ops.ones_like(labelled)) / number)


@keras.saving.register_keras_serializable(package="keras_bert")
class TokenAccuracy(keras.metrics.Mean):
    """Part of the labelled word pieces whose class is right; arguments as in the loss."""

    def __init__(self, name: str = "accuracy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Counts a batch; `sample_weight` [B] weighs rows, [B, S] pieces."""
        y_true = ops.cast(y_true, "int32")
        right = ops.equal(ops.cast(ops.argmax(y_pred, axis=-1), "int32"), y_true)
        weight = ops.cast(y_true >= 0, self.dtype)
        if sample_weight is not None:
            weight = weight * _each_piece(ops.cast(sample_weight, self.dtype))
        return super().update_state(ops.cast(right, self.dtype), weight)


def _each_piece(sample_weight: Any) -> Any:
    """Weights [B, S] as they are, and [B] as [B, 1]."""
    return sample_weight if len(sample_weight.shape) == 2 else ops.expand_dims(sample_weight, 1)
