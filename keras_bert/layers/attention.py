"""Multi-head attention that is as fast with dropout configured as without.

`keras.layers.MultiHeadAttention` leaves its fused path for good when a dropout
rate is set, even where no unit is dropped. This subclass keeps its weights,
names and arguments, and replaces the part between the projections.

Source: Vaswani et al. 2017, section 3.2, https://arxiv.org/abs/1706.03762

Shapes: B batch, T query length, S key length, N heads, D width of a head.
"""

import keras
from keras import ops

from keras_bert.layers.dropout import ReplayableDropout

# Far below any score, and far enough from float32's limit that adding a score is finite.
_MASKED = -1e30


@keras.saving.register_keras_serializable(package="keras_bert")
class BertAttention(keras.layers.MultiHeadAttention):
    """Scaled dot-product attention over heads, softmax in float32.

    Args:
        num_heads: Number N of heads.
        key_dim: Width D of a head.
        **kwargs: Of `keras.layers.MultiHeadAttention`, `dropout` among them.

    Call arguments:
        query: Float tensor [B, T, H].
        value: Float tensor [B, S, H].
        key: Float tensor [B, S, H]; `value` when None.
        attention_mask: Boolean or integer tensor [B, T, S], or of a shape that
            broadcasts to it such as [B, 1, S]: 1 where attention may go. A row of
            zeros spreads attention evenly and is never NaN.
        return_attention_scores: Whether to return the probabilities too.
        training: Whether dropout acts.

    Returns:
        Float tensor [B, T, H]; with `return_attention_scores` a pair of it and the
        probabilities [B, N, T, S], after dropout while training.

    Attributes:
        query_dense, key_dense, value_dense: `kernel` [H, N, D] and `bias` [N, D].
        output_dense: `kernel` [N, D, H] and `bias` [H].
    """

    def _build_attention(self, rank):
        # Not the base class's: it would make a second dropout with a random state of its own.
        self._dropout_layer = ReplayableDropout(
            self._dropout, dtype=self.dtype_policy, seed=self.seed
        )

    @property
    def dropout_layer(self):
        """The layer that drops attention probabilities; exists once built."""
        return self._dropout_layer

    def _compute_attention(
        self,
        query,
        key,
        value,
        attention_mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        query = query * self._inverse_sqrt_key_dim  # [B, T, N, D]
        scores = ops.einsum("btnd,bsnd->bnts", query, key)  # [B, N, T, S]
        scores = ops.cast(scores, keras.backend.result_type(scores.dtype, "float32"))
        if attention_mask is not None:
            scores = scores + self._bias(attention_mask, scores.dtype)
        probabilities = ops.cast(ops.softmax(scores, axis=-1), self.compute_dtype)
        probabilities = self._dropout_layer(probabilities, training=training)
        output = ops.einsum("bnts,bsnd->btnd", probabilities, value)  # [B, T, N, D]
        return output, probabilities if return_attention_scores else None

    def _bias(self, attention_mask, dtype):
        if len(attention_mask.shape) == 3:
            attention_mask = ops.expand_dims(attention_mask, 1)  # [B, 1, T, S]
        return (1.0 - ops.cast(attention_mask, dtype)) * _MASKED
