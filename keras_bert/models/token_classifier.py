"""Token classification: entities in texts of any length, such as names of persons.

The head of Devlin et al. (2019), section 5.3: dropout and one projection on each word piece.
Hugging Face's `BertForTokenClassification` holds it as `classifier.weight` and `.bias`.

Shapes: N records, W windows of them, S positions, C tags.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.data.features import IGNORED
from keras_bert.data.span_labels import check_spans, token_classes
from keras_bert.data.tag_set import TagSet
from keras_bert.data.tagging_schemes import Span
from keras_bert.data.word_texts import is_words
from keras_bert.layers.initializers import truncated_normal
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.entity_rows import entity_rows, entity_spans
from keras_bert.models.packed_fit import FitsPackedRows
from keras_bert.models.sequence_task import stored_settings
from keras_bert.models.window_task import WindowTask
from keras_bert.models.word_records import (
    WordPipeline,
    decoded,
    join_sentences,
    spans_of_tags,
    tags_of_spans,
)
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tagging import EntityAnswers
from keras_bert.text.windows import SlidingWindows, Windows
from keras_bert.text.word_heads import (
    firsts_of_words,
    pieces_of,
    shares_of_words,
    word_heads,
    word_starts,
    words_of,
)
from keras_bert.training.entity_scores import span_report
from keras_bert.training.token_losses import TokenAccuracy, TokenCrossentropy

_ARCHITECTURE = "BertForTokenClassification"


@keras.saving.register_keras_serializable(package="keras_bert")
class BertTokenClassifier(FitsPackedRows, WindowTask):
    """Texts or words in, entities with types, scores and offsets out.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`; longer texts are read in windows of its length.
        labels: C tags, `O` among them, in any scheme of `data.tagging_schemes`; or the names
            of the types of entities, for IOB2 tags.
        stride: word pieces between the starts of neighbouring windows; None is half of
            `sequence_length`.
        decoding: "viterbi" (the most probable well-formed tags) or "argmax" (the most
            probable tag of each token; ill-formed ones begin entities). A checkpoint of
            others, which may have learned IOB1, is decoded by "argmax" unless told.
        label_all_tokens: learn every token of a word, each with a part of its weight; or else
            the first one alone, which suits data that is only ever asked word by word.
        separator: joins words to texts; None is a space, and nothing between CJK
            characters.
        dropout: before the projection; None means the backbone's `hidden_dropout_prob`.
        **kwargs: `name`.

    The model itself maps the dict of three int32 [B, S] tensors to float32 logits [B, S, C].
    `fit`, `evaluate` and `score` take N lists of words with N lists of tags, in any scheme;
    or N texts with N lists of `{"start", "end", "type"}`, offsets in characters. `predict`
    takes either, and gives padded columns: see `keras_bert.text.tagging.EntityAnswers`.

    Raises:
        ValueError: labels that are not tags, a stride below 1, or an unknown decoding.

    Examples:
        >>> tagger = BertTokenClassifier.from_preset("all-minilm-l6-v2", labels=["PER", "LOC"])
        >>> tagger.fit([["Ada", "met", "Bo"]], [["B-PER", "O", "B-PER"]])
        >>> tagger.answer(["Ada met Bo in Paris."])[0]["entities"]
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        labels: Sequence[str],
        *,
        stride: int | None = None,
        decoding: str = "viterbi",
        label_all_tokens: bool = True,
        separator: str | None = None,
        dropout: float | None = None,
        **kwargs: Any,
    ) -> None:
        tags = TagSet(labels)
        config = backbone.config

        # === Layers ===
        rate = config.hidden_dropout_prob if dropout is None else dropout
        head_dropout = keras.layers.Dropout(rate, name="head_dropout")
        head = keras.layers.Dense(
            len(tags),
            kernel_initializer=truncated_normal(config.initializer_range),
            dtype="float32",
            name="head",
        )

        # === Functional Model ===
        encoded = backbone(backbone.input)["sequence_output"]  # [W, S, H]
        outputs = head(head_dropout(encoded))  # [W, S, C]

        # === Config ===
        self.tags, self.stride, self.separator = tags, stride, separator
        self.labels, self.decoding, self.dropout = tags.labels, decoding, dropout
        self.label_all_tokens = label_all_tokens
        super().__init__(
            backbone,
            preprocessor,
            outputs,
            targets=tags,
            answers=EntityAnswers(
                preprocessor.tokenizer.vocabulary,
                [tag.type for tag in tags.parsed],
                [tag.begins for tag in tags.parsed],
                [tag.ends for tag in tags.parsed],
                tags.allowed(),
                decoding,
            ),
            windows=self._make_windows(preprocessor, stride),
            token_labels=True,
            **kwargs,
        )
        self.head, self.head_dropout = head, head_dropout

    def packed_outputs(self, inputs: dict[str, Any], tokens: Any) -> tuple[Any, dict[str, Any]]:
        """The head on the word pieces of packed rows: logits [B, S, C], and its inputs."""
        del inputs["first_positions"]
        return self.head(self.head_dropout(tokens)), inputs

    def _make_windows(self, preprocessor: BertPreprocessor, stride: int | None) -> Any:
        length = preprocessor.sequence_length
        stride = max(1, length // 2) if stride is None else stride
        return SlidingWindows(preprocessor.tokenizer, length, stride)

    def make_pipeline(self, *columns: Any, **settings: Any) -> WordPipeline:
        """A pipeline that joins words first."""
        return WordPipeline(self.joined, *columns, **settings)

    def joined(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        """Words with tags as texts with entities; texts as they are."""
        if not is_words(x):
            return x, y
        texts = join_sentences(x, self.separator)
        spans = None if y is None else spans_of_tags(texts, y)
        return [text.text for text in texts], spans

    def sentences(self, x: Any) -> Any:
        """The texts or lists of words among what `predict` takes."""
        return x

    # === Labels ===

    def encode_labels(self, y: Any, columns: tuple[list, ...]) -> list[list[Span]]:
        """As `checked_entities`, of types that the task can learn.

        Raises:
            ValueError: as `checked_entities`, or a type that is none of the task's.
        """
        spans = self.checked_entities(y, columns)
        for row, own in enumerate(spans):
            for span in own:
                self.tags.type_number(span.type, row)
        return spans

    def checked_entities(self, y: Any, columns: tuple[list, ...]) -> list[list[Span]]:
        """The entities of each text, of any types: see `check_spans`.

        Raises:
            ValueError: another number of texts, or what `check_spans` refuses.
        """
        if len(y) != len(columns[0]):
            raise ValueError(
                "expected entities for each text; received "
                f"{len(columns[0])} texts and entities for {len(y)}"
            )
        pairs = zip(y, columns[0], strict=True)
        return [check_spans(entities, text, row) for row, (entities, text) in enumerate(pairs)]

    def label_windows(self, windows: Windows, labels: list[list[Span]]) -> np.ndarray:
        """Classes int32 [W, S] of the pieces that begin a token, each in its best window."""
        tokens = pieces_of(windows, self.answers.heads(windows))
        rows, starts, limits = (
            column.numpy() for column in (tokens.rows, tokens.char_starts, tokens.char_limits)
        )
        classes = np.full(windows.pieces.shape, IGNORED, np.int32)
        classes.flat[tokens.logits.numpy()] = token_classes(self.tags, labels, rows, starts, limits)
        return classes

    def weigh_windows(self, windows: Windows, texts: Sequence[Any]) -> np.ndarray:
        """The tokens of a word share its weight of 1, or its first one has it; float32 [W, S].

        An address or a `#tag` of many tokens counts as much as any other word then.
        """
        tokens = pieces_of(windows, self.answers.heads(windows))
        word = words_of(tokens, [word_starts(decoded(text)) for text in texts])
        weights = np.zeros(windows.pieces.shape, np.float32)
        share = shares_of_words if self.label_all_tokens else firsts_of_words
        weights.flat[tokens.logits.numpy()] = share(word)
        return weights

    # === Answers ===

    def predict(self, x: Any, *, batch_size: int = 32, verbose: Any = 0) -> dict[str, Any]:
        """Entities of texts or of words, in their order; see `WindowTask.predict`.

        Entities of words are whole words, each classified by its first word piece; their
        offsets count in the words joined to a text.
        """
        if not is_words(self.sentences(x)):
            return super().predict(x, batch_size=batch_size, verbose=verbose)
        starts = iter([text.starts for text in self._texts(x)])

        def answer(forward: Any, columns: Sequence[tf.Tensor]) -> dict[str, tf.Tensor]:
            windows = self.windows(*columns)
            heads = word_heads(windows, list(itertools.islice(starts, len(columns[0]))))
            return self.answers(forward(windows.features), windows, heads)

        columns = self.columns_of(self.joined(x)[0])
        return self.predict_columns(columns, answer, batch_size=batch_size, verbose=verbose)

    def predict_tags(self, x: Any, *, scheme: str = "IOB2", **kwargs: Any) -> list[list[str]]:
        """The tags of N lists of words; arguments as in `predict`.

        Raises:
            ValueError: records that are not words, or an unknown scheme.
        """
        return self._tags(x, self.predict(x, **kwargs), scheme)

    def _tags(self, x: Any, columns: dict[str, Any], scheme: str) -> list[list[str]]:
        found = zip(self._texts(x), entity_spans(columns), strict=True)
        return [tags_of_spans(text, spans, scheme) for text, spans in found]

    def answer(self, x: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """As `predict`, one JSON-ready dict for each record.

        `text`, and `entities`: a list of dicts of `text`, `type`, `score`, `start`, `end`
        (characters) and `byte_start`, `byte_end`. For words also `words` and their `tags`.
        """
        columns = self.predict(x, **kwargs)
        texts = self.columns_of(self.joined(x)[0])[0]
        rows: list[dict[str, Any]] = [
            {"text": decoded(text), "entities": entities}
            for text, entities in zip(texts, entity_rows(columns), strict=True)
        ]
        if is_words(self.sentences(x)):
            tags = self._tags(x, columns, "IOB2")
            for row, words, own in zip(rows, self.sentences(x), tags, strict=True):
                row |= {"words": list(words), "tags": own}
        return rows

    def score(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """Precision, recall and F1 of entities: see `keras_bert.training.entity_scores`.

        Args:
            x: N lists of words, or N texts.
            y: tags or entities of each, as for `fit`.
            **kwargs: of `predict`.
        """
        found = entity_spans(self.predict(x, **kwargs))
        x, truth = self.joined(x, y)
        truth = self.checked_entities(truth, self.columns_of(x))
        return span_report(truth, found).figures()

    def _texts(self, x: Any) -> list:
        return join_sentences(self.sentences(x), self.separator)

    # === Checkpoints ===

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The head's arguments, and whether the checkpoint's own head fits them."""
        own = checkpoint.metadata.get("class_name") == cls.__name__
        theirs = _ARCHITECTURE in (checkpoint.metadata.get("architectures") or ())
        has_head = "classifier" in checkpoint.heads and (own or theirs)
        settings = stored_settings(checkpoint, cls.__name__)
        settings |= {"decoding": "argmax"} if theirs and not own else {}
        settings |= {name: value for name, value in given.items() if value is not None}
        known = checkpoint.labels if has_head else None
        if settings.setdefault("labels", known) is None:
            raise ValueError(
                "expected labels=[…], tags or types of entities, for a new token classifier; "
                "received none, and the checkpoint has no tags of its own"
            )
        tags = TagSet(settings["labels"]).labels
        fits = has_head and len(tags) == len(checkpoint.arrays["output_bias"])
        return settings, fits and known in (None, tags)

    def head_variables(self) -> dict[str, keras.Variable]:
        """The head by its names in checkpoints."""
        return {"output_weights": self.head.kernel, "output_bias": self.head.bias}

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        names = ("stride", "decoding", "label_all_tokens", "separator", "dropout")
        return {name: getattr(self, name) for name in names}

    def head_metadata(self) -> dict[str, Any]:
        """What goes into a checkpoint beside the arrays."""
        return super().head_metadata() | {"architectures": [_ARCHITECTURE]}

    def get_config(self) -> dict[str, Any]:
        """Adds the tags to what every task has."""
        return super().get_config() | {"labels": self.labels}

    def card(self) -> dict[str, Any]:
        """Adds the tags, in the order of the logits."""
        return super().card() | {"labels": self.labels}

    def default_loss(self) -> keras.losses.Loss:
        """Cross-entropy of the labelled word pieces."""
        return TokenCrossentropy()

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """Accuracy of the labelled word pieces."""
        return [TokenAccuracy()]
