"""A task's model for packed rows: the same layers, with several texts a row.

Shapes: B rows of a batch, S length of a row, T the most texts of a row.
"""

from typing import Any

import keras

from keras_bert.models.backbone import BertBackbone
from keras_bert.models.encoder_graph import encode, encoder_inputs


def packed_model(task: Any) -> keras.Model:
    """Makes a model on packed rows that shares a task's variables; it is not compiled.

    Args:
        task: has a `backbone` and `packed_outputs(inputs, sequence_output)`, which applies
            the head's layers.

    Returns:
        A functional model on the inputs of a packed backbone that the head needs.

    Raises:
        ValueError: the task's head cannot tell the texts of a row apart.
    """
    backbone: BertBackbone = task.backbone
    inputs = encoder_inputs(packed=True)
    hidden_states, _ = encode(backbone.embeddings, backbone.encoder_blocks, inputs)
    outputs, inputs = task.packed_outputs(inputs, hidden_states[-1])
    return keras.Model(inputs, outputs, name=f"packed_{task.name}")


def require_packable(task: Any) -> None:
    """Refuses a task that cannot train on packed rows.

    Raises:
        ValueError: its records are not single texts, each with an answer of its own.
    """
    if getattr(task, "packed_outputs", None) is None:
        raise ValueError(
            "expected packing with a task that answers for each text or each token by itself; "
            f"received packing of a {type(task).__name__}"
        )


@keras.saving.register_keras_serializable(package="keras_bert")
class MeanOverTexts(keras.losses.Loss):
    """A loss of single texts, the weighted mean over those of a batch of packed rows.

    Args:
        loss: a Keras loss, whose own reduction is left aside, or a function of
            `(y_true, y_pred)` that gives a loss for each text.
        name: of the loss.
        **kwargs: `dtype` of Keras.

    Call arguments:
        y_true: numbers [B, T] or [B, T, C].
        y_pred: float [B, T, C].
        sample_weight: float [B, T], 0 where there is no text.
    """

    def __init__(self, loss: Any, name: str = "mean_over_texts", **kwargs: Any) -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight", **kwargs)
        self.loss = keras.losses.get(loss)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses [B, T]."""
        loss = self.loss
        return (loss.call if isinstance(loss, keras.losses.Loss) else loss)(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["reduction"]
        return config | {"loss": keras.losses.serialize(self.loss)}
