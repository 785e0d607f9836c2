"""`BertTokenizer`: texts to word piece ids and back, as a Keras layer over TensorFlow ops."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import keras
import tensorflow as tf

from keras_bert.text.detokenizer import Detokenizer
from keras_bert.text.inputs import as_texts
from keras_bert.text.layer import TextLayer
from keras_bert.text.preset_settings import read_preset_settings
from keras_bert.text.special_tokens import SpecialTokenKeeper
from keras_bert.text.vocabulary import CLASSIFY, MASK, PAD, SEPARATE, UNKNOWN, Vocabulary
from keras_bert.text.wordpiece import Pieces, WordPiece


class TokensWithOffsets(NamedTuple):
    """Ragged tensors [B, (pieces)]: `ids` int32; offsets into the original text, int64.

    Bytes count in the text's UTF-8 form, characters as indices of a Python `str`;
    limits are exclusive.
    """

    ids: tf.RaggedTensor
    byte_starts: tf.RaggedTensor
    byte_limits: tf.RaggedTensor
    char_starts: tf.RaggedTensor
    char_limits: tf.RaggedTensor


@keras.saving.register_keras_serializable(package="keras_bert")
class BertTokenizer(TextLayer):
    """Splits texts into word pieces exactly as Google's BERT does.

    Equal to `FullTokenizer` of google-research/bert `tokenization.py` on any input:
    invalid UTF-8 (left out), control characters, accents, CJK, very long words. Special
    tokens written in a text, such as `[MASK]`, are split like any other text, unless
    `keep_special_tokens` asks for what transformers does.

    The same TensorFlow ops run eagerly, in `tf.data`, in `tf.function`, in a functional
    model and in a SavedModel. Under another Keras backend the layer still runs on
    TensorFlow tensors.

    Args:
        vocabulary: path of a `vocab.txt`, the tokens themselves, or a `Vocabulary`.
        lowercase: lower-case and strip accents, as the uncased models need.
        max_characters_per_word: words of more characters become `[UNK]`.
        keep_special_tokens: `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]`, written so
            in a text, become their own ids; the texts between them are tokenized alone.

    Call arguments:
        texts: batch of texts, [B]: list of str or bytes, numpy array, string tensor.

    Returns:
        `tf.RaggedTensor` [B, (pieces)] of int32 ids, with int64 row splits.

    Raises:
        ValueError: for a faulty vocabulary, and for what is not a batch of texts.

    Example:
        >>> tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##able", "!"]
        >>> tokenizer = BertTokenizer(tokens)
        >>> tokenizer(["Unable!", ""]).to_list()
        [[5, 6, 7], []]
        >>> tokenizer.detokenize([[5, 6, 7]]).numpy().tolist()
        [b'unable !']
    """

    def __init__(
        self,
        vocabulary: Vocabulary | str | Iterable[str],
        lowercase: bool = True,
        max_characters_per_word: int = 200,
        keep_special_tokens: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if max_characters_per_word < 1:
            raise ValueError(
                "expected max_characters_per_word of at least 1; "
                f"received {max_characters_per_word}"
            )
        self.vocabulary = Vocabulary.of(vocabulary)
        self.lowercase = bool(lowercase)
        self.max_characters_per_word = int(max_characters_per_word)
        self.keep_special_tokens = bool(keep_special_tokens)
        self._graph = _graph_of(self)

    @classmethod
    def from_preset(cls, preset: str, **kwargs: Any) -> "BertTokenizer":
        """Makes the tokenizer of a registered preset or of a checkpoint folder.

        Args:
            preset: registered name, or folder with `vocab.txt` and, if the checkpoint
                came with them, its tokenizer settings.
            **kwargs: arguments of the constructor, which override the folder's.

        Raises:
            ValueError: for a folder without vocabulary, or with tokenizer settings
                that this tokenizer does not implement.
        """
        settings = read_preset_settings(preset)
        return cls(**{**settings, **kwargs})

    def prepare(self, inputs: Any) -> tf.Tensor:
        """Returns texts as a string tensor, [B]."""
        return as_texts(inputs)

    def call(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Tokenizes texts, [B], to ragged ids, [B, (pieces)]."""
        ids, splits = self._graph.tokenize(inputs)
        return tf.RaggedTensor.from_row_splits(ids, splits, validate=False)

    def tokenize_with_offsets(self, texts: Any) -> TokensWithOffsets:
        """Tokenizes texts, [B], and says where in the original text each piece stands.

        An accent that is stripped belongs to the piece before it, and `[UNK]` covers its
        whole word, so that cutting the text at the offsets gives what a reader expects.
        """
        ids, splits, *offsets = self._graph.tokenize_with_offsets(as_texts(texts))
        return TokensWithOffsets(
            *(
                tf.RaggedTensor.from_row_splits(column, splits, validate=False)
                for column in (ids, *offsets)
            )
        )

    def detokenize(self, ids: Any, skip_special_tokens: bool = True) -> tf.Tensor:
        """Joins word pieces to texts: `##` pieces to the one before, others after a space.

        Args:
            ids: int [B, S], ragged or dense, or [S] for a single text.
            skip_special_tokens: leave out `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`.

        Returns:
            string [B], or a scalar for a single text.

        Raises:
            ValueError: for ids of other ranks or dtypes.
            tf.errors.InvalidArgumentError: for ids beyond the vocabulary.
        """
        return self._graph.detokenizer(ids, skip_special_tokens)

    def kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` once made for `key`, for this tokenizer or one that does the same.

        Functions around a tokenizer are kept so, and are not traced for each layer anew.
        """
        if key not in self._graph.kept:
            self._graph.kept[key] = make()
        return self._graph.kept[key]

    def vocabulary_size(self) -> int:
        """Returns the number of word pieces."""
        return len(self.vocabulary)

    @property
    def pad_id(self) -> int:
        """Id of `[PAD]`."""
        return self.vocabulary.id_of(PAD)

    @property
    def unk_id(self) -> int:
        """Id of `[UNK]`."""
        return self.vocabulary.id_of(UNKNOWN)

    @property
    def cls_id(self) -> int:
        """Id of `[CLS]`."""
        return self.vocabulary.id_of(CLASSIFY)

    @property
    def sep_id(self) -> int:
        """Id of `[SEP]`."""
        return self.vocabulary.id_of(SEPARATE)

    @property
    def mask_id(self) -> int:
        """Id of `[MASK]`."""
        return self.vocabulary.id_of(MASK)

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Describes the ragged ids that a functional model will get."""
        return keras.KerasTensor((inputs.shape[0], None), dtype="int32", ragged=True)

    def get_config(self) -> dict[str, Any]:
        """Returns the configuration, with all tokens of the vocabulary."""
        return {
            **super().get_config(),
            "vocabulary": list(self.vocabulary),
            "lowercase": self.lowercase,
            "max_characters_per_word": self.max_characters_per_word,
            "keep_special_tokens": self.keep_special_tokens,
        }


# Tracing takes longer than tokenizing: tokenizers that do the same share what is traced.
_GRAPHS: WeakValueDictionary[tuple, "_Graph"] = WeakValueDictionary()


def _graph_of(tokenizer: BertTokenizer) -> "_Graph":
    """The graph of a tokenizer that does the same and is still there, or a new one."""
    with tf.init_scope():
        if not tf.executing_eagerly():  # its constants would be those of one tf.Graph
            return _Graph(tokenizer)
    settings = (
        tokenizer.vocabulary,
        tokenizer.lowercase,
        tokenizer.max_characters_per_word,
        tokenizer.keep_special_tokens,
    )
    graph = _GRAPHS.get(settings)
    if graph is None:
        graph = _GRAPHS[settings] = _Graph(tokenizer)
    return graph


class _Graph:
    """The traced functions and their constants, which Keras need not track."""

    def __init__(self, tokenizer: BertTokenizer):
        vocabulary = tokenizer.vocabulary
        wordpiece: WordPiece | SpecialTokenKeeper
        with tf.init_scope(), tf.device("CPU:0"):
            wordpiece = WordPiece(
                vocabulary, tokenizer.lowercase, tokenizer.max_characters_per_word
            )
            if tokenizer.keep_special_tokens:
                wordpiece = SpecialTokenKeeper(vocabulary, wordpiece)
            self.detokenizer = Detokenizer(vocabulary)
        signature = [tf.TensorSpec([None], tf.string)]

        @tf.function(input_signature=signature, autograph=False)
        def tokenize(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.device("CPU:0"):
                pieces = wordpiece.tokenize(texts)
            return pieces.ids, pieces.splits

        @tf.function(input_signature=signature, autograph=False)
        def tokenize_with_offsets(texts: tf.Tensor) -> Pieces:
            with tf.device("CPU:0"):
                return tuple(wordpiece.tokenize(texts, with_offsets=True))

        self.tokenize = tokenize
        self.tokenize_with_offsets = tokenize_with_offsets
        self.kept: dict[Hashable, Any] = {}
