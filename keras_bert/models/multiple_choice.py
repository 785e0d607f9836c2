"""Multiple choice: which of K texts goes with a context.

The head of transformers' `BertForMultipleChoice` (`classifier.weight` [1, H]): each choice
is scored beside its context, and a softmax goes over the choices.

Source: Devlin et al. 2019, section 4.4, https://arxiv.org/abs/1810.04805

Shapes: N records, B records of a batch, K choices, S positions.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.data.batches import FeatureBatches
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.choice_records import (
    ChoiceLabels,
    ChoicePipeline,
    as_choices,
    choice_rows,
)
from keras_bert.models.predicted_batches import predict_batches
from keras_bert.models.sequence_task import SequenceTask, stored_settings
from keras_bert.models.serving import Forward, signature_on_features
from keras_bert.models.text_inputs import is_raw_text, with_padding
from keras_bert.text.answers import ChoiceAnswers, as_numpy
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.choice_losses import ChoiceAccuracy, ChoiceLoss

ARCHITECTURE = "BertForMultipleChoice"


@keras.saving.register_keras_serializable(package="keras_bert")
class BertMultipleChoice(SequenceTask):
    """A context and K texts in, the fitting one out.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`.
        question: records are `(contexts, questions, choices)`, a question standing before
            each choice, and not `(contexts, choices)`.
        **kwargs: `pooling` ("first", "mean" or "max"), `dropout` (None means the
            backbone's) and `name`.

    K is the same for all records of a call; it may differ between calls. The model itself
    maps the dict of three int32 [B * K, S] tensors, the rows of a record one after
    another, to float32 logits [B * K], which the loss takes as [B, K].

    `fit(x, y)` takes y as the numbers of the right choices, from 0, or as their texts.
    `predict(x)` gives `choice` int32 [N], `label` (the chosen text) [N], `score` float32
    [N] and `probabilities` float32 [N, K].

    Raises:
        ValueError: an unknown `pooling`.

    Examples:
        >>> task = BertMultipleChoice.from_preset("all-minilm-l6-v2")
        >>> task.fit((["It rained."], [["She got wet.", "She got rich."]]), [0])
    """

    embeds = False
    packed_outputs = None  # a record's choices are compared: they would have to share a row

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        *,
        question: bool = False,
        **kwargs: Any,
    ) -> None:
        targets = ChoiceLabels()
        super().__init__(
            backbone,
            preprocessor,
            num_outputs=1,
            squeeze=True,
            targets=targets,
            answers=ChoiceAnswers(),
            **kwargs,
        )
        self.question = question
        self.pipeline = ChoicePipeline(preprocessor, targets, question)

    @property
    def serving_inputs(self) -> list[tf.TensorSpec]:
        """`context` [B], with a question `question` [B], and `choices` [B, K]."""
        names = ("context", "question") if self.question else ("context",)
        texts = [tf.TensorSpec([None], tf.string, name) for name in names]
        return [*texts, tf.TensorSpec([None, None], tf.string, "choices")]

    def answer_strings(
        self, forward: Forward, columns: Sequence[Any], padding: str = "longest"
    ) -> dict[str, tf.Tensor]:
        """Strings to answers; see `TaskExport`."""
        preprocess = with_padding(self.preprocessor, padding)
        return self.answers(forward(preprocess(choice_rows(columns))), columns[-1])

    def extra_signatures(self, forward: Forward, grouped: Forward, padding: str) -> dict[str, Any]:
        """`features`: the three int32 [B * K, S] → `logits` float32 [B * K]."""
        del grouped, padding
        return {"features": signature_on_features(self, forward, lambda logits: {})}

    def predict(self, x: Any, **kwargs: Any) -> dict[str, Any]:
        """Answers for records in memory, in their order.

        Args:
            x: as in `fit`, without labels.
            **kwargs: `batch_size` in records, and of `keras.Model.predict`.

        Returns:
            `choice`, `label`, `score` and `probabilities`; see the class.
        """
        logits = self.predict_logits(x, **kwargs)  # [N, K]
        choices = as_choices(x, self.question).choices
        texts = tf.constant(choices, tf.string, shape=None if choices else [0, 2])
        return as_numpy(self.answers(logits, texts))

    def predict_logits(self, x: Any, *, batch_size: int = 32, **kwargs: Any) -> np.ndarray:
        """Float32 logits [N, K] for records in memory, in their order.

        Raises:
            ValueError: something else than records in memory.
        """
        if not is_raw_text(x):
            raise ValueError(
                f"expected records in memory to choose for; received {type(x).__name__}"
            )
        records = as_choices(x, self.question)
        if not records.contexts:
            return np.zeros((0, 2), "float32")
        batches: FeatureBatches = self.batches(x, batch_size=batch_size)
        logits = batches.restore(predict_batches(self, batches, **kwargs))
        return np.asarray(logits, "float32").reshape(len(records.contexts), -1)

    def score(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """`accuracy` on labelled records."""
        choices = as_choices(x, self.question).choices
        right = self.targets.encode_among(y, choices)
        if not len(right):
            raise ValueError("expected at least one record to score; received none")
        return {"accuracy": float((self.predict(x, **kwargs)["choice"] == right).mean())}

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The head's arguments, and whether the checkpoint's own head fits them."""
        declared = checkpoint.metadata.get("architectures") or ()
        has_head = "classifier" in checkpoint.heads and ARCHITECTURE in declared
        return stored_settings(checkpoint, cls.__name__) | given, has_head

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        config = super().head_config() | {"question": self.question}
        del config["pairs"]
        return config

    def head_metadata(self) -> dict[str, Any]:
        """What goes into a checkpoint beside the arrays."""
        return super().head_metadata() | {"architectures": [ARCHITECTURE]}

    def default_loss(self) -> keras.losses.Loss:
        """Cross-entropy over the choices."""
        return ChoiceLoss()

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """Accuracy over records."""
        return [ChoiceAccuracy()]
