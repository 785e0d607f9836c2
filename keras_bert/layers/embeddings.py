"""Token vectors: word + position + segment type, normalised.

Source: Devlin et al. 2018, section 3, figure 2, https://arxiv.org/abs/1810.04805

Shapes: B batch, S sequence length, H hidden size, V vocabulary, P positions, T types.
"""

import keras
from keras import ops

from keras_bert.layers.checks import check_ids, check_rank, check_same_shape
from keras_bert.layers.dropout import ReplayableDropout
from keras_bert.layers.initializers import truncated_normal
from keras_bert.layers.normalization import Float32LayerNormalization


@keras.saving.register_keras_serializable(package="keras_bert")
class BertEmbeddings(keras.layers.Layer):
    """Sum of word, position and type embeddings, then layer norm and dropout.

    Args:
        vocab_size: Number V of word ids.
        hidden_size: Width H of the vectors.
        max_position_embeddings: Longest sequence P.
        type_vocab_size: Number T of segment types.
        hidden_dropout_prob: Dropout rate of the output.
        layer_norm_eps: Constant added to the variance.
        initializer_range: Standard deviation of the truncated normal initialiser.
        **kwargs: Of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        input_word_ids: Integer tensor [B, S], values in [0, V).
        input_type_ids: Integer tensor [B, S], values in [0, T); zeros when None.
        position_ids: Integer tensor [B, S], values in [0, P); 0, 1, … when None.
        training: Whether dropout acts.

    Returns:
        Float tensor [B, S, H] of the compute dtype.

    Attributes:
        word_embeddings: `keras.layers.Embedding`, table [V, H].
        position_embeddings: `keras.layers.Embedding`, table [P, H].
        token_type_embeddings: `keras.layers.Embedding`, table [T, H].
        layer_norm: `Float32LayerNormalization`, `gamma` and `beta` [H].

    Raises:
        ValueError: Ids of a wrong rank or dtype, a sequence longer than P, or ids
            outside their table where values are known, that is in eager calls.

    In a compiled call values are not known. Ids beyond a table then raise
    `InvalidArgumentError` on TensorFlow on a CPU, take the last row under XLA, and give
    NaN on JAX; ids from -V to -1 count from the table's end. A sequence that only turns
    out to be too long when it runs raises `InvalidArgumentError`.
    """

    def __init__(
        self,
        vocab_size,
        hidden_size,
        max_position_embeddings=512,
        type_vocab_size=2,
        hidden_dropout_prob=0.1,
        layer_norm_eps=1e-12,
        initializer_range=0.02,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.max_position_embeddings = max_position_embeddings
        self.type_vocab_size = type_vocab_size
        self.hidden_dropout_prob = hidden_dropout_prob
        self.layer_norm_eps = layer_norm_eps
        self.initializer_range = initializer_range

        self.word_embeddings = self._table(vocab_size, "word_embeddings")
        self.position_embeddings = self._table(max_position_embeddings, "position_embeddings")
        self.token_type_embeddings = self._table(type_vocab_size, "token_type_embeddings")
        self.layer_norm = Float32LayerNormalization(
            layer_norm_eps, dtype=self.dtype_policy, name="layer_norm"
        )
        self.dropout = ReplayableDropout(
            hidden_dropout_prob, dtype=self.dtype_policy, name="dropout"
        )

    def _table(self, rows, name):
        return keras.layers.Embedding(
            rows,
            self.hidden_size,
            embeddings_initializer=truncated_normal(self.initializer_range),
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, input_word_ids_shape, input_type_ids_shape=None, position_ids_shape=None):
        """Create the tables and the normalisation weights."""
        self.word_embeddings.build()
        self.position_embeddings.build()
        self.token_type_embeddings.build()
        self.layer_norm.build((*input_word_ids_shape, self.hidden_size))

    def call(self, input_word_ids, input_type_ids=None, position_ids=None, training=False):
        """Embed ids [B, S] as vectors [B, S, H]."""
        self._check(input_word_ids, input_type_ids, position_ids)
        words = self.word_embeddings(input_word_ids)  # [B, S, H]
        positions = self._positions(input_word_ids, position_ids)  # [1 or B, S, H]
        if input_type_ids is None:
            types = self._rows(self.token_type_embeddings, 1)  # [1, H]
        else:
            types = self.token_type_embeddings(input_type_ids)  # [B, S, H]
        # In the order of Google's and Hugging Face's sums, to round as they do.
        summed = words + types + positions  # [B, S, H]
        normalised = ops.cast(self.layer_norm(summed), self.compute_dtype)
        return self.dropout(normalised, training=training)  # [B, S, H]

    def _check(self, input_word_ids, input_type_ids, position_ids):
        check_rank("input_word_ids", input_word_ids.shape, 2)
        length = input_word_ids.shape[1]
        if position_ids is None and length is not None and length > self.max_position_embeddings:
            raise ValueError(
                f"expected a sequence of at most {self.max_position_embeddings} tokens "
                f"(max_position_embeddings); received {length}"
            )
        check_ids("input_word_ids", input_word_ids, self.vocab_size)
        if input_type_ids is not None:
            check_same_shape(
                {"input_word_ids": input_word_ids.shape, "input_type_ids": input_type_ids.shape}
            )
            check_ids("input_type_ids", input_type_ids, self.type_vocab_size)
        if position_ids is not None:
            check_ids("position_ids", position_ids, self.max_position_embeddings)

    def _positions(self, input_word_ids, position_ids):
        if position_ids is not None:
            return self.position_embeddings(position_ids)  # [B, S, H]
        rows = self._rows(self.position_embeddings, ops.shape(input_word_ids)[1])  # [S, H]
        return ops.expand_dims(rows, 0)  # [1, S, H]

    def _rows(self, table, count):
        return ops.cast(table.embeddings[:count], self.compute_dtype)  # [count, H]

    def compute_output_shape(
        self, input_word_ids_shape, input_type_ids_shape=None, position_ids_shape=None
    ):
        """Return [B, S, H] for ids [B, S]."""
        return (*input_word_ids_shape, self.hidden_size)

    def compute_output_spec(
        self, input_word_ids, input_type_ids=None, position_ids=None, training=False
    ):
        """Check what is known of symbolic ids, and return the spec of [B, S, H]."""
        self._check(input_word_ids, input_type_ids, position_ids)
        shape = self.compute_output_shape(input_word_ids.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the constructor's arguments."""
        return super().get_config() | {
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "max_position_embeddings": self.max_position_embeddings,
            "type_vocab_size": self.type_vocab_size,
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "layer_norm_eps": self.layer_norm_eps,
            "initializer_range": self.initializer_range,
        }
