"""The encoder as a symbolic graph, for rows of one text and for packed rows.

Both graphs can stand over the same layers, so that a model trains on packed rows and
answers on plain ones with the same weights.

Shapes: B batch, S sequence length, H hidden size, T texts of a packed row, L layers.
"""

from collections.abc import Sequence
from typing import Any

import keras

from keras_bert.layers.packed_rows import PackedAttentionMask, PackedPositions
from keras_bert.models.bert_inputs import NAMES, PACKED_NAMES


def encoder_inputs(packed: bool = False) -> dict[str, keras.KerasTensor]:
    """Symbolic inputs int32 [B, S] by name; of a packed encoder `first_positions` [B, T]."""
    required = ("input_word_ids", "input_sequence_ids")
    return {
        name: keras.Input((None,), dtype="int32", name=name, optional=name not in required)
        for name in (PACKED_NAMES if packed else NAMES)
    }


def encode(
    embeddings: keras.layers.Layer,
    encoder_blocks: Sequence[keras.layers.Layer],
    inputs: dict[str, Any],
    output_attentions: bool = False,
) -> tuple[list[Any], list[Any]]:
    """Runs the embeddings and the blocks on symbolic inputs.

    Args:
        embeddings: a `BertEmbeddings`.
        encoder_blocks: L `TransformerEncoderBlock`.
        inputs: what `encoder_inputs` gave; packed, if `input_sequence_ids` is among them.
        output_attentions: whether to return the attention probabilities.

    Returns:
        The embeddings and the L blocks' outputs, [B, S, H] each; and with
        `output_attentions` L probabilities [B, N, S, S].
    """
    numbers = inputs.get("input_sequence_ids")
    if numbers is None:
        positions, mask = None, inputs["input_mask"]
    else:
        positions = PackedPositions(name="packed_positions")(numbers)  # [B, S]
        mask = PackedAttentionMask(name="packed_attention_mask")(numbers)  # [B, S, S]
    hidden_states = [embeddings(inputs["input_word_ids"], inputs["input_type_ids"], positions)]
    attention_scores = []
    for block in encoder_blocks:
        output = block(hidden_states[-1], mask, return_attention_scores=output_attentions)
        if output_attentions:
            output, scores = output
            attention_scores.append(scores)
        hidden_states.append(output)
    return hidden_states, attention_scores
