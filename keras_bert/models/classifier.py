"""Sequence classification: single-label, multi-label, one text or two.

Shapes: B rows, S positions, C classes.
"""

from collections.abc import Sequence
from typing import Any

import keras

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.config_facts import placeholders
from keras_bert.data.labels import LabelSet
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.reranking import RanksTexts
from keras_bert.models.sequence_task import (
    SequenceTask,
    has_sequence_head,
    is_regression,
    stored_settings,
)
from keras_bert.text.answers import ClassAnswers
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.metrics import classification_scores

_MULTI_LABEL = "multi_label_classification"


@keras.saving.register_keras_serializable(package="keras_bert")
class BertClassifier(RanksTexts, SequenceTask):
    """Texts in, class names with probabilities out.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`.
        labels: C class names.
        multi_label: a row carries any number of classes rather than one.
        **kwargs: `pairs` (a row is two texts), `pooling` ("first", "mean" or "max"),
            `dropout` (None means the backbone's) and `name`.

    The model itself maps the dict of three int32 [B, S] tensors to float32 logits [B, C].
    `predict` gives `label` [N], `score` [N] and `probabilities` [N, C]; multi-label adds
    `labels` [N, C], the chosen ones and then empty strings.

    Raises:
        ValueError: labels that are not distinct names, or an unknown `pooling`.

    Examples:
        >>> classifier = BertClassifier.from_preset("all-minilm-l6-v2", labels=["ham", "spam"])
        >>> classifier.fit(texts, labels, epochs=3)
        >>> classifier.predict(["Win a prize now!"])["label"]
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        labels: Sequence[str],
        *,
        multi_label: bool = False,
        **kwargs: Any,
    ) -> None:
        targets = LabelSet(labels, multi_label)
        answers = ClassAnswers(targets.names, multi_label)
        super().__init__(
            backbone, preprocessor, len(targets), targets=targets, answers=answers, **kwargs
        )
        self.labels = targets.names
        self.multi_label = multi_label

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The head's arguments, and whether the checkpoint's own head fits them."""
        has_head = has_sequence_head(checkpoint) and not is_regression(checkpoint)
        stored = stored_settings(checkpoint, cls.__name__)
        if checkpoint.metadata.get("problem_type") == _MULTI_LABEL:
            stored["multi_label"] = True
        settings = stored | given
        if settings.get("labels") is None:
            if not has_head:
                raise ValueError(
                    "expected labels=[…] for a new classifier; received none, and the "
                    "checkpoint has no classifier of its own"
                )
            named = checkpoint.labels or placeholders(len(checkpoint.arrays["output_bias"]))
            return settings | {"labels": named}, True
        labels = [str(label) for label in settings["labels"]]
        known = checkpoint.labels
        fits = has_head and len(labels) == len(checkpoint.arrays["output_bias"])
        return settings, fits and known in (None, labels)

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        return super().head_config() | {"multi_label": self.multi_label}

    def head_metadata(self) -> dict[str, Any]:
        """What goes into a checkpoint beside the arrays."""
        kind = _MULTI_LABEL if self.multi_label else "single_label_classification"
        return super().head_metadata() | {"problem_type": kind}

    def default_loss(self) -> keras.losses.Loss:
        """Cross-entropy on logits, binary for multi-label."""
        if self.multi_label:
            return keras.losses.BinaryCrossentropy(from_logits=True)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """Accuracy; for multi-label that of each decision at a probability of one half."""
        if self.multi_label:
            return [keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")]
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]

    def json_rows(self, columns: dict[str, Any]) -> list[dict[str, Any]]:
        """What `predict` gives, as one JSON-ready dict for each record.

        `probabilities` is a dict by class name; multi-label `labels` holds the chosen ones.
        """
        rows = super().json_rows(columns)
        for row in rows:
            row["probabilities"] = dict(zip(self.labels, row["probabilities"], strict=True))
            if self.multi_label:
                row["labels"] = [label for label in row["labels"] if label]
        return rows

    def score(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """Scores on labelled records: see `keras_bert.training.metrics`."""
        truth = self.targets.encode(y)
        answers = self.predict(x, **kwargs)
        if self.multi_label:
            chosen = answers["probabilities"] >= self.answers.threshold
            return classification_scores(truth.astype(int), chosen.astype(int))
        names = [self.labels[number] for number in truth]
        positive = self.labels[1] if len(self.labels) == 2 else None
        return classification_scores(names, answers["label"].tolist(), positive)

    def relevance(self, answers: dict[str, Any], label: str | None) -> Any:
        """The probability [N] of one class: `label`, or the second of two."""
        names = self.labels
        if (label is None and len(names) != 2) or (label is not None and label not in names):
            raise ValueError(
                f"expected label= of {names[:20]}, whose probability ranks; received {label!r}"
            )
        return answers["probabilities"][:, names.index(label or names[1])]

    def get_config(self) -> dict[str, Any]:
        """Adds the class names to what every task has."""
        return super().get_config() | {"labels": self.labels}

    def card(self) -> dict[str, Any]:
        """Adds the class names, in the order of the probabilities."""
        return super().card() | {"labels": self.labels, "multi_label": self.multi_label}
