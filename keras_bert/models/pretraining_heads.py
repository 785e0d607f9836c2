"""The heads that BERT is pretrained with, on a backbone, by their names in checkpoints.

Source: Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805

Shapes: P masked positions, V vocabulary, H hidden size.
"""

from typing import Any

import keras

from keras_bert.layers.initializers import truncated_normal
from keras_bert.layers.masked_lm_head import MaskedLMHead
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.bert_inputs import NAMES
from keras_bert.training.replicas import share_of_weight

INPUT_NAMES = (*NAMES, "masked_lm_positions")


def pretraining_inputs(backbone: BertBackbone) -> dict[str, keras.KerasTensor]:
    """The backbone's inputs and optional `masked_lm_positions` int32 [B, P]."""
    positions = keras.Input((None,), dtype="int32", name="masked_lm_positions", optional=True)
    return {**backbone.input, "masked_lm_positions": positions}


def masked_lm_head(backbone: BertBackbone) -> MaskedLMHead:
    """A new head that shares the backbone's table of words."""
    config = backbone.config
    return MaskedLMHead(
        backbone,
        config.hidden_act,
        config.layer_norm_eps,
        config.initializer_range,
        dtype=backbone.dtype_policy,
        name="mlm_logits",
    )


def next_sentence_head(backbone: BertBackbone) -> keras.layers.Dense:
    """A new projection to two logits: the second text follows the first, or does not."""
    return keras.layers.Dense(
        2,
        kernel_initializer=truncated_normal(backbone.config.initializer_range),
        dtype="float32",
        name="nsp_logits",
    )


def masked_lm_variables(head: MaskedLMHead) -> dict[str, keras.Variable]:
    """The five variables of the head's own by their names in checkpoints."""
    scope = "cls/predictions/transform"
    return {
        f"{scope}/dense/kernel": head.transform_dense.kernel,
        f"{scope}/dense/bias": head.transform_dense.bias,
        f"{scope}/LayerNorm/beta": head.transform_layer_norm.beta,
        f"{scope}/LayerNorm/gamma": head.transform_layer_norm.gamma,
        "cls/predictions/output_bias": head.output_bias,
    }


def next_sentence_variables(head: keras.layers.Dense) -> dict[str, keras.Variable]:
    """The two variables of the head by their names in checkpoints."""
    scope = "cls/seq_relationship"
    return {f"{scope}/output_weights": head.kernel, f"{scope}/output_bias": head.bias}


@keras.saving.register_keras_serializable(package="keras_bert")
class MaskedLMCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Keras's loss as the mean over the weights of all replicas of TensorFlow's strategies."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Scalar loss of labels int [B, P], logits [B, P, V] and weights [B, P]."""
        loss = super().__call__(y_true, y_pred, sample_weight)
        weights = keras.ops.ones_like(y_true) if sample_weight is None else sample_weight
        return loss * share_of_weight(keras.ops.sum(weights))


def masked_lm_loss() -> keras.losses.Loss:
    """Cross-entropy at predictions, the mean over those with weight."""
    return MaskedLMCrossentropy(from_logits=True, reduction="mean_with_sample_weight", name="mlm")
