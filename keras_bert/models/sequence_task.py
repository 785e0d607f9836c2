"""Tasks with one vector a row: dropout and one projection on a pooled sequence.

The head of Devlin et al. (2019), section 4.1; Google's and Hugging Face's classifier
checkpoints hold it as `output_weights` and `output_bias`.

Shapes: B rows, S positions, H hidden size, C outputs.
"""

from typing import Any

import keras

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.layers.initializers import truncated_normal
from keras_bert.layers.poolers import MaxPooler, MeanPooler
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.packed_fit import FitsPackedRows
from keras_bert.models.task import Task
from keras_bert.text.preprocessor import BertPreprocessor

POOLERS = {"first": None, "mean": MeanPooler, "max": MaxPooler}


class SequenceTask(FitsPackedRows, Task):
    """What the classifier and the regressor share.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`.
        num_outputs: C.
        pooling: "first" is the backbone's pooled output (tanh of the first token);
            "mean" and "max" go over the tokens that the mask keeps.
        dropout: before the projection; None means the backbone's `hidden_dropout_prob`.
        squeeze: give [B] instead of [B, 1].
        layer_prefix: of the names of the head's layers, for several heads in one model.
        **kwargs: of `Task`.

    Raises:
        ValueError: another `pooling`.
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        num_outputs: int,
        *,
        pooling: str = "first",
        dropout: float | None = None,
        squeeze: bool = False,
        layer_prefix: str = "",
        **kwargs: Any,
    ) -> None:
        if pooling not in POOLERS:
            raise ValueError(f"expected pooling of {tuple(POOLERS)}; received {pooling!r}")
        config = backbone.config

        # === Layers ===
        rate = config.hidden_dropout_prob if dropout is None else dropout
        head_dropout = keras.layers.Dropout(rate, name=f"{layer_prefix}head_dropout")
        head = keras.layers.Dense(
            num_outputs,
            kernel_initializer=truncated_normal(config.initializer_range),
            dtype="float32",
            name=f"{layer_prefix}head",
        )

        # === Functional Model ===
        encoded = symbolic_outputs(backbone)
        pooled = encoded["pooled_output"]  # [B, H]
        if pooling != "first":
            pooler = POOLERS[pooling](name=f"{layer_prefix}{pooling}_pooler")
            # No loss reaches the backbone's pooler: as a trainable one it would only decay.
            backbone.pooler.trainable = False
            pooled = pooler(encoded["sequence_output"], backbone.input["input_mask"])
        outputs = head(head_dropout(pooled))  # [B, C]
        if squeeze:
            outputs = keras.ops.squeeze(outputs, axis=-1)  # [B]
        super().__init__(backbone, preprocessor, outputs, **kwargs)

        # === Config ===
        self.head, self.head_dropout = head, head_dropout
        self.pooling = pooling
        self.dropout = dropout

    def packed_outputs(self, inputs: dict[str, Any], tokens: Any) -> tuple[Any, dict[str, Any]]:
        """The head on the texts of packed rows [B, S, H]: logits [B, T, C], and its inputs.

        Raises:
            ValueError: a `pooling` other than "first".
        """
        if self.pooling != "first":
            raise ValueError(
                "expected pooling='first' with packing, as means and maxima would go over all "
                f"texts of a row; received pooling={self.pooling!r}"
            )
        pooled = self.backbone.pooler(tokens, inputs["first_positions"])  # [B, T, H]
        return self.head(self.head_dropout(pooled)), inputs

    def head_variables(self) -> dict[str, keras.Variable]:
        """The head by its names in checkpoints."""
        return {"output_weights": self.head.kernel, "output_bias": self.head.bias}

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        return super().head_config() | {"pooling": self.pooling, "dropout": self.dropout}


def symbolic_outputs(backbone: BertBackbone) -> dict[str, Any]:
    """A backbone's outputs for its own inputs: the same each time, so that heads share them."""
    kept = backbone.__dict__  # where Keras does not look for layers and variables
    if "symbolic_outputs" not in kept:
        kept["symbolic_outputs"] = backbone(backbone.input)
    return kept["symbolic_outputs"]


def stored_settings(checkpoint: Checkpoint, class_name: str) -> dict[str, Any]:
    """The head's arguments that a folder of the same task holds, or Hugging Face's."""
    if checkpoint.metadata.get("class_name") == class_name:
        return dict(checkpoint.metadata.get("task") or {})
    dropout = checkpoint.metadata.get("classifier_dropout")
    return {} if dropout is None else {"dropout": dropout}


def has_sequence_head(checkpoint: Checkpoint) -> bool:
    """Whether the classifier rows are for whole rows: others' token classifiers share them."""
    declared = checkpoint.metadata.get("architectures") or ["BertForSequenceClassification"]
    return "classifier" in checkpoint.heads and "BertForSequenceClassification" in declared


def is_regression(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint's classifier rows are one number rather than classes."""
    metadata = checkpoint.metadata
    if metadata.get("class_name") or metadata.get("problem_type"):
        kinds = (metadata.get("class_name"), metadata.get("problem_type"))
        return "BertRegressor" in kinds or "regression" in kinds
    return "classifier" in checkpoint.heads and len(checkpoint.arrays["output_bias"]) == 1
