"""The BERT encoder: from three tensors of ids to a vector per token and per text.

Source: Devlin et al. 2018, https://arxiv.org/abs/1810.04805

Shapes: B batch, S sequence length, H hidden size, L layers, N heads, T texts of a packed
row.
"""

import keras

from keras_bert.config import BertConfig
from keras_bert.layers.embeddings import BertEmbeddings
from keras_bert.layers.poolers import FirstTokenPooler
from keras_bert.layers.transformer_block import TransformerEncoderBlock
from keras_bert.models.bert_inputs import NAMES, PACKED_NAMES, TakesBertInputs
from keras_bert.models.encoder_graph import encode, encoder_inputs
from keras_bert.models.preset_io import PresetIO


@keras.saving.register_keras_serializable(package="keras_bert")
class BertBackbone(PresetIO, TakesBertInputs, keras.Model):
    """A BERT encoder as a functional Keras model.

    Args:
        config: A `BertConfig`, or a mapping that makes one.
        output_attentions: Whether to return the attention probabilities.
        output_hidden_states: Whether to return the embeddings and every block's output.
        gradient_checkpointing: Whether training recomputes blocks to save memory.
        packed: Whether rows hold several texts each: positions then begin again with
            each text, and attention stays within it.
        dtype: A dtype or policy such as `"mixed_bfloat16"`; Keras's global one when None.
        name: Name of the model.
        **kwargs: Of `keras.Model`, such as `trainable`.

    Call arguments:
        inputs: A dict of `input_word_ids`, and optionally `input_mask` (1 at tokens,
            0 at padding; ones when missing or None) and `input_type_ids` (zeros when
            missing or None), int32 [B, S] each. With `packed` also
            `input_sequence_ids` int32 [B, S], the number from 1 of the text that a
            position belongs to, 0 for padding (`input_mask` is then not read), and
            optionally `first_positions` int32 [B, T], where the texts begin.
        training: Whether dropout acts.

    Returns:
        A dict of float tensors:
            `sequence_output` [B, S, H],
            `pooled_output` [B, H], or [B, T, H] with `first_positions`, without which a
            packed row's is its first text's,
            `encoder_outputs`, a list of L tensors [B, S, H];
            with `output_hidden_states`, `hidden_states`: the embeddings, then those L;
            with `output_attentions`, `attention_scores`: a list of L [B, N, S, S].

    Attributes:
        config: The `BertConfig`.
        embeddings: The `BertEmbeddings`.
        encoder_blocks: A list of L `TransformerEncoderBlock`.
        pooler: The `FirstTokenPooler`; its `dense` has the weights.

    Example:
        >>> backbone = BertBackbone(BertConfig(vocab_size=30522))
        >>> backbone({"input_word_ids": [[101, 7592, 102]]})["pooled_output"].shape
        (1, 768)
    """

    def __init__(
        self,
        config,
        *,
        output_attentions=False,
        output_hidden_states=False,
        gradient_checkpointing=False,
        packed=False,
        dtype=None,
        name="bert_backbone",
        **kwargs,
    ):
        if not isinstance(config, BertConfig):
            config = BertConfig.from_dict(config)

        # === Layers ===
        embeddings = BertEmbeddings(
            config.vocab_size,
            config.hidden_size,
            config.max_position_embeddings,
            config.type_vocab_size,
            config.hidden_dropout_prob,
            config.layer_norm_eps,
            config.initializer_range,
            dtype=dtype,
            name="embeddings",
        )
        encoder_blocks = [
            TransformerEncoderBlock(
                config.num_attention_heads,
                config.intermediate_size,
                config.hidden_act,
                config.hidden_dropout_prob,
                config.attention_probs_dropout_prob,
                config.layer_norm_eps,
                config.initializer_range,
                gradient_checkpointing,
                dtype=dtype,
                name=f"layer_{index}",
            )
            for index in range(config.num_hidden_layers)
        ]
        pooler = FirstTokenPooler(config.initializer_range, dtype=dtype, name="pooler")

        # === Functional Model ===
        inputs = encoder_inputs(packed)
        hidden_states, attention_scores = encode(
            embeddings, encoder_blocks, inputs, output_attentions
        )
        outputs = {
            "sequence_output": hidden_states[-1],
            "pooled_output": pooler(hidden_states[-1], inputs.get("first_positions")),
            "encoder_outputs": hidden_states[1:],
        }
        if output_hidden_states:
            outputs["hidden_states"] = hidden_states
        if output_attentions:
            outputs["attention_scores"] = attention_scores
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)

        # === Config ===
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)
        self.config = config
        self.embeddings = embeddings
        self.encoder_blocks = encoder_blocks
        self.pooler = pooler
        self.output_attentions = output_attentions
        self.output_hidden_states = output_hidden_states
        self.gradient_checkpointing = gradient_checkpointing
        self.packed = packed
        self.input_names = PACKED_NAMES if packed else NAMES

    def get_config(self):
        """Return the constructor's arguments, the `BertConfig` as a dict."""
        return {
            "config": self.config.to_dict(),
            "output_attentions": self.output_attentions,
            "output_hidden_states": self.output_hidden_states,
            "gradient_checkpointing": self.gradient_checkpointing,
            "packed": self.packed,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make a backbone from what `get_config` returned."""
        return cls(**config)
