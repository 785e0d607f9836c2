"""Cross-entropy over positions, for where an answer begins and where it ends.

Source: Devlin et al. 2019, section 4.2; the mean of the two losses as in google-research/bert
`run_squad.py`.
Shapes: B windows, S positions.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_bert")
class SpanLoss(keras.losses.Loss):
    """Mean of the cross-entropies of the start and of the end among S positions.

    Labels are integers [B, 2], the positions of the first and the last word piece of the
    answer, both 0 (`[CLS]`) in a window without it. Logits are float [B, S, 2]; positions
    that are padding carry a very low one.

    Args:
        name: of the loss.
        **kwargs: of `keras.losses.Loss` (`reduction`, …).
    """

    def __init__(self, name: str = "span_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each window, float32 [B]."""
        logits = ops.transpose(ops.cast(y_pred, "float32"), (0, 2, 1))  # [B, 2, S]
        positions = ops.expand_dims(ops.cast(y_true, "int32"), -1)  # [B, 2, 1]
        chosen = ops.take_along_axis(ops.log_softmax(logits, axis=-1), positions, axis=-1)
        return -ops.mean(chosen, axis=(1, 2))


@keras.saving.register_keras_serializable(package="keras_bert")
class SpanAccuracy(keras.metrics.Mean):
    """Windows whose most probable start and most probable end are both right.

    Args:
        name: of the metric.
        **kwargs: of `keras.metrics.Mean`.
    """

    def __init__(self, name: str = "span_accuracy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch: labels [B, 2], logits [B, S, 2], weights [B]."""
        guessed = ops.argmax(y_pred, axis=1)  # [B, 2]
        right = ops.all(ops.equal(ops.cast(guessed, "int32"), ops.cast(y_true, "int32")), axis=-1)
        super().update_state(ops.cast(right, "float32"), sample_weight)
