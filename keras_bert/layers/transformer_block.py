"""One block of the BERT encoder: attention and feed-forward, each then normalised.

    a = LayerNorm(x + Dropout(Attention(x)))
    y = LayerNorm(a + Dropout(W₂·act(W₁·a + b₁) + b₂))

Source: Vaswani et al. 2017, section 3.1 (post-LN), https://arxiv.org/abs/1706.03762;
Devlin et al. 2018, https://arxiv.org/abs/1810.04805

Shapes: B batch, S sequence length, H hidden size, N heads, D = H / N, I intermediate size.
"""

import contextlib

import keras
from keras import ops

from keras_bert.layers.activations import get_activation
from keras_bert.layers.attention import BertAttention
from keras_bert.layers.checks import check_rank, check_same_shape
from keras_bert.layers.dropout import ReplayableDropout
from keras_bert.layers.initializers import truncated_normal
from keras_bert.layers.normalization import Float32LayerNormalization
from keras_bert.layers.products import products


@keras.saving.register_keras_serializable(package="keras_bert")
class TransformerEncoderBlock(keras.layers.Layer):
    """Self-attention and a feed-forward layer, with residuals and post-LN.

    Args:
        num_attention_heads: Number N of heads; divides the width H of the input.
        intermediate_size: Width I inside the feed-forward layer.
        hidden_act: Activation by its configuration name: `gelu` (erf), `gelu_new`, ….
        hidden_dropout_prob: Dropout rate of both sub-layers' outputs.
        attention_probs_dropout_prob: Dropout rate of attention probabilities.
        layer_norm_eps: Constant added to the variance.
        initializer_range: Standard deviation of the truncated normal initialiser.
        gradient_checkpointing: Whether training recomputes the block in the backward
            pass and keeps only its input, for memory.
        **kwargs: Of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        hidden_states: Float tensor [B, S, H].
        attention_mask: Boolean or integer tensor [B, S] or [B, S, S], 1 where
            attention may go; everywhere when None.
        return_attention_scores: Whether to return the probabilities too.
        training: Whether dropout acts.

    Returns:
        Float tensor [B, S, H]; with `return_attention_scores` a pair of it and the
        attention probabilities [B, N, S, S].

    Attributes:
        attention: `BertAttention` with `query_dense`, `key_dense`, `value_dense`
            (`kernel` [H, N, D], `bias` [N, D]) and `output_dense` ([N, D, H], [H]).
        attention_layer_norm: `gamma` and `beta` [H].
        intermediate_dense: `kernel` [H, I], `bias` [I].
        output_dense: `kernel` [I, H], `bias` [H].
        output_layer_norm: `gamma` and `beta` [H].

    Raises:
        ValueError: H is not divisible by N, or an argument has a wrong rank.
    """

    def __init__(
        self,
        num_attention_heads,
        intermediate_size,
        hidden_act="gelu",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        layer_norm_eps=1e-12,
        initializer_range=0.02,
        gradient_checkpointing=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.layer_norm_eps = layer_norm_eps
        self.initializer_range = initializer_range
        self.gradient_checkpointing = gradient_checkpointing
        self.activation = get_activation(hidden_act)

    def build(self, hidden_states_shape, attention_mask_shape=None):
        """Create the sub-layers for inputs [B, S, H]."""
        check_rank("hidden_states", hidden_states_shape, 3)
        hidden_size = hidden_states_shape[-1]
        if hidden_size % self.num_attention_heads:
            raise ValueError(
                "expected hidden_size divisible by num_attention_heads; received "
                f"hidden_size={hidden_size}, num_attention_heads={self.num_attention_heads}"
            )
        self.attention = BertAttention(
            self.num_attention_heads,
            hidden_size // self.num_attention_heads,
            dropout=self.attention_probs_dropout_prob,
            kernel_initializer=truncated_normal(self.initializer_range),
            dtype=self.dtype_policy,
            name="attention",
        )
        self.attention.build(hidden_states_shape, hidden_states_shape)
        self.attention_layer_norm = self._norm("attention_layer_norm", hidden_size)
        self.intermediate_dense = self._dense(
            "intermediate_dense", hidden_size, self.intermediate_size
        )
        self.output_dense = self._dense("output_dense", self.intermediate_size, hidden_size)
        self.output_layer_norm = self._norm("output_layer_norm", hidden_size)
        self.attention_output_dropout = self._dropout("attention_output_dropout")
        self.output_dropout = self._dropout("output_dropout")

    def _norm(self, name, width):
        norm = Float32LayerNormalization(self.layer_norm_eps, dtype=self.dtype_policy, name=name)
        norm.build((None, None, width))
        return norm

    def _dense(self, name, width_in, width_out):
        dense = keras.layers.Dense(
            width_out,
            kernel_initializer=truncated_normal(self.initializer_range),
            dtype=self.dtype_policy,
            name=name,
        )
        dense.build((None, None, width_in))
        return dense

    def _dropout(self, name):
        return ReplayableDropout(self.hidden_dropout_prob, dtype=self.dtype_policy, name=name)

    def call(
        self, hidden_states, attention_mask=None, return_attention_scores=False, training=False
    ):
        """Transform hidden states [B, S, H]."""
        check_rank("hidden_states", hidden_states.shape, 3)
        if attention_mask is not None:
            check_rank("attention_mask", attention_mask.shape, 2, 3)
            check_same_shape(
                {"keys": hidden_states.shape[1:2], "attention_mask": attention_mask.shape[-1:]}
            )
            if len(attention_mask.shape) == 2:
                attention_mask = ops.expand_dims(attention_mask, 1)  # [B, 1, S]
        remat = self.gradient_checkpointing and training
        forward = self._rematerialized if remat else self._forward
        outputs = forward(hidden_states, attention_mask, return_attention_scores, training)
        return outputs if return_attention_scores else outputs[0]

    def _forward(self, hidden_states, attention_mask, with_scores, training):
        attended, *scores = _as_tuple(
            self.attention(
                hidden_states,
                hidden_states,
                attention_mask=attention_mask,
                return_attention_scores=with_scores,
                training=training,
            )
        )  # [B, S, H], [B, N, S, S]
        attended = self.attention_output_dropout(attended, training=training)
        attended = self._normalised(self.attention_layer_norm, hidden_states, attended)
        # As a matrix, for which TensorFlow joins product, bias and activation.
        matrix = ops.reshape(attended, (-1, attended.shape[-1]))  # [B · S, H]
        (inner,) = products([self.intermediate_dense], matrix, self.activation)  # [B · S, I]
        (output,) = products([self.output_dense], inner, uneven=True)  # [B · S, H]
        output = ops.reshape(output, (-1, *ops.shape(attended)[1:]))  # [B, S, H]
        output = self.output_dropout(output, training=training)
        return self._normalised(self.output_layer_norm, attended, output), *scores

    def _normalised(self, norm, residual, update):
        return ops.cast(norm(residual + update), self.compute_dtype)  # [B, S, H]

    def _rematerialized(self, hidden_states, attention_mask, with_scores, training):
        """Run `_forward` so that its gradient recomputes it, dropping the same units."""
        dropouts = (
            self.attention.dropout_layer,
            self.attention_output_dropout,
            self.output_dropout,
        )
        seeds = [dropout.draw() for dropout in dropouts]

        def forward(hidden_states):
            with contextlib.ExitStack() as replay:
                for dropout, seed in zip(dropouts, seeds, strict=True):
                    replay.enter_context(dropout.replaying(seed))
                return self._forward(hidden_states, attention_mask, with_scores, training)

        return keras.remat(forward)(hidden_states)

    def compute_output_spec(
        self, hidden_states, attention_mask=None, return_attention_scores=False, training=False
    ):
        """Return the spec of [B, S, H], or of the pair with [B, N, S, S]."""
        batch, length, _ = hidden_states.shape
        output = keras.KerasTensor(hidden_states.shape, dtype=self.compute_dtype)
        if not return_attention_scores:
            return output
        shape = (batch, self.num_attention_heads, length, length)
        return output, keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the constructor's arguments."""
        return super().get_config() | {
            "num_attention_heads": self.num_attention_heads,
            "intermediate_size": self.intermediate_size,
            "hidden_act": self.hidden_act,
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "attention_probs_dropout_prob": self.attention_probs_dropout_prob,
            "layer_norm_eps": self.layer_norm_eps,
            "initializer_range": self.initializer_range,
            "gradient_checkpointing": self.gradient_checkpointing,
        }


def _as_tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)
