"""Sequence regression: one number for a text or a pair, as in STS-B.

Shapes: B rows, S positions.
"""

from typing import Any

import keras

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.data.labels import Scores
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.reranking import RanksTexts
from keras_bert.models.sequence_task import (
    SequenceTask,
    has_sequence_head,
    is_regression,
    stored_settings,
)
from keras_bert.text.answers import ScoreAnswers
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.metrics import regression_scores


@keras.saving.register_keras_serializable(package="keras_bert")
class BertRegressor(RanksTexts, SequenceTask):
    """Texts in, one number each out, in the unit of the labels it was fitted on.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`.
        **kwargs: `pairs` (a row is two texts), `pooling` ("first", "mean" or "max"),
            `dropout` (None means the backbone's) and `name`.

    The model itself maps the dict of three int32 [B, S] tensors to float32 [B]; `predict`
    gives `score` [N].

    Raises:
        ValueError: an unknown `pooling`.

    Examples:
        >>> regressor = BertRegressor.from_preset("all-minilm-l6-v2", pairs=True)
        >>> regressor.fit((firsts, seconds), [4.5, 0.0, 2.25], epochs=3)
        >>> regressor.predict((["A cat sits."], ["A cat is sitting."]))["score"]
    """

    def __init__(
        self, backbone: BertBackbone, preprocessor: BertPreprocessor, **kwargs: Any
    ) -> None:
        super().__init__(
            backbone,
            preprocessor,
            num_outputs=1,
            squeeze=True,
            targets=Scores(),
            answers=ScoreAnswers(),
            **kwargs,
        )

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The head's arguments, and whether the checkpoint's own head fits them."""
        has_head = has_sequence_head(checkpoint) and is_regression(checkpoint)
        return stored_settings(checkpoint, cls.__name__) | given, has_head

    def head_metadata(self) -> dict[str, Any]:
        """What goes into a checkpoint beside the arrays."""
        return super().head_metadata() | {"problem_type": "regression"}

    def default_loss(self) -> keras.losses.Loss:
        """Mean squared error."""
        return keras.losses.MeanSquaredError()

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """Root mean squared error, in the unit of the labels."""
        return [keras.metrics.RootMeanSquaredError(name="rmse")]

    def score(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """Scores on labelled records: see `keras_bert.training.metrics`."""
        return regression_scores(self.targets.encode(y), self.predict(x, **kwargs)["score"])
