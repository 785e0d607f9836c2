"""A pretraining task whose logits over the vocabulary never exist all at once.

Shapes: B rows, S positions, P predictions a row.
"""

from typing import Any

import keras

from keras_bert.layers.masked_lm_losses import MaskedLMLosses
from keras_bert.models.masked_lm import BertMaskedLM
from keras_bert.models.pretrainer import BertPretrainer
from keras_bert.models.pretraining_heads import pretraining_inputs
from keras_bert.training.given_losses import CountedGivenLoss, GivenAccuracy, GivenPerplexity

IDS = "masked_lm_ids"


def chunked_model(task: BertPretrainer | BertMaskedLM, chunk_size: int) -> keras.Model:
    """A model to train in place of a task, of the same variables.

    Args:
        task: with whose layers the model computes.
        chunk_size: predictions that have logits at a time.

    Returns:
        A model of the task's inputs and `masked_lm_ids` int32 [B, P]; where the task puts
        out logits [B, P, V] it puts out losses and hits [B, P, 2].

    Raises:
        ValueError: `chunk_size` below 1.
    """
    with_next_sentence = isinstance(task, BertPretrainer)
    head = task.mlm_head if with_next_sentence else task.head
    inputs = pretraining_inputs(task.backbone)
    inputs["masked_lm_positions"] = keras.Input((None,), dtype="int32", name="masked_lm_positions")
    inputs[IDS] = keras.Input((None,), dtype="int32", name=IDS)
    encoded = task.backbone(task.backbone.input)
    losses = MaskedLMLosses(head, chunk_size, name="mlm_logits")(
        encoded["sequence_output"], inputs["masked_lm_positions"], inputs[IDS]
    )
    outputs: Any = losses
    if with_next_sentence:
        outputs = {"mlm_logits": losses, "nsp_logits": task.nsp_head(encoded["pooled_output"])}
    return keras.Model(inputs, outputs, name=f"{task.name}_chunked")


def chunked_loss(task: BertPretrainer | BertMaskedLM) -> Any:
    """The task's loss, of a `chunked_model`'s outputs."""
    loss = task.default_loss()
    return (
        loss | {"mlm_logits": CountedGivenLoss()} if isinstance(loss, dict) else CountedGivenLoss()
    )


def chunked_metrics(task: BertPretrainer | BertMaskedLM) -> Any:
    """The task's weighted metrics, of a `chunked_model`'s outputs."""
    metrics = task.default_weighted_metrics()
    of_masks = [GivenAccuracy(), GivenPerplexity()]
    return metrics | {"mlm_logits": of_masks} if isinstance(metrics, dict) else of_masks
