"""How a sentence encoder learns: records of several texts through one tower.

Shapes: N records.
"""

from typing import Any

import keras

from keras_bert.data.batches import FeatureBatches
from keras_bert.models.embedding_records import check_records, text_columns
from keras_bert.models.text_inputs import is_raw_text
from keras_bert.training.embedding_losses import CosineScoreLoss, InBatchNegativesLoss


class LearnsEmbeddings:
    """`fit` and `evaluate` of `BertSentenceEncoder`; stands before `Task` among the bases.

    Attributes:
        objective: the loss that `compile_for` takes where none is given; None means
            `InBatchNegativesLoss`.
    """

    objective: keras.losses.Loss | None = None

    def fit(
        self, x: Any = None, y: Any = None, *, batch_size: int = 32, epochs: int = 1, **kwargs: Any
    ) -> keras.callbacks.History:
        """Trains on records of several texts.

        Args:
            x: a tuple of 2 or more collections of N texts each (anchors, positives, hard
                negatives, …); or a `tf.data.Dataset` of `((anchor, positive, …),)` or
                `((first, second), label)`.
            y: what the compiled loss takes (see `keras_bert.training.embedding_losses`):
                N scores or N zeros and ones; for in-batch negatives none, or whole numbers
                that are equal where records are alike.
            batch_size: records a step; each is also a negative of the others there.
            epochs: passes over the data.
            **kwargs: as in `Task.fit`.

        Returns:
            Keras's `History`. An uncompiled encoder is compiled with `compile_for`'s
            defaults: for `InBatchNegativesLoss`, or with `y` for `CosineScoreLoss`.

        Raises:
            ValueError: records that the loss does not suit.
        """
        if is_raw_text(x):
            columns = text_columns(x)
            if not self.compiled:
                loss = CosineScoreLoss() if y is not None and not self.objective else None
                loss = loss or self.default_loss()
                self.compile_for(len(columns[0]), epochs=epochs, batch_size=batch_size, loss=loss)
            check_records(self.loss, columns, y)
        held_out = kwargs.get("validation_data")
        if isinstance(held_out, tuple) and is_raw_text(held_out[0]):
            check_records(self.loss, text_columns(held_out[0]), [*held_out, None][1])
        return super().fit(x, y, batch_size=batch_size, epochs=epochs, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """The compiled loss and metrics on records as `fit` takes them."""
        if is_raw_text(x):
            check_records(getattr(self, "loss", None), text_columns(x), y)
        return super().evaluate(x, y, **kwargs)

    def batches(self, x: Any, y: Any = None, *args: Any, **options: Any) -> FeatureBatches:
        """As `Task.batches`, with records that the loss suits."""
        if is_raw_text(x):
            loss = getattr(self, "loss", None) if self.compiled else self.default_loss()
            check_records(loss, text_columns(x), y)
        return super().batches(x, y, *args, **options)

    def default_loss(self) -> keras.losses.Loss:
        """The `objective`, or else in-batch negatives."""
        return self.objective or InBatchNegativesLoss()

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """None: `score` gives what depends on whole data sets."""
        return []
