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
from keras_bert.layers.products import products

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

    def build(self, query_shape, value_shape, key_shape=None):
        """Create the projections for a query [B, T, H] and a value [B, S, H]."""
        for name, shape in {"query": query_shape, "value": value_shape}.items():
            if len(shape) != 3:
                raise ValueError(f"expected {name} of rank 3; received shape {tuple(shape)}")
        super().build(query_shape, value_shape, key_shape)

    def _build_attention(self, rank):
        # Not the base class's: it would make a second dropout with a random state of its own.
        self._dropout_layer = ReplayableDropout(
            self._dropout, dtype=self.dtype_policy, seed=self.seed
        )

    @property
    def dropout_layer(self):
        """The layer that drops attention probabilities; exists once built."""
        return self._dropout_layer

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        """Attend from [B, T, H] to [B, S, H]."""
        key = value if key is None else key
        mask = self._compute_attention_mask(
            query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
        )
        output, scores = self._compute_attention(
            *self._projections(query, key, value),
            mask,
            training,
            return_attention_scores,
        )
        if getattr(self, "_gate_dense", None) is not None:
            output = output * self._gate_dense(query)
        (output,) = products([self.output_dense], output, uneven=True)  # [B, T, H]
        return (output, scores) if return_attention_scores else output

    def _projections(self, query, key, value):
        """Project to [B, T, N, D], [B, S, N, D] and [B, S, N, D]."""
        denses = self.query_dense, self.key_dense, self.value_dense
        if query is key is value:
            return products(denses, query)
        pairs = zip(denses, (query, key, value), strict=True)
        return [products([dense], inputs)[0] for dense, inputs in pairs]

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
        mask = attention_mask  # [B, T, S], boolean
        if mask is not None and len(mask.shape) == 3:
            mask = ops.expand_dims(mask, 1)  # [B, 1, T, S]
        dropping = training and self.dropout > 0
        if return_attention_scores or dropping or keras.config.backend() == "tensorflow":
            output, scores = self._attend(query, key, value, mask, training)
            return output, scores if return_attention_scores else None
        # Keras's flash kernel for TPU takes the first row's mask for the whole batch.
        flash = self._flash_attention if mask is None else False
        return ops.dot_product_attention(query, key, value, mask=mask, flash_attention=flash), None

    def _attend(self, query, key, value, mask, training):
        """Compute what `ops.dot_product_attention` does, with its probabilities.

        On TensorFlow, which has no kernel of its own for it, this is also faster: the
        scale touches [B, T, N, D] and not [B, N, T, S], and the mask costs one pass.
        """
        query = query * self._inverse_sqrt_key_dim  # [B, T, N, D]
        scores = ops.einsum("btnd,bsnd->bnts", query, key)  # [B, N, T, S]
        scores = ops.cast(scores, keras.backend.result_type(self.compute_dtype, "float32"))
        if mask is not None:
            scores = scores + (1.0 - ops.cast(mask, scores.dtype)) * _MASKED
        probabilities = ops.cast(ops.softmax(scores, axis=-1), self.compute_dtype)
        probabilities = self._dropout_layer(probabilities, training=training)
        output = ops.einsum("bnts,bsnd->btnd", probabilities, value)  # [B, T, N, D]
        return output, probabilities

    def get_config(self):
        """Return the constructor's arguments, `flash_attention` too, which Keras leaves out."""
        return super().get_config() | {"flash_attention": self._flash_attention}
