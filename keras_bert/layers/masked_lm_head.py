"""The masked language model's head: which word stood at a masked position?

    logits = LayerNorm(act(W·x + b)) · Eᵀ + c

with E the encoder's own word embedding table, so the head has no second table.

Source: Devlin et al. 2018, section 3.1, https://arxiv.org/abs/1810.04805; tied
tables, Press and Wolf 2017, https://arxiv.org/abs/1608.05859

Shapes: B batch, S sequence length, P masked positions, H hidden size, V vocabulary.
"""

import keras
from keras import ops

from keras_bert.layers.activations import get_activation
from keras_bert.layers.checks import check_rank
from keras_bert.layers.gather_positions import take_positions
from keras_bert.layers.initializers import truncated_normal
from keras_bert.layers.normalization import Float32LayerNormalization


@keras.saving.register_keras_serializable(package="keras_bert")
class MaskedLMHead(keras.layers.Layer):
    """Logits over the vocabulary at chosen positions, tied to an embedding table.

    The tie survives `.keras` files, which store the table once. It does not survive
    `clone_model` of a hand-made functional model, which copies layers one by one:
    give the clone's head the clone's embeddings instead.

    Args:
        embeddings: What holds the table E: a `BertBackbone`, a `BertEmbeddings`, or a
            `keras.layers.Embedding`. Give the outermost one that is a layer of your
            model, so that a reloaded model finds the same one.
        hidden_act: Activation by its configuration name: `gelu` (erf), `gelu_new`, ….
        layer_norm_eps: Constant added to the variance.
        initializer_range: Standard deviation of the truncated normal initialiser.
        **kwargs: Of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        sequence_output: Float tensor [B, S, H].
        masked_lm_positions: Integer tensor [B, P], values in [0, S); these positions
            are gathered first. All S positions when None. In a compiled call a
            position outside of the sequence gives the logits of a zero vector.

    Returns:
        Logits [B, P, V] in float32 (float64 under a float64 policy).

    Attributes:
        word_embeddings: The `keras.layers.Embedding` with the table [V, H].
        transform_dense: `kernel` [H, H], `bias` [H].
        transform_layer_norm: `gamma` and `beta` [H].
        output_bias: Variable c [V].

    Raises:
        ValueError: `embeddings` holds no table, its width is not H, or an argument has
            a wrong rank, dtype or (in an eager call) value.
    """

    def __init__(
        self,
        embeddings,
        hidden_act="gelu",
        layer_norm_eps=1e-12,
        initializer_range=0.02,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # Behind a function, where Keras does not make the whole encoder a part of the head.
        self._source = lambda: embeddings
        self.word_embeddings = _table_of(embeddings)
        self.hidden_act = hidden_act
        self.layer_norm_eps = layer_norm_eps
        self.initializer_range = initializer_range
        self.activation = get_activation(hidden_act)

    def build(self, sequence_output_shape, masked_lm_positions_shape=None):
        """Create the transform and the bias for inputs [B, S, H]."""
        hidden_size = sequence_output_shape[-1]
        if hidden_size != self.word_embeddings.output_dim:
            raise ValueError(
                "expected sequence_output as wide as the embedding table, "
                f"{self.word_embeddings.output_dim}; received {hidden_size}"
            )
        self.word_embeddings.build()
        self.transform_dense = keras.layers.Dense(
            hidden_size,
            kernel_initializer=truncated_normal(self.initializer_range),
            dtype=self.dtype_policy,
            name="transform_dense",
        )
        self.transform_dense.build((None, None, hidden_size))
        self.transform_layer_norm = Float32LayerNormalization(
            self.layer_norm_eps, dtype=self.dtype_policy, name="transform_layer_norm"
        )
        self.transform_layer_norm.build((None, None, hidden_size))
        self.output_bias = self.add_weight(
            (self.word_embeddings.input_dim,), "zeros", autocast=False, name="output_bias"
        )

    def call(self, sequence_output, masked_lm_positions=None):
        """Return logits at positions [B, P] of [B, S, H]."""
        vectors = self.transformed(sequence_output, masked_lm_positions)  # [B, P, H]
        logits = ops.einsum("bph,vh->bpv", vectors, self.table())
        return ops.cast(logits, self._logits_dtype) + ops.cast(self.output_bias, self._logits_dtype)

    def transformed(self, sequence_output, masked_lm_positions=None):
        """Return what is compared with the table: [B, P, H] of the compute dtype."""
        check_rank("sequence_output", sequence_output.shape, 3)
        vectors = sequence_output
        if masked_lm_positions is not None:
            name = "masked_lm_positions"
            vectors = take_positions(sequence_output, name, masked_lm_positions)  # [B, P, H]
        vectors = self.activation(self.transform_dense(vectors))
        return ops.cast(self.transform_layer_norm(vectors), self.compute_dtype)

    def table(self):
        """Return the table E, [V, H] of the compute dtype."""
        return ops.cast(self.word_embeddings.embeddings, self.compute_dtype)

    @property
    def _logits_dtype(self):
        return keras.backend.result_type(self.compute_dtype, "float32")

    def compute_output_spec(self, sequence_output, masked_lm_positions=None):
        """Return the spec of [B, P, V]."""
        check_rank("sequence_output", sequence_output.shape, 3)
        batch, length, _ = sequence_output.shape
        if masked_lm_positions is not None:
            length = masked_lm_positions.shape[1]
        shape = (batch, length, self.word_embeddings.input_dim)
        return keras.KerasTensor(shape, dtype=self._logits_dtype)

    def get_config(self):
        """Return the constructor's arguments; `embeddings` as a shared Keras object."""
        return super().get_config() | {
            "embeddings": keras.saving.serialize_keras_object(self._source()),
            "hidden_act": self.hidden_act,
            "layer_norm_eps": self.layer_norm_eps,
            "initializer_range": self.initializer_range,
        }

    @classmethod
    def from_config(cls, config):
        """Make a head from what `get_config` returned."""
        embeddings = keras.saving.deserialize_keras_object(config["embeddings"])
        return cls(**config | {"embeddings": embeddings})


def _table_of(source):
    """Return the `keras.layers.Embedding` for words within `source`."""
    if isinstance(source, keras.Model):
        source = getattr(source, "embeddings", source)
    table = getattr(source, "word_embeddings", source)
    if not isinstance(table, keras.layers.Embedding):
        raise ValueError(
            "expected embeddings to be a BertBackbone, a BertEmbeddings or a "
            f"keras.layers.Embedding; received {type(source).__name__}"
        )
    return table
