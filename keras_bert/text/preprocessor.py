"""`BertPreprocessor`: texts or pairs of texts to the three tensors of BERT."""

from typing import Any

import keras
import tensorflow as tf

from keras_bert.text.inputs import as_segments, is_pair
from keras_bert.text.layer import TextLayer
from keras_bert.text.packing import PADDINGS, TRUNCATIONS, SpecialIds, pack
from keras_bert.text.tokenizer import BertTokenizer

_NAMES = ("input_word_ids", "input_mask", "input_type_ids")


@keras.saving.register_keras_serializable(package="keras_bert")
class BertPreprocessor(TextLayer):
    """Tokenizes, truncates, adds `[CLS]` and `[SEP]`, and pads.

    Args:
        tokenizer: a `BertTokenizer`.
        sequence_length: tokens of a row, special ones included; longer texts are cut.
        truncation: `"round_robin"` or `"longest_first"`; with up to two segments both
            keep the same tokens (see `packing.truncate`).
        padding: `"fixed"` to `sequence_length`, or `"longest"` to the longest row.

    Call arguments:
        inputs: batch of texts [B], or a tuple or list of two such batches for pairs.
            A list of two plain strings is a batch of two texts.

    Returns:
        dict of `input_word_ids`, `input_mask` (1 at tokens, 0 at padding) and
        `input_type_ids` (0 for the first segment, 1 for the second), int32 [B, S].

    Raises:
        ValueError: for unknown settings, for a `sequence_length` without room for a
            token of each segment, for what is not texts, and for unequal pairs.

    Example:
        >>> tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world"]
        >>> preprocessor = BertPreprocessor(BertTokenizer(tokens), sequence_length=6)
        >>> preprocessor((["Hello"], ["world"]))["input_word_ids"].numpy().tolist()
        [[2, 5, 3, 6, 3, 0]]
    """

    def __init__(
        self,
        tokenizer: BertTokenizer,
        sequence_length: int = 128,
        truncation: str = "round_robin",
        padding: str = "fixed",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not isinstance(tokenizer, BertTokenizer):
            raise ValueError(f"expected tokenizer as BertTokenizer; received {tokenizer!r:.60}")
        if truncation not in TRUNCATIONS:
            raise ValueError(f"expected truncation of {TRUNCATIONS}; received {truncation!r}")
        if padding not in PADDINGS:
            raise ValueError(f"expected padding of {PADDINGS}; received {padding!r}")
        self.tokenizer = tokenizer
        self.sequence_length = int(sequence_length)
        self.truncation = truncation
        self.padding = padding
        self._check_room(segments=1)
        length = self.sequence_length
        self._graph = tokenizer.kept((length, padding), lambda: _Graph(tokenizer, length, padding))

    @classmethod
    def from_preset(
        cls, preset: str, sequence_length: int = 128, **kwargs: Any
    ) -> "BertPreprocessor":
        """Makes the preprocessor of a registered preset or of a checkpoint folder.

        Args:
            preset: as for `BertTokenizer.from_preset`.
            sequence_length: tokens of a row, special ones included.
            **kwargs: further arguments of the constructor.
        """
        return cls(BertTokenizer.from_preset(preset), sequence_length, **kwargs)

    def prepare(self, inputs: Any) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        """Returns texts as a string tensor, [B], pairs as two."""
        segments = as_segments(inputs)
        self._check_room(len(segments))
        return segments if len(segments) > 1 else segments[0]

    def call(self, inputs: tf.Tensor | tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Turns texts, [B], or a pair of them into the dict of three, int32 [B, S]."""
        segments = inputs if isinstance(inputs, tuple | list) else (inputs,)
        return self._graph.functions[len(segments)](*segments)

    def compute_output_spec(self, inputs: Any) -> dict[str, keras.KerasTensor]:
        """Describes the three tensors that a functional model will get."""
        pair = is_pair(inputs)
        self._check_room(segments=2 if pair else 1)
        batch = (inputs[0] if pair else inputs).shape[0]
        width = self.sequence_length if self.padding == "fixed" else None
        return {name: keras.KerasTensor((batch, width), dtype="int32") for name in _NAMES}

    def get_config(self) -> dict[str, Any]:
        """Returns the configuration, the tokenizer's included."""
        return {
            **super().get_config(),
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "sequence_length": self.sequence_length,
            "truncation": self.truncation,
            "padding": self.padding,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "BertPreprocessor":
        """Makes the layer again from `get_config`."""
        tokenizer = config["tokenizer"]
        if isinstance(tokenizer, dict):
            tokenizer = keras.saving.deserialize_keras_object(tokenizer)
        return cls(**{**config, "tokenizer": tokenizer})

    def _check_room(self, segments: int) -> None:
        special = 1 + segments
        if self.sequence_length < special + segments:
            raise ValueError(
                f"expected sequence_length of at least {special + segments} for {segments} "
                f"segment{'s' * (segments > 1)} and {special} special tokens; "
                f"received {self.sequence_length}"
            )


class _Graph:
    """The traced functions, for one segment and for two, which Keras need not track."""

    def __init__(self, tokenizer: BertTokenizer, sequence_length: int, padding: str):
        special = SpecialIds(tokenizer.cls_id, tokenizer.sep_id, tokenizer.pad_id)

        def tokenize_and_pack(*segments: tf.Tensor) -> dict[str, tf.Tensor]:
            with tf.device("CPU:0"):
                tokens = tuple(tokenizer(texts) for texts in segments)  # [B, (pieces)] each
                return pack(tokens, sequence_length, special, padding)

        texts = tf.TensorSpec([None], tf.string)
        self.functions = {
            number: tf.function(tokenize_and_pack, [texts] * number, autograph=False)
            for number in (1, 2)
        }
