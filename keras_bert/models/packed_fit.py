"""Training on packed rows: `fit(…, packing=True)` of the tasks that can.

    texts ──► tokenised once ──► packed rows ──► the task's layers, several texts a row

Every step has one shape and next to no padding, and a text's loss is what it would be in a
row of its own.

Shapes: N texts, R rows.
"""

from typing import Any

import keras

# Modules and not their classes: importing one of them first imports this file by way of Keras.
import keras_bert.data.masked_lm_batches as masked_lm_batches
import keras_bert.data.packed_batches as packed
from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import TokenLabels
from keras_bert.data.labels import Scores
from keras_bert.data.packed_rows import PackedRows
from keras_bert.models.packed_model import MeanOverTexts, packed_model
from keras_bert.models.record_pipeline import BatchOptions
from keras_bert.training.optimizer import build_optimizer
from keras_bert.training.resume import fit_callbacks


class FitsPackedRows:
    """Gives a task `fit(…, packing=…)`; stands before `Task` among the bases.

    A task defines `packed_outputs(inputs, sequence_output)`, from the symbolic inputs of a
    packed encoder and its output [B, S, H] to the head's outputs and those of the inputs
    that they need.
    """

    def fit(
        self, x: Any = None, y: Any = None, *, packing: bool | int = False, **arguments: Any
    ) -> keras.callbacks.History:
        """Trains on raw records; see `Task.fit` for the other arguments.

        Args:
            x: as in `Task.fit`; with `packing` texts in memory.
            y: labels.
            packing: put several texts into each row, of `sequence_length` or of a given
                number of word pieces. `batch_size` is then the average number of texts a
                step, and loss and metrics are the means over texts. For accelerators and
                `jit_compile`, where each length of a batch costs a compilation.
            **arguments: of `Task.fit`.

        Raises:
            ValueError: with `packing`, data other than texts in memory, a row shorter than
                a text, or a head that cannot tell the texts of a row apart.
        """
        if packing is False:
            return super().fit(x, y, **arguments)  # type: ignore[misc]
        return _fit_packed(self, x, y, packing, **arguments)


def _fit_packed(
    task: Any,
    x: Any,
    y: Any,
    packing: bool | int,
    *,
    batch_size: int = 32,
    epochs: int = 1,
    sample_weight: Any = None,
    validation_data: Any = None,
    shuffle: bool = True,
    seed: int = 0,
    **kwargs: Any,
) -> keras.callbacks.History:
    model = packed_model(task)
    length = task.preprocessor.sequence_length if packing is True else packing
    options = BatchOptions(batch_size, shuffle, seed)
    data = packed_batches(task, (x, y, sample_weight), length, options)
    if validation_data is not None:
        held_out = validation_data if isinstance(validation_data, tuple) else (validation_data,)
        validation_data = packed_batches(task, held_out, length, BatchOptions(batch_size))
    if not task.compiled:
        task.compile_for(len(data) * batch_size, epochs=epochs, batch_size=batch_size)
    _compile(model, task, of_texts=_is_of_texts(data))
    build_optimizer(model)
    callbacks = fit_callbacks(kwargs.pop("callbacks", None), data)
    return model.fit(
        data,
        epochs=epochs,
        validation_data=validation_data,
        shuffle=False,  # the batches draw their own order
        callbacks=callbacks,
        **kwargs,
    )


def packed_batches(task: Any, records: tuple, row_length: int, options: BatchOptions) -> Any:
    """Raw records as batches of packed rows.

    Args:
        task: tokenises the records and encodes the labels.
        records: `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
        row_length: word pieces of a row.
        options: `batch_size` is the average number of texts a batch.

    Returns:
        `PackedBatches`, or `PackedMaskedLMBatches` of a masked language model.

    Raises:
        ValueError: records that are not in memory, or a text longer than a row.
    """
    plain, _, _ = task.pipeline.prepare(*records, options=options)
    if not isinstance(plain, FeatureBatches):
        raise ValueError(
            f"expected records in memory with packing; received {type(records[0]).__name__}"
        )
    rows = PackedRows(plain.features, row_length, seed=options.seed)
    settings = {
        "batch_size": max(1, round(options.batch_size * len(rows) / plain.records)),
        "shuffle": options.shuffle,
        "seed": options.seed,
    }
    if isinstance(plain, masked_lm_batches.MaskedLMBatches):
        masks = {"new_masks": plain.new_masks, **settings}
        return packed.PackedMaskedLMBatches(rows, plain.masker, plain.as_batch, **masks)
    labels = plain.labels
    if isinstance(task.targets, Scores):
        labels = labels[:, None]  # [N, 1], as the head gives it
    return packed.PackedBatches(rows, labels, plain.sample_weight, **settings)


def _is_of_texts(data: Any) -> bool:
    return isinstance(data, packed.PackedBatches) and not isinstance(data.labels, TokenLabels)


def _compile(model: keras.Model, task: Any, of_texts: bool) -> None:
    """Compiles with what the task was compiled with; labels of texts have weights."""
    made = task.get_compile_config()
    loss, metrics, weighted = (
        keras.saving.deserialize_keras_object(made[name])
        for name in ("loss", "metrics", "weighted_metrics")
    )
    if of_texts:
        loss = MeanOverTexts(loss)
        metrics, weighted = None, [*(metrics or ()), *(weighted or ())]
    model.compile(
        optimizer=task.optimizer,
        loss=loss,
        metrics=metrics,
        weighted_metrics=weighted,
        jit_compile=task.jit_compile,
        run_eagerly=task.run_eagerly,
        steps_per_execution=task.steps_per_execution,
    )
