"""Cross-entropy of predictions, over the number of those that count.

Shapes: B rows, P predictions a row, V vocabulary.
"""

from typing import Any

import keras
from keras import ops

from keras_bert.training.replicas import share_of_weight


@keras.saving.register_keras_serializable(package="keras_bert")
class CountedCrossentropy(keras.losses.Loss):
    """The sum of weighted cross-entropies over the number of weights that are not 0.

    With weights of 0 and 1 that is their mean. Unlike a weighted mean it follows the scale of
    the weights, by which `micro_batches` gives each part of a batch its share. Under
    TensorFlow's strategies the replicas' losses make that of all their predictions.

    Args:
        name: of the loss.
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: integers [B, P], what stood there.
        y_pred: float logits [B, P, V].
        sample_weight: float [B, P], 0 at padding; all predictions count when None.
    """

    def __init__(self, name: str = "mlm", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch, a scalar; 0 without predictions."""
        losses = self.call(y_true, y_pred)
        if sample_weight is None:
            return ops.mean(losses)
        weights = ops.cast(sample_weight, losses.dtype)
        count = ops.sum(ops.cast(ops.not_equal(weights, 0), losses.dtype))
        return ops.sum(losses * weights) / ops.maximum(count, 1) * share_of_weight(count)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each prediction, float32 [B, P]."""
        return ops.sparse_categorical_crossentropy(
            ops.cast(y_true, "int32"), ops.cast(y_pred, "float32"), from_logits=True
        )
