"""Training on packed rows: `fit(…, packing=True)` of the tasks that can.

    texts ──► tokenised once ──► packed rows ──► the task's layers, several texts a row

Every step has one shape and next to no padding, and a text's loss is what it would be in a
row of its own.

Shapes: N texts, R rows.
"""

import types
from typing import Any

import keras
import tensorflow as tf

# Modules and not their classes: importing one of them first imports this file by way of Keras.
import keras_bert.data.masked_lm_batches as masked_lm_batches
import keras_bert.data.packed_batches as packed
from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import TokenLabels
from keras_bert.data.labels import Scores
from keras_bert.data.packed_rows import PackedRows
from keras_bert.data.packed_stream import packed_text_rows
from keras_bert.models.packed_model import MeanOverTexts, packed_model, require_packable
from keras_bert.models.pretraining_inputs import PretrainingPipeline
from keras_bert.models.record_pipeline import BatchOptions, require_labels
from keras_bert.models.text_inputs import is_dataset
from keras_bert.models.untuned_data import as_untuned
from keras_bert.training.optimizer import build_optimizer
from keras_bert.training.parallel_layouts import batch_shards
from keras_bert.training.resume import fit_callbacks


class FitsPackedRows:
    """Gives a task `fit(…, packing=…)`; stands before `Task` among the bases.

    A task defines `packed_outputs(inputs, sequence_output)`, from the symbolic inputs of a
    packed encoder and its output [B, S, H] to the head's outputs and those of the inputs
    that they need.
    """

    # The model on packed rows, kept so that its step is traced once for all calls of `fit`. It
    # stands in a namespace, where Keras does not take it for a layer of the task.
    packed: types.SimpleNamespace | None = None

    def fit(
        self, x: Any = None, y: Any = None, *, packing: bool | int = False, **arguments: Any
    ) -> keras.callbacks.History:
        """Trains on raw records; see `Task.fit` for the other arguments.

        Args:
            x: as in `Task.fit`; with `packing` texts in memory, or what `batches` made of
                them. A masked language model also takes a `tf.data.Dataset` of single
                texts, or of batches of packed rows, which it masks anew in each pass.
            y: labels.
            packing: put several texts into each row, of `sequence_length` or of a given
                number of word pieces. `batch_size` is then the average number of texts a
                step (of a dataset the number of rows), and loss and metrics are the means
                over texts.
            **arguments: of `Task.fit`.

        Raises:
            ValueError: with `packing`, other data, a row shorter than a text, a head that
                cannot tell the texts of a row apart, or a task that is not compiled for
                data of unknown length.
        """
        if packing is False and not _is_packed(x):
            return super().fit(x, y, **arguments)  # type: ignore[misc]
        return _fit_packed(self, x, y, packing, **arguments)

    def batches(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        packing: bool | int = False,
        **options: Any,
    ) -> FeatureBatches:
        """Raw records as the batches that `fit` would make of them, for `fit` to take.

        Args:
            x: records in memory, as for `fit`.
            y: labels.
            sample_weight: float [N].
            packing: as for `fit`; the number of steps an epoch is then the batches' `len`,
                and their `records` are rows.
            **options: of `BatchOptions`: `batch_size`, `shuffle` and `seed`.
        """
        if packing is False:
            return super().batches(x, y, sample_weight, **options)  # type: ignore[misc]
        require_packable(self)
        length = _row_length(self, packing)
        return packed_batches(self, (x, y, sample_weight), length, BatchOptions(**options))


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
    require_packable(task)
    if task.packed is None:
        task.packed = types.SimpleNamespace(model=packed_model(task), compiled=None)
    length = x.rows.row_length if _is_packed(x) else _row_length(task, packing)
    options = BatchOptions(batch_size, shuffle, seed)
    data = _data(task, (x, y, sample_weight), length, options)
    if validation_data is not None:
        held_out = validation_data if isinstance(validation_data, tuple) else (validation_data,)
        validation_data = _data(task, held_out, length, BatchOptions(batch_size))
    if not task.compiled:
        task.compile_for(_steps(data) * batch_size, epochs=epochs, batch_size=batch_size)
    model = _compiled(task, of_texts=_is_of_texts(data))
    callbacks = kwargs.pop("callbacks", None)
    if isinstance(data, FeatureBatches):
        callbacks = fit_callbacks(callbacks, data)
    return model.fit(
        as_untuned(data),
        epochs=epochs,
        validation_data=as_untuned(validation_data),
        shuffle=False,  # the data have their own order
        callbacks=callbacks,
        **kwargs,
    )


