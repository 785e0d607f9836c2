"""Extractive question answering: a question and a passage in, words of the passage out.

Shapes: N questions, B of a chunk, W windows, S positions, H hidden size, T answers given.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.data.answer_spans import as_answers, located_first
from keras_bert.layers.initializers import truncated_normal
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.span_labels import label_spans
from keras_bert.models.window_task import WindowTask
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.spans import SpanAnswers
from keras_bert.text.windows import SlidingWindows, Windows
from keras_bert.training.chinese_answers import character_f1, character_match
from keras_bert.training.span_loss import SpanAccuracy, SpanLoss
from keras_bert.training.squad_metrics import exact_match, squad2_scores, squad_scores, word_f1

_PADDING = -1e9  # the logit of padding: a probability of 0 in float32


@keras.saving.register_keras_serializable(package="keras_bert")
class BertQuestionAnswerer(WindowTask):
    """Questions and passages in, answers with their places out.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`; its `sequence_length` is that of a window.
        squad_v2: whether a passage may hold no answer.
        stride: word pieces from one window of a passage to the next; None means a third of
            the sequence length (Google: 128 of 384).
        max_query_length: word pieces of a question that are kept.
        max_answer_length: word pieces of an answer at most.
        n_best_size: starts, ends and answers that compete; see `SpanAnswers`.
        top_k: T, how many answers of the n-best list are given.
        null_threshold: see `SpanAnswers` and `tune_threshold`.
        chinese: score by characters (CMRC 2018) rather than by words (SQuAD).
        **kwargs: `name`.

    The model itself maps the dict of three int32 [W, S] tensors to float32 logits
    [W, S, 2] of start and end. `predict((questions, passages))` gives what `SpanAnswers`
    gives, over N: `answer` [N] with score and offsets, `answers` [N, T]; an export gives
    the same over [B] and [B, T].

    Raises:
        ValueError: sizes that do not fit: of the windows (see `SlidingWindows`) or of the
            n-best list (see `SpanAnswers`).

    Examples:
        >>> answerer = BertQuestionAnswerer.from_preset("all-minilm-l6-v2", sequence_length=384)
        >>> answerer.fit((questions, passages), [{"text": ["Lyon"], "answer_start": [17]}, ...])
        >>> answerer.predict((["Where?"], ["They left Paris for Lyon."]))["answer"]
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        *,
        squad_v2: bool = False,
        stride: int | None = None,
        max_query_length: int = 64,
        max_answer_length: int = 30,
        n_best_size: int = 20,
        top_k: int = 3,
        null_threshold: float = 0.0,
        chinese: bool = False,
        **kwargs: Any,
    ) -> None:
        length = preprocessor.sequence_length
        spans = SpanAnswers(n_best_size, max_answer_length, top_k, squad_v2, null_threshold)
        windows = SlidingWindows(
            preprocessor.tokenizer,
            length,
            max(1, length // 3) if stride is None else stride,
            max_query_length,
        )

        # === Layers ===
        head = keras.layers.Dense(
            2,
            kernel_initializer=truncated_normal(backbone.config.initializer_range),
            dtype="float32",
            name="head",
        )

        # === Functional Model ===
        encoded = backbone(backbone.input)
        logits = head(encoded["sequence_output"])  # [W, S, 2]
        mask = keras.ops.expand_dims(backbone.input["input_mask"], -1)  # [W, S, 1]
        outputs = keras.ops.where(keras.ops.equal(mask, 0), _PADDING, logits)
        super().__init__(
            backbone,
            preprocessor,
            outputs,
            targets=None,
            answers=spans,
            windows=windows,
            pairs=True,
            **kwargs,
        )

        # === Config ===
        self.head = head
        self.spans = spans
        self.stride = stride
        self.chinese = bool(chinese)

    @property
    def serving_inputs(self) -> list[tf.TensorSpec]:
        """`question` and `context`, string [B] each."""
        return [tf.TensorSpec([None], tf.string, name) for name in ("question", "context")]

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The head's arguments, and whether the checkpoint has such a head."""
        own = checkpoint.metadata.get("class_name") == cls.__name__
        stored = dict(checkpoint.metadata.get("task") or {}) if own else {}
        return stored | given, "squad" in checkpoint.heads

    def head_variables(self) -> dict[str, keras.Variable]:
        """The head by its names in checkpoints."""
        return {
            "cls/squad/output_weights": self.head.kernel,
            "cls/squad/output_bias": self.head.bias,
        }

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        spans = self.spans
        return {
            "squad_v2": spans.squad_v2,
            "stride": self.stride,
            "max_query_length": self.windows.max_prefix_length,
            "max_answer_length": spans.max_answer_length,
            "n_best_size": spans.n_best_size,
            "top_k": spans.top_k,
            "null_threshold": spans.null_threshold,
            "chinese": self.chinese,
        }

    def card(self) -> dict[str, Any]:
        """Adds what limits and decides the answers."""
        return super().card() | self.head_config() | {"stride": self.windows.stride}

    def default_loss(self) -> keras.losses.Loss:
        """Mean cross-entropy of start and end."""
        return SpanLoss()

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """Windows of which start and end are both right."""
        return [SpanAccuracy()]

    def encode_labels(self, y: Any, columns: tuple[list, ...]) -> list:
        """Start and limit of each answer in characters, or None; see `located_first`."""
        if len(y) != len(columns[1]):
            raise ValueError(
                f"expected answers for each question; received {len(columns[1])} questions "
                f"and {len(y)} answers"
            )
        return [
            located_first(value, _text(passage), f"number {row}")
            for row, (value, passage) in enumerate(zip(y, columns[1], strict=True))
        ]

    def label_windows(self, windows: Windows, labels: list) -> np.ndarray:
        """Positions of first and last piece, int32 [W, 2]; see `label_spans`."""
        return label_spans(windows, labels)

    def answer(self, x: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """As `predict`, one JSON-ready dict for each question.

        `answers` is a list of up to T dicts of `text`, `score` and the four offsets.
        """
        columns = {name: column.tolist() for name, column in self.predict(x, **kwargs).items()}
        lists = {name[:-1]: columns.pop(name) for name in list(columns) if name.endswith("s")}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        for row, several in zip(rows, zip(*lists.values(), strict=True), strict=True):
            each = [dict(zip(lists, one, strict=True)) for one in zip(*several, strict=True)]
            row["answers"] = [{"text": one.pop("answer")} | one for one in each if one["answer"]]
        return rows

    def score(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """Exact match and F1 by SQuAD's rules (1.1, 2.0 with `squad_v2`), or CMRC's.

        Args:
            x: questions and passages.
            y: N answers, in any of the forms of `as_answers`; the right ones need not
                stand in the passage.
            **kwargs: of `predict`.
        """
        return self._scores(self.predict(x, **kwargs), _right(y))

    def _scores(self, found: dict[str, np.ndarray], right: list[list[str]]) -> dict[str, float]:
        exact, f1 = (character_match, character_f1) if self.chinese else (exact_match, word_f1)
        if not self.spans.squad_v2:
            return squad_scores(found["answer"].tolist(), right, exact, f1)
        # The best answers, whether refused or not: the threshold decides in the scorer.
        guesses, nulls = found["answers"][:, 0].tolist(), found["null_score_difference"]
        return squad2_scores(guesses, right, nulls, self.spans.null_threshold, exact, f1)

    def tune_threshold(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """Sets the threshold of no answer to that of the best F1 on held-out questions.

        Presets and exports keep it.

        Args:
            x: questions and passages.
            y: N answers, some of them none.
            **kwargs: of `predict`.

        Returns:
            The scores with the new threshold.

        Raises:
            ValueError: the task was made without `squad_v2`.
        """
        if not self.spans.squad_v2:
            raise ValueError("expected a task with squad_v2=True; received one without")
        found, right = self.predict(x, **kwargs), _right(y)
        best = self._scores(found, right)["best_f1_thresh"]
        # That to refuse all is best has no threshold there.
        refuse_all = float(found["null_score_difference"].min()) - 1
        scores = {}
        for threshold in (best, refuse_all):
            self.spans.null_threshold = threshold
            scores[threshold] = self._scores(found, right)
        self.spans.null_threshold = max(scores, key=lambda threshold: scores[threshold]["f1"])
        return scores[self.spans.null_threshold]


def _right(y: Any) -> list[list[str]]:
    return [as_answers(value, f"number {row}").texts for row, value in enumerate(y)]


def _text(passage: str | bytes) -> str:
    return passage.decode("utf-8", "ignore") if isinstance(passage, bytes) else passage
