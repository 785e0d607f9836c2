"""Poolers: from a vector per token [B, S, H] to a vector per text [B, H].

Of rows that hold several texts each, the first tokens' vectors are [B, T, H].

Sources: first token, Devlin et al. 2018, https://arxiv.org/abs/1810.04805; mean and
max, Reimers and Gurevych 2019, section 3, https://arxiv.org/abs/1908.10084

Shapes: B batch, S sequence length, H hidden size, T texts of a packed row.
"""

import keras
from keras import ops

from keras_bert.layers.checks import check_rank, check_same_shape
from keras_bert.layers.gather_positions import take_positions
from keras_bert.layers.initializers import truncated_normal

# Where maxima start, which lets a batch be empty: finite, and below any activation.
_LOWEST = -1e30


@keras.saving.register_keras_serializable(package="keras_bert")
class FirstTokenPooler(keras.layers.Layer):
    """The first token's vector through a dense layer with tanh, BERT's own pooler.

    Args:
        initializer_range: Standard deviation of the truncated normal initialiser.
        **kwargs: Of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        sequence_output: Float tensor [B, S, H], S at least 1.
        first_positions: Integer tensor [B, T], where the texts of a packed row begin,
            values in [0, S); position 0 alone when None.

    Returns:
        Float tensor [B, H], or [B, T, H] with `first_positions`, values in (-1, 1).

    Attributes:
        dense: `kernel` [H, H], `bias` [H].

    Raises:
        ValueError: An argument has a wrong rank, dtype or (in an eager call) value.
    """

    def __init__(self, initializer_range=0.02, **kwargs):
        super().__init__(**kwargs)
        self.initializer_range = initializer_range

    def build(self, sequence_output_shape, first_positions_shape=None):
        """Create the dense layer."""
        hidden_size = sequence_output_shape[-1]
        self.dense = keras.layers.Dense(
            hidden_size,
            activation="tanh",
            kernel_initializer=truncated_normal(self.initializer_range),
            dtype=self.dtype_policy,
            name="dense",
        )
        self.dense.build((None, hidden_size))

    def call(self, sequence_output, first_positions=None):
        """Pool [B, S, H] to [B, H], or to [B, T, H] at positions [B, T]."""
        check_rank("sequence_output", sequence_output.shape, 3)
        if first_positions is None:
            return self.dense(sequence_output[:, 0, :])
        return self.dense(take_positions(sequence_output, "first_positions", first_positions))

    def compute_output_shape(self, sequence_output_shape, first_positions_shape=None):
        """Return [B, H] for [B, S, H], [B, T, H] with positions [B, T]."""
        check_rank("sequence_output", sequence_output_shape, 3)
        batch, _, hidden_size = sequence_output_shape
        texts = () if first_positions_shape is None else first_positions_shape[1:]
        return (batch, *texts, hidden_size)

    def get_config(self):
        """Return the constructor's arguments."""
        return super().get_config() | {"initializer_range": self.initializer_range}


class _MaskedPooler(keras.layers.Layer):
    """What the poolers without weights share: a mask, and zeros for empty rows."""

    def call(self, sequence_output, input_mask=None):
        """Pool [B, S, H] to [B, H] over the tokens whose mask is not 0."""
        check_rank("sequence_output", sequence_output.shape, 3)
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        vectors = ops.cast(sequence_output, dtype)  # [B, S, H]
        if input_mask is None:
            pooled = self._pool(vectors)
        else:
            check_same_shape(
                {"sequence_output": sequence_output.shape[:2], "input_mask": input_mask.shape}
            )
            pooled = self._pool_masked(vectors, ops.expand_dims(ops.cast(input_mask, "bool"), -1))
        return ops.cast(pooled, self.compute_dtype)  # [B, H]

    def compute_output_shape(self, sequence_output_shape, input_mask_shape=None):
        """Return [B, H] for [B, S, H]."""
        check_rank("sequence_output", sequence_output_shape, 3)
        batch, _, hidden_size = sequence_output_shape
        return (batch, hidden_size)


@keras.saving.register_keras_serializable(package="keras_bert")
class MeanPooler(_MaskedPooler):
    """The mean of the tokens that the mask keeps; zeros where it keeps none.

    Args:
        **kwargs: Of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        sequence_output: Float tensor [B, S, H].
        input_mask: Boolean or integer tensor [B, S], 0 at padding; all tokens when None.

    Returns:
        Float tensor [B, H], summed in float32.
    """

    def _pool(self, vectors):
        return ops.mean(vectors, axis=1)

    def _pool_masked(self, vectors, mask):
        weights = ops.cast(mask, vectors.dtype)  # [B, S, 1]
        total = ops.sum(vectors * weights, axis=1)  # [B, H]
        return total / ops.maximum(ops.sum(weights, axis=1), 1.0)


@keras.saving.register_keras_serializable(package="keras_bert")
class MaxPooler(_MaskedPooler):
    """The maximum of each feature over the tokens that the mask keeps; zeros where none.

    Args:
        **kwargs: Of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        sequence_output: Float tensor [B, S, H].
        input_mask: Boolean or integer tensor [B, S], 0 at padding; all tokens when None.

    Returns:
        Float tensor [B, H].
    """

    def _pool(self, vectors):
        return ops.max(vectors, axis=1, initial=_LOWEST)

    def _pool_masked(self, vectors, mask):
        highest = self._pool(ops.where(mask, vectors, _LOWEST))  # [B, H]
        return ops.where(ops.any(mask, axis=1), highest, ops.zeros_like(highest))
