"""The preprocessing module of TF Hub's text API: texts in, the encoder's inputs out.

Source: https://www.tensorflow.org/hub/common_saved_model_apis/text, "Preprocessing for
Transformer encoders"

Shapes: B texts; W words of a text; P pieces of a word; N pieces of all texts; V vocabulary.
"""

import pathlib
from typing import Any

import tensorflow as tf

from keras_bert.export.hub_module import HubCallable, save_module, traced
from keras_bert.text.packing import SpecialIds, pack
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import SUFFIX_INDICATOR

_SENTENCES = tf.TensorSpec([None], tf.string, "sentences")


class PreprocessModule(HubCallable):
    """What `hub.load` gives for the preprocessing.

    It is called with string [B] and returns `input_word_ids`, `input_mask` and
    `input_type_ids`, int32 [B, sequence_length] each.

    Args:
        preprocessor: says how texts are tokenized, cut and padded.

    Attributes:
        tokenize: string [B] → int32 [B, (W), (P)].
        tokenize_with_offsets: string [B] → the same, with int64 byte starts and limits.
        bert_pack_inputs: a list of one or two ragged int32 [B, (N)] or [B, (W), (P)], and
            `seq_length` → the dict of three.
    """

    def __init__(self, preprocessor: BertPreprocessor) -> None:
        length = preprocessor.sequence_length
        packed = _Pack(preprocessor)
        tokenize, tokenize_with_offsets = _tokenizers(preprocessor.tokenizer)
        super().__init__(
            traced(lambda texts, _: packed([preprocessor.tokenizer(texts)], length), _SENTENCES)
        )
        special_tokens = tf.train.Checkpoint()
        special_tokens.__call__ = _special_tokens(preprocessor.tokenizer)
        self.tokenize = HubCallable(traced(tokenize, _SENTENCES))
        self.tokenize_with_offsets = HubCallable(traced(tokenize_with_offsets, _SENTENCES))
        for tokenizer in (self.tokenize, self.tokenize_with_offsets):
            tokenizer.get_special_tokens_dict = special_tokens
        self.bert_pack_inputs = tf.train.Checkpoint()
        self.bert_pack_inputs.__call__ = _traced_pack(packed, length)

    def save(self, folder: pathlib.Path) -> None:
        """Writes the module."""
        save_module(self, folder, _SENTENCES, dict)


class _Pack:
    """Packs segments to any length."""

    def __init__(self, preprocessor: BertPreprocessor) -> None:
        tokenizer = preprocessor.tokenizer
        self._special = SpecialIds(tokenizer.cls_id, tokenizer.sep_id, tokenizer.pad_id)

    def __call__(
        self, segments: list[tf.RaggedTensor], sequence_length: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        least = 1 + len(segments)
        enough = tf.debugging.assert_greater_equal(
            sequence_length,
            least,
            f"expected seq_length of at least {least} for {len(segments)} segments",
        )
        with tf.control_dependencies([] if enough is None else [enough]):
            pieces = tuple(tf.identity(segment) for segment in map(_of_texts, segments))
        return pack(pieces, sequence_length, self._special)


def _of_texts(segment: tf.RaggedTensor) -> tf.RaggedTensor:
    """The pieces of each text, [B, (N)], whether or not they come by words."""
    return segment.merge_dims(1, 2) if segment.ragged_rank == 2 else segment


def _traced_pack(packed: _Pack, default_length: int) -> Any:
    @tf.function(autograph=False)
    def call(
        inputs: list[tf.RaggedTensor], seq_length: int | tf.Tensor = default_length
    ) -> dict[str, tf.Tensor]:
        return packed(list(inputs), seq_length)

    length = tf.TensorSpec([], tf.int32, "seq_length")
    for axes in (2, 3):
        segment = tf.RaggedTensorSpec([None] * axes, tf.int32)
        for number in (1, 2):
            call.get_concrete_function([segment] * number, seq_length=length)
    return call


def _tokenizers(tokenizer: BertTokenizer) -> tuple[Any, Any]:
    """The functions of texts, with pieces grouped by words."""
    with tf.init_scope():
        begins = [not piece.startswith(SUFFIX_INDICATOR) for piece in tokenizer.vocabulary]
        begins_word = tf.constant(begins)  # [V]

    def tokenize(texts: tf.Tensor, training: bool) -> tf.RaggedTensor:
        del training
        pieces = tokenizer(texts)
        return _by_words(pieces.values, pieces.row_splits, tf.gather(begins_word, pieces.values))

    def tokenize_with_offsets(texts: tf.Tensor, training: bool) -> list[tf.RaggedTensor]:
        del training
        found = tokenizer.tokenize_with_offsets(texts)
        begins = tf.gather(begins_word, found.ids.values)
        return [
            _by_words(column.values, found.ids.row_splits, begins)
            for column in (found.ids, found.byte_starts, found.byte_limits)
        ]

    return tokenize, tokenize_with_offsets


def _by_words(values: tf.Tensor, splits: tf.Tensor, begins: tf.Tensor) -> tf.RaggedTensor:
    """From [N] pieces, where texts are split and which pieces begin a word, to [B, (W), (P)].

    No piece but the first of a word is spelt without `##`, and a first one never with it:
    a `#` in a text is a word of its own.
    """
    words_before = tf.concat([[0], tf.cumsum(tf.cast(begins, tf.int64))], axis=0)  # [N + 1]
    word_splits = tf.concat([tf.where(begins)[:, 0], splits[-1:]], axis=0)
    words = tf.RaggedTensor.from_row_splits(values, word_splits, validate=False)
    return tf.RaggedTensor.from_row_splits(words, tf.gather(words_before, splits), validate=False)


def _special_tokens(tokenizer: BertTokenizer) -> Any:
    ids = {
        "vocab_size": tokenizer.vocabulary_size(),
        "padding_id": tokenizer.pad_id,
        "start_of_sequence_id": tokenizer.cls_id,
        "end_of_segment_id": tokenizer.sep_id,
        "mask_id": tokenizer.mask_id,
    }
    return tf.function(
        lambda: {name: tf.constant(number, tf.int32) for name, number in ids.items()},
        input_signature=[],
        autograph=False,
    )
