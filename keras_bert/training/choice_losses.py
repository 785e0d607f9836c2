"""Loss and metric of multiple choice: one softmax over the choices of a record.

The model scores each choice alone; rows come interleaved, record 0 choice 0, record 0
choice 1, …. K follows from the numbers of labels and of rows.

Source: Devlin et al. 2019, section 4.4 (SWAG), https://arxiv.org/abs/1810.04805

Shapes: B records, K choices.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_bert")
class ChoiceLoss(keras.losses.Loss):
    """Cross-entropy of the right choice among those of its record.

    Args:
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: whole numbers [B], which choice is right.
        y_pred: float [B * K], logits.
    """

    def __init__(self, name: str = "choice_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each record, [B]."""
        right = ops.cast(y_true, "int32")
        logits = by_record(right, y_pred)  # [B, K]
        chosen = ops.take_along_axis(logits, right[:, None], axis=1)[:, 0]  # [B]
        return ops.logsumexp(logits, axis=1) - chosen


@keras.saving.register_keras_serializable(package="keras_bert")
class ChoiceAccuracy(keras.metrics.MeanMetricWrapper):
    """Part of the records whose highest logit is that of the right choice.

    Args:
        name: of the metric.
        dtype: of the sum.

    Call arguments:
        y_true: whole numbers [B].
        y_pred: float [B * K], logits.
    """

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(_is_right, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}


def by_record(y_true: Any, y_pred: Any) -> Any:
    """Logits [B * K] as [B, K], for labels [B]."""
    return ops.reshape(y_pred, (ops.shape(y_true)[0], -1))


def _is_right(y_true: Any, y_pred: Any) -> Any:
    best = ops.argmax(by_record(y_true, y_pred), axis=1)
    return ops.cast(ops.equal(ops.cast(best, "int32"), ops.cast(y_true, "int32")), "float32")
