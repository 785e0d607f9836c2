"""One run of pretraining: a task, a stream of batches, a recipe.

    task = new_pretraining_task(config, preprocessor, next_sentence=True)
    model = compile_pretraining(task, PretrainingRecipe(steps=10_000))
    history = run_pretraining(model, stream, validation=held_out)
    task.save_to_preset("pretrained")

Source: Devlin et al. 2019, appendix A.2, https://arxiv.org/abs/1810.04805

Shapes: B rows of a batch, S positions, P predictions of a row.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.data.pretraining_stream import PretrainingStream
from keras_bert.data.pretraining_targets import split_targets
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.chunked_pretraining import (
    IDS,
    chunked_loss,
    chunked_metrics,
    chunked_model,
)
from keras_bert.models.masked_lm import BertMaskedLM
from keras_bert.models.pretrainer import BertPretrainer
from keras_bert.models.untuned_data import untuned
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.counted_crossentropy import CountedCrossentropy
from keras_bert.training.optimizer import build_optimizer
from keras_bert.training.pretraining_progress import RefuseDivergence, StopAfterSteps
from keras_bert.training.pretraining_recipe import PretrainingRecipe
from keras_bert.training.resume import ResumableTraining

PretrainingTask = BertPretrainer | BertMaskedLM


def task_class(next_sentence: bool) -> type[PretrainingTask]:
    """The task with both heads, or with the masked language model's alone."""
    return BertPretrainer if next_sentence else BertMaskedLM


def new_pretraining_task(
    config: BertConfig,
    preprocessor: BertPreprocessor,
    *,
    next_sentence: bool = True,
    **options: Any,
) -> PretrainingTask:
    """A model with new weights, from Keras's present random state.

    Args:
        config: its sizes.
        preprocessor: goes with the result; the records are tokenized before.
        next_sentence: whether it also learns which sentence comes next.
        **options: of `BertBackbone`: `dtype`, `gradient_checkpointing`.

    Raises:
        ValueError: the vocabulary or the length exceeds the sizes.
    """
    return task_class(next_sentence)(BertBackbone(config, **options), preprocessor)


def compile_pretraining(
    task: PretrainingTask,
    recipe: PretrainingRecipe,
    *,
    loss_chunk: int | None = None,
    jit_compile: bool | str = "auto",
) -> keras.Model:
    """Gives a task the optimizer, losses and metrics of a run.

    Under float16 the loss is scaled, by as much as the gradients allow.

    Args:
        task: to be trained.
        recipe: the numbers.
        loss_chunk: predictions that have logits at a time, for memory; None for all.
        jit_compile: of `keras.Model.compile`.

    Returns:
        The compiled model that `run_pretraining` takes: the task, or with `loss_chunk`
        another model of its variables.

    Raises:
        ValueError: numbers that recipe, schedule or optimizer refuse.
    """
    optimizer = recipe.make_optimizer()
    if task.backbone.dtype_policy.compute_dtype == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model, loss, metrics = task, task.default_loss(), task.default_weighted_metrics()
    if loss_chunk is not None:
        model, loss = chunked_model(task, loss_chunk), chunked_loss(task)
        metrics = chunked_metrics(task)
    elif recipe.accumulation > 1:
        loss = _counted_loss(task)
    model.compile(
        optimizer=optimizer,
        loss=loss,
        weighted_metrics=metrics,
        jit_compile=jit_compile,
        auto_scale_loss=False,
    )
    return model


def _counted_loss(task: PretrainingTask) -> Any:
    """The task's loss, in the form that the parts of a batch add up in."""
    loss, counted = task.default_loss(), CountedCrossentropy()
    return loss | {"mlm_logits": counted} if isinstance(loss, dict) else counted


def run_pretraining(
    model: keras.Model,
    stream: PretrainingStream,
    *,
    validation: tf.data.Dataset | None = None,
    state: ResumableTraining | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: Any = "auto",
) -> keras.callbacks.History:
    """Trains a model to the end of its stream.

    Args:
        model: from `compile_pretraining`.
        stream: batches of features under the names that the task's `fit` takes.
        validation: such batches, held out; scored after each period of the stream.
        state: keeps the run's state in its folder; the same call goes on from there.
        callbacks: of Keras.
        verbose: of `keras.Model.fit`.

    Returns:
        Losses and metrics by period.

    Raises:
        ValueError: the saved state is of another run, or damaged.
        RuntimeError: the loss is no finite number any more; the saved state is of before.
        KeyboardInterrupt: after Ctrl-C, when the state is saved.
    """
    several = [
        StopAfterSteps(stream.steps * stream.parts, len(stream)),
        RefuseDivergence(len(stream), stream.parts),
        *callbacks,
    ]
    first_step = 0
    if state is not None:
        state.attach(stream, several)
        first_step = state.saved_epoch() * stream.steps_per_period
        several.append(state)
    split = functools.partial(_split, model)
    build_optimizer(model)
    return keras.Model.fit(
        model,
        untuned(stream.dataset(first_step).map(split, num_parallel_calls=tf.data.AUTOTUNE)),
        epochs=stream.periods,
        steps_per_epoch=len(stream),
        validation_data=None if validation is None else untuned(validation.map(split)),
        shuffle=False,  # the stream has its own order
        callbacks=several,
        verbose=verbose,
    )


def _split(model: keras.Model, features: Mapping[str, tf.Tensor]) -> tuple:
    """Inputs, targets and weights of a batch, as the model wants to have them."""
    inputs, *targets = split_targets(features, next_sentence="nsp_logits" in model.output_names)
    if IDS in model.input:
        inputs[IDS] = features[IDS]
    return inputs, *targets
