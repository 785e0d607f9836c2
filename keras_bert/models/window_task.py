"""Tasks whose records may be longer than the model: read in windows, answered as one.

    strings ──► SlidingWindows ──► model, window by window ──► answers, record by record

Shapes: N records, B records of a chunk, W windows of them, S positions, C outputs.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import PackedFeatures
from keras_bert.models.predicted_batches import iterate_outputs
from keras_bert.models.record_pipeline import BatchOptions
from keras_bert.models.serving import Forward, signature_on_features
from keras_bert.models.task import Task
from keras_bert.models.text_inputs import as_texts
from keras_bert.models.window_inputs import WindowPipeline, chunks_of
from keras_bert.text.answer_chunks import join_chunks
from keras_bert.text.answers import as_numpy
from keras_bert.text.windows import SlidingWindows, Windows


class WindowTask(Task):
    """Base of tasks on windows.

    A subclass gives `answers`, called with `(logits, windows)`, float [W, S, C] and
    `Windows`, for dense tensors with the B records as first dimension; and the methods
    `encode_labels(y, columns)` and `label_windows(windows, labels)` of its pipeline (see
    `WindowPipeline`).

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`, whose tokenizer and length the windows share.
        outputs: symbolic logits [W, S, C].
        windows: cuts the columns that `serving_inputs` names.
        token_labels: whether labels are one a word piece, [W, S].
        **kwargs: of `Task`.
    """

    embeds = False

    def __init__(
        self,
        backbone: Any,
        preprocessor: Any,
        outputs: Any,
        *,
        windows: SlidingWindows,
        token_labels: bool = False,
        **kwargs: Any,
    ) -> None:
        # No loss reaches the pooler: as a trainable one it would only decay.
        backbone.pooler.trainable = False
        super().__init__(backbone, preprocessor, outputs, **kwargs)
        self.windows = windows
        self.pipeline = self.make_pipeline(
            windows,
            self.serving_inputs,
            columns_of=self.columns_of,
            encode=self.encode_labels,
            label=self.label_windows,
            weigh=self.weigh_windows if token_labels else None,
        )

    def make_pipeline(self, *columns: Any, **settings: Any) -> WindowPipeline:
        """Makes what turns raw records into labelled windows; arguments of `WindowPipeline`."""
        return WindowPipeline(*columns, **settings)

    def weigh_windows(self, windows: Windows, texts: Sequence[Any]) -> np.ndarray:
        """How much the label of each word piece counts, float32 [W, S]: as much as any."""
        del texts
        return np.ones(windows.pieces.shape, np.float32)

    def columns_of(self, x: Any) -> tuple[list, ...]:
        """Checks N records in memory: one list for each of `serving_inputs`."""
        return as_texts(x, pairs=len(self.serving_inputs) == 2)

    def answer_strings(
        self, forward: Forward, columns: Sequence[Any], padding: str = "longest"
    ) -> dict[str, tf.Tensor]:
        """Strings to answers; see `TaskExport`."""
        windows = self.windows.padded(padding)(*columns)
        return self.answers(forward(windows.features), windows)

    def extra_signatures(self, forward: Forward, grouped: Forward, padding: str) -> dict[str, Any]:
        """`features`: the three int32 [W, S] → `logits` float32 [W, S, C]."""
        del grouped, padding
        return {"features": signature_on_features(self, forward, lambda logits: {})}

    def predict(self, x: Any, *, batch_size: int = 32, verbose: Any = 0) -> dict[str, Any]:
        """Answers for raw records, in their order.

        Args:
            x: N records; see the task.
            batch_size: windows a step.
            verbose: 0 for no progress bar, anything else for one.

        Returns:
            What `self.answers` gives, as NumPy arrays over N; strings are `str`. Lists of
            unlike length end in "", -1 or 0.
        """
        answer = self.answer_strings
        return self.predict_columns(
            self.columns_of(x), answer, batch_size=batch_size, verbose=verbose
        )

    def predict_columns(
        self,
        columns: tuple[list, ...],
        answer: Callable[[Forward, Sequence[Any]], dict[str, tf.Tensor]],
        *,
        batch_size: int,
        verbose: Any,
    ) -> dict[str, Any]:
        """As `predict`, for checked records: chunk after chunk, in order.

        Args:
            columns: what `columns_of` gives.
            answer: as `answer_strings`, called with `(forward, columns of the chunk)`.
            batch_size: windows a step.
            verbose: as in `predict`.
        """
        bar = keras.utils.Progbar(len(columns[0]), unit_name="record", verbose=int(bool(verbose)))
        forward = lambda features: self.logits_of(features, batch_size)  # noqa: E731
        chunks, done = [], 0
        for tensors in chunks_of(columns, self.serving_inputs):
            chunks.append(as_numpy(answer(forward, tensors)))
            done += len(tensors[0])
            bar.update(done)
        return join_chunks(chunks)

    def logits_of(self, features: dict[str, tf.Tensor], batch_size: int) -> tf.Tensor:
        """Float32 logits [W, S, C] of padded windows, computed in batches of like length."""
        packed = PackedFeatures.from_padded(features, self.preprocessor.tokenizer.pad_id)
        logits = np.zeros((*features["input_word_ids"].shape, *self.output_shape[2:]), "float32")
        if not len(packed):
            return tf.constant(logits)
        options = BatchOptions(batch_size, few_lengths=self.compiles_each_length())
        batches = FeatureBatches(packed, **options.of_length(self.windows.sequence_length))
        outputs_of = iterate_outputs(self, batches)
        for rows, outputs in zip(batches.rows_of_batches, outputs_of, strict=True):
            width = min(outputs.shape[1], logits.shape[1])
            logits[rows, :width] = outputs[:, :width]
        return tf.constant(logits)
