"""Raw texts on their way into pretraining: masked on the fly, or masked before.

Shapes: N rows in memory, B rows of a batch.
"""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_bert.data.labels import LabelSet
from keras_bert.data.masked_lm_batches import MaskedLMBatches
from keras_bert.data.masking import TokenMasker
from keras_bert.data.pretraining_targets import split_targets
from keras_bert.models.record_pipeline import BatchOptions
from keras_bert.models.text_inputs import as_texts, pack
from keras_bert.models.text_pipeline import TextPipeline
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer


def keeping_special_tokens(preprocessor: BertPreprocessor) -> BertPreprocessor:
    """The same preprocessor, for which `[MASK]` written in a text is one piece."""
    mine = preprocessor.tokenizer
    if mine.keep_special_tokens:
        return preprocessor
    tokenizer = BertTokenizer(
        mine.vocabulary, mine.lowercase, mine.max_characters_per_word, keep_special_tokens=True
    )
    return BertPreprocessor(
        tokenizer, preprocessor.sequence_length, preprocessor.truncation, preprocessor.padding
    )


def make_masker(
    preprocessor: BertPreprocessor,
    masked_lm_prob: float,
    max_predictions_per_seq: int | None,
    whole_word: bool,
    max_ngram: int,
) -> TokenMasker:
    """The masker of a task; `max_predictions_per_seq` None is the share of a whole row."""
    most = max_predictions_per_seq
    if most is None:
        most = max(1, round(preprocessor.sequence_length * masked_lm_prob))
    vocabulary = preprocessor.tokenizer.vocabulary
    return TokenMasker(vocabulary, masked_lm_prob, most, whole_word, max_ngram)


class PretrainingPipeline(TextPipeline):
    """As `TextPipeline`, with targets that masks make.

    Args:
        preprocessor: the task's.
        masker: draws the masks.
        next_sentence: encodes labels of pairs; None for masked words alone.
    """

    def __init__(
        self,
        preprocessor: BertPreprocessor,
        masker: TokenMasker,
        next_sentence: LabelSet | None = None,
    ) -> None:
        super().__init__(preprocessor, next_sentence, pairs=next_sentence is not None)
        self.masker = masker

    def as_given(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        """A dict of pretraining features split from its targets; all else as it is.

        Raises:
            ValueError: labels or weights beside such features, or features without targets.
        """
        if isinstance(x, Mapping) and "masked_lm_ids" in x:
            _refuse("labels beside features that hold them", y, sample_weight)
            return self._split(x)
        return x, y, sample_weight

    def in_memory(
        self, x: Any, y: Any, sample_weight: Any, options: BatchOptions
    ) -> MaskedLMBatches:
        """Texts, or pairs with N labels, as batches that are masked when they are asked for.

        With `shuffle` order and masks are new each epoch; without it the masks too are the
        same in every call.

        Raises:
            ValueError: labels or weights where there may be none or the reverse, or texts
                that `as_texts` refuses.
        """
        _refuse("weights beside texts, of which masked pieces have their own", sample_weight)
        if not self.pairs:
            _refuse("labels beside texts, whose masked pieces are the labels", y)
        packed = pack(self.preprocessor, as_texts(x, self.pairs))
        return MaskedLMBatches(
            packed,
            self.masker,
            self._split,
            self.encode(y, len(packed)),
            new_masks=options.shuffle,
            **options.of_length(self.preprocessor.sequence_length),
        )

    def encode(self, y: Any, rows: int) -> Any:
        """Labels of pairs as int32 [N], None for single texts.

        Raises:
            ValueError: not as many labels as pairs, or unseen ones.
        """
        if not self.pairs:
            return None
        if y is None or len(y) != rows:
            raise ValueError(
                f"expected a next-sentence label for each of {rows} pairs; received "
                f"{'none' if y is None else len(y)}"
            )
        return self.targets.encode(y)

    def _split(self, features: Mapping[str, Any]) -> tuple:
        return split_targets(features, next_sentence=self.pairs)

    def map(self, dataset: tf.data.Dataset, options: BatchOptions) -> tf.data.Dataset:
        """Masks inside a pipeline, anew in each pass over it.

        Args:
            dataset: elements `text`, for pairs `((first, second), label)`, batched or single
                records; or batches of pretraining features.
            options: `batch_size` batches single records; `seed` is that of the masks.

        Raises:
            ValueError: labels beside single texts, or pairs without.
        """
        spec = dataset.element_spec
        if isinstance(spec, Mapping):
            return dataset.map(self._split, num_parallel_calls=tf.data.AUTOTUNE)
        if isinstance(spec, tuple) and isinstance(spec[0], Mapping):
            return dataset  # what Keras itself takes
        parts = spec if isinstance(spec, tuple) else (spec,)
        if len(parts) != 1 + self.pairs or isinstance(parts[0], tuple) != self.pairs:
            wanted = "((first, second), label)" if self.pairs else "text"
            raise ValueError(f"expected elements {wanted} of the dataset; received {spec}")
        text = tf.nest.flatten(spec)[0]
        if text.shape.rank == 0:
            dataset = dataset.batch(options.batch_size)
        return self.mask_rows(dataset, options)

    def mask_rows(self, dataset: tf.data.Dataset, options: BatchOptions) -> tf.data.Dataset:
        """Masks batches of texts, or of features without masks, anew in each pass.

        Args:
            dataset: batches of texts as for `map`, or of dicts of features.
            options: `seed` is that of the masks.
        """
        keys = tf.data.Dataset.random(options.seed, rerandomize_each_iteration=True).batch(2)
        masked = tf.data.Dataset.zip(dataset, keys).map(
            self._mask, num_parallel_calls=tf.data.AUTOTUNE
        )
        return masked.prefetch(tf.data.AUTOTUNE)

    def _mask(self, element: Any, key: tf.Tensor) -> tuple:
        x, *labels = element if isinstance(element, tuple) else (element,)
        drawn = self.masker(x if isinstance(x, Mapping) else self.preprocessor(x), key)
        if labels:
            drawn["next_sentence_labels"] = self.targets.encode_tensor(labels[0])
        return self._split(drawn)


def _refuse(what: str, *values: Any) -> None:
    if any(value is not None for value in values):
        raise ValueError(f"expected no {what}; received some")