def _row_length(task: Any, packing: bool | int) -> int:
    return task.preprocessor.sequence_length if isinstance(packing, bool) else packing


def _is_packed(data: Any) -> bool:
    return isinstance(data, packed.PackedBatches | packed.PackedMaskedLMBatches)


def _data(task: Any, records: tuple, length: int, options: BatchOptions) -> Any:
    if _is_packed(records[0]):
        return records[0]
    if is_dataset(records[0]) and isinstance(task.pipeline, PretrainingPipeline):
        return packed_stream(task, records[0], length, options)
    return packed_batches(task, records, length, options)


def _steps(data: Any) -> int:
    steps = int(data.cardinality()) if is_dataset(data) else len(data)
    if steps < 0:
        raise ValueError(
            "expected a compiled task, or packed rows of known number, from which the "
            "learning-rate schedule follows; received a dataset of texts: call "
            "compile_for(num_examples, …) first"
        )
    return steps


def packed_stream(
    task: Any, dataset: tf.data.Dataset, row_length: int, options: BatchOptions
) -> tf.data.Dataset:
    """Texts, or batches of packed rows, as a masked language model's batches.

    Args:
        task: a `BertMaskedLM`.
        dataset: single texts; or dicts with `input_word_ids`, `input_mask`,
            `input_type_ids` and `input_sequence_ids` int32 [B, S], as
            `keras_bert.data.packed_stream.packed_text_rows` gives.
        row_length: S, for texts.
        options: `batch_size` is B, for texts; `seed` is that of the masks.
    """
    if not isinstance(dataset.element_spec, dict):
        size = options.batch_size
        preprocessor = task.pipeline.preprocessor
        dataset = packed_text_rows(dataset, preprocessor, size, row_length=row_length)
    return task.pipeline.mask_rows(dataset, options)


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
    plain = None
    if task.pipeline.is_raw(records[0]) and not is_dataset(records[0]):
        plain, _, _ = task.pipeline.prepare(*records, options=options)
    if not isinstance(plain, FeatureBatches):
        raise ValueError(
            f"expected records in memory with packing; received {type(records[0]).__name__}"
        )
    require_labels(plain, None, "fit")
    rows = PackedRows(plain.features, row_length, seed=options.seed)
    size, shards = round(options.batch_size * len(rows) / plain.records), batch_shards()
    settings = {
        "batch_size": max(1, -(-size // shards)) * shards,  # all devices get as many rows
        "shuffle": options.shuffle,
        "seed": options.seed,
    }
    if isinstance(plain, masked_lm_batches.MaskedLMBatches):
        masks = {"new_masks": plain.new_masks, **settings}
        return packed.PackedMaskedLMBatches(rows, plain.masker, plain.as_batch, **masks)
    labels: Any = plain.labels
    if isinstance(task.targets, Scores) and labels is not None:
        labels = labels[:, None]  # [N, 1], as the head gives it
    return packed.PackedBatches(rows, labels, plain.sample_weight, **settings)


def _is_of_texts(data: Any) -> bool:
    return isinstance(data, packed.PackedBatches) and not isinstance(data.labels, TokenLabels)


def _compiled(task: Any, of_texts: bool) -> keras.Model:
    """The model on packed rows, compiled as the task is; labels of texts have weights."""
    kept, settings = task.packed, (task.get_compile_config(), of_texts)
    if kept.compiled != settings or kept.model.optimizer is not task.optimizer:
        _compile(kept.model, task, of_texts)
        build_optimizer(kept.model)
        kept.compiled = settings
    return kept.model


def _compile(model: keras.Model, task: Any, of_texts: bool) -> None:
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
