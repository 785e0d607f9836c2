"""Semantic role labelling: who did what to whom, for a predicate that is given.

`BertTokenClassifier` on sentences in which the predicate is marked by segment type 1.

Source: Shi & Lin 2019, arXiv:1904.05255; roles as spans with BIO tags, He et al. 2017.
Shapes: N records.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.data.tagging_schemes import Span
from keras_bert.data.word_texts import is_words
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.entity_rows import entity_spans
from keras_bert.models.text_inputs import as_texts
from keras_bert.models.token_classifier import BertTokenClassifier
from keras_bert.models.word_records import decoded, join_sentences, spans_of_tags
from keras_bert.text.predicate_windows import PredicateWindows
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.entity_scores import span_report

PREDICATE = "V"  # the type of the predicate's own tags in PropBank's data


@keras.saving.register_keras_serializable(package="keras_bert")
class BertRoleLabeler(BertTokenClassifier):
    """Sentences with a predicate in, its arguments out.

    Args:
        backbone: a `BertBackbone` with two segment types at least.
        preprocessor: a `BertPreprocessor`.
        labels: C tags, or the names of roles; the predicate itself may have type "V".
        **kwargs: of `BertTokenClassifier`.

    Records are a pair `(sentences, predicates)`: N lists of words with the index of each
    one's predicate, or N texts with its `(start, end)` in characters. A sentence with two
    predicates is two records. Everything else is as in `BertTokenClassifier`; answers call
    the roles entities. A text longer than a window is labelled where the predicate is in
    the window. The model maps the dict of three int32 [B, S] tensors to float32 logits
    [B, S, C]. `serving_default` takes `text` string [B], `predicate_start` and
    `predicate_end` int32 [B], in characters.

    Raises:
        ValueError: a backbone with one segment type, or what `BertTokenClassifier` refuses.

    Examples:
        >>> labeler = BertRoleLabeler.from_preset("all-minilm-l6-v2", labels=["ARG0", "ARG1"])
        >>> labeler.fit(([["Ada", "met", "Bo"]], [1]), [["B-ARG0", "O", "B-ARG1"]])
        >>> labeler.answer((["Ada met Bo."], [(4, 7)]))[0]["entities"]
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        labels: Sequence[str],
        **kwargs: Any,
    ) -> None:
        if backbone.config.type_vocab_size < 2:
            raise ValueError(
                "expected a backbone with type_vocab_size of at least 2, to mark the predicate; "
                f"received {backbone.config.type_vocab_size}"
            )
        super().__init__(backbone, preprocessor, labels, **kwargs)

    def _make_windows(self, preprocessor: BertPreprocessor, stride: int | None) -> Any:
        return PredicateWindows(super()._make_windows(preprocessor, stride))

    @property
    def serving_inputs(self) -> list[tf.TensorSpec]:
        """`text`, and where its predicate stands, in characters."""
        offsets = [
            tf.TensorSpec([None], tf.int32, name) for name in ("predicate_start", "predicate_end")
        ]
        return [tf.TensorSpec([None], tf.string, "text"), *offsets]

    def sentences(self, x: Any) -> Any:
        """The texts or lists of words among what `predict` takes."""
        return _parts(x)[0]

    def joined(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        """Words with the predicate's index and tags as texts with its offsets and roles."""
        if isinstance(x, dict | keras.utils.PyDataset | tf.data.Dataset):
            return x, y
        sentences, predicates = _parts(x)
        if not is_words(sentences):
            return x, y
        texts = join_sentences(sentences, self.separator)
        spans = None if y is None else spans_of_tags(texts, y)
        pairs = []
        for row, (text, index) in enumerate(zip(texts, predicates, strict=True)):
            if not isinstance(index, int | np.integer) or not 0 <= index < len(text.starts):
                raise ValueError(
                    "expected the index of a predicate among the "
                    f"{len(text.starts)} words of row {row}; received {index!r}"
                )
            pairs.append((text.starts[index], text.limits[index]))
        return ([text.text for text in texts], pairs), spans

    def columns_of(self, x: Any) -> tuple[list, ...]:
        """Checks N records: texts, and where their predicates begin and end."""
        texts, predicates = _parts(x)
        texts = as_texts(texts, pairs=False)[0]
        for row, (text, predicate) in enumerate(zip(texts, predicates, strict=True)):
            start, end = _offsets(predicate, row)
            if not 0 <= start < end <= len(decoded(text)):
                raise ValueError(
                    f"expected a predicate within the {len(decoded(text))} characters of row "
                    f"{row}; received {(start, end)}"
                )
        starts, ends = ([int(pair[i]) for pair in predicates] for i in (0, 1))
        return texts, starts, ends

    def answer(self, x: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """As `BertTokenClassifier.answer`, with the `predicate`: its text, start and end."""
        rows = super().answer(x, **kwargs)
        _, starts, ends = self.columns_of(self.joined(x)[0])
        for row, start, end in zip(rows, starts, ends, strict=True):
            row["predicate"] = {"text": row["text"][start:end], "start": start, "end": end}
        return rows

    def score(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """Precision, recall and F1 of arguments; the predicate itself ("V") does not count.

        Source: Carreras & Màrquez 2005 (CoNLL-2005), which leaves it out too.
        """
        found = entity_spans(self.predict(x, **kwargs))
        x, truth = self.joined(x, y)
        truth = self.checked_entities(truth, self.columns_of(x))
        return span_report(*(map(_arguments, side) for side in (truth, found))).figures()


def _arguments(spans: list[Span]) -> list[Span]:
    return [span for span in spans if span.type != PREDICATE]


def _parts(x: Any) -> tuple[Any, list]:
    """Sentences and predicates, as many of the one as of the other."""
    if not isinstance(x, tuple | list) or len(x) != 2 or isinstance(x[1], str):
        raise ValueError(
            "expected records as (sentences, predicates), two collections; "
            f"received {type(x).__name__}: {x!r:.60}"
        )
    sentences, predicates = x[0], list(x[1])
    if len(sentences) != len(predicates):
        raise ValueError(
            "expected a predicate for each sentence; "
            f"received {len(sentences)} sentences and {len(predicates)} predicates"
        )
    return sentences, predicates


def _offsets(predicate: Any, row: int) -> tuple[int, int]:
    pair = tuple(predicate) if isinstance(predicate, tuple | list) else ()
    if len(pair) == 2 and all(isinstance(offset, int | np.integer) for offset in pair):
        return int(pair[0]), int(pair[1])
    raise ValueError(
        f"expected a predicate as (start, end) in characters in row {row}; received {predicate!r}"
    )
