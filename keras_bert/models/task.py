"""What every task shares: a backbone, a preprocessor and a head, fed with raw text.

A task is a functional Keras model from the three integer tensors to logits, so its
training step is pure Keras and can be jitted. Around it, `fit`, `evaluate` and
`predict` take strings, and `export` composes strings → logits → answers into one
SavedModel. The steps stay visible and usable alone: `task.preprocessor(texts)`,
`task(features)`, `task.answers(logits)`.

Shapes: N rows of a data set, B rows of a batch.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.labels import LabelSet, Scores
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.bert_inputs import TakesBertInputs
from keras_bert.models.predicted_batches import predict_batches
from keras_bert.models.record_pipeline import BatchOptions, require_labels
from keras_bert.models.serving import TaskExport
from keras_bert.models.task_presets import TaskPresets
from keras_bert.models.text_inputs import as_texts, count_rows, is_dataset, is_raw_text
from keras_bert.models.text_pipeline import TextPipeline
from keras_bert.models.untuned_data import as_untuned
from keras_bert.text.answers import as_numpy
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.optimizer import build_optimizer, create_optimizer
from keras_bert.training.parallel_layouts import whole_batches
from keras_bert.training.processes import own_share
from keras_bert.training.resume import fit_callbacks

Answers = Callable[[Any], dict[str, tf.Tensor]]


class Task(TaskPresets, TaskExport, TakesBertInputs, keras.Model):
    """Base of the tasks, which build the head and define `default_loss()`, `default_metrics()`,
    `score(x, y)`, `head_variables()` and `head_settings(checkpoint, given)`.

    Args:
        backbone: a `BertBackbone`; its inputs are the task's inputs.
        preprocessor: the `BertPreprocessor` that turns texts into those inputs.
        outputs: the symbolic logits that the head computes from `backbone.output`.
        targets: encodes labels into what the loss takes.
        answers: turns logits into answers, in TensorFlow ops (traced into exports).
        pairs: whether a row is two texts rather than one.
        inputs: symbolic inputs by the names of `input_names`; None means the backbone's.

    Raises:
        ValueError: the preprocessor packs more positions, or has more word pieces, than
            the backbone has embeddings for.
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        outputs: Any,
        *,
        targets: LabelSet | Scores,
        answers: Answers,
        pairs: bool = False,
        inputs: Any = None,
        **kwargs: Any,
    ) -> None:
        refuse_misfit(backbone, preprocessor)
        inputs = backbone.input if inputs is None else inputs
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.targets = targets
        self.answers = answers
        self.pairs = pairs
        self.pipeline = TextPipeline(preprocessor, targets, pairs)

    def compile_for(
        self,
        num_examples: int,
        *,
        epochs: int = 3,
        batch_size: int = 32,
        learning_rate: float = 5e-5,
        warmup_fraction: float = 0.1,
        weight_decay: float = 0.01,
        layer_decay: float | None = None,
        **compile_arguments: Any,
    ) -> None:
        """Compiles with BERT's fine-tuning recipe (Devlin et al. 2019, appendix A.3).

        AdamW with linear warm-up and decay over the whole run, global clipping at 1.0,
        and the task's own loss and metrics.

        Args:
            num_examples: N rows of training data, from which the number of steps follows
                (`batches(x, y).records`).
            epochs: passes over them.
            batch_size: rows a step.
            learning_rate: the peak, reached after the warm-up.
            warmup_fraction: part of the steps spent warming up.
            weight_decay: decoupled decay of kernels and embeddings.
            layer_decay: multiplies the learning rate once for each layer below the head.
            **compile_arguments: for `keras.Model.compile` (`loss`, `jit_compile`, …).
        """
        steps = max(1, -(-num_examples // batch_size) * epochs)
        optimizer = create_optimizer(
            learning_rate,
            num_train_steps=steps,
            num_warmup_steps=int(steps * warmup_fraction),
            weight_decay=weight_decay,
            layer_decay=layer_decay,
            model=self,
        )
        compile_arguments.setdefault("loss", self.default_loss())
        compile_arguments.setdefault("metrics", self.default_metrics())
        self.compile(optimizer=optimizer, **compile_arguments)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        batch_size: int = 32,
        epochs: int = 1,
        sample_weight: Any = None,
        validation_data: Any = None,
        shuffle: bool = True,
        seed: int = 0,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on raw records.

        Args:
            x: N texts (list, array or string tensor; with `pairs` a tuple of two of
                them); or a `tf.data.Dataset` of `(text, label)` or
                `((first, second), label)`, single records or batches; or what any Keras
                model takes: the dict of three int32 tensors.
            y: N labels, unless `x` yields them.
            batch_size: rows a step.
            epochs: passes over the data.
            sample_weight: float [N].
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a dataset, held out.
            shuffle: a new order each epoch, fixed by `seed` and the epoch's number.
            seed: of the order.
            **kwargs: for `keras.Model.fit` (`callbacks`, `initial_epoch`, …). With a
                `ResumableTraining` as a callback a killed run goes on to the same result.

        Returns:
            Keras's `History`. An uncompiled task is compiled with `compile_for`'s defaults.

        Raises:
            ValueError: records without labels, of a task that does not make its own; or what
                the task refuses.
        """
        options = BatchOptions(batch_size, shuffle, seed, self.compiles_each_length())
        raw = x, y
        x, y, sample_weight = self.pipeline.prepare(x, y, sample_weight, options)
        require_labels(x, y, "fit")
        if not self.compiled:
            batched = isinstance(x, FeatureBatches)
            rows = x.records if batched else count_rows(*raw, batch_size)
            self.compile_for(rows, epochs=epochs, batch_size=batch_size)
        if validation_data is not None:
            in_order = BatchOptions(batch_size, few_lengths=options.few_lengths)
            validation_data = self.pipeline.prepare_validation(validation_data, in_order)
        if isinstance(x, FeatureBatches):  # it draws its own order
            kwargs |= {"shuffle": False, "callbacks": fit_callbacks(kwargs.get("callbacks"), x)}
        elif y is not None:  # the dict of three in memory: Keras batches it
            kwargs |= {"shuffle": shuffle, "batch_size": batch_size}
        elif is_dataset(x):  # it comes in its own order
            kwargs["shuffle"] = False
            x = own_share(x)
        build_optimizer(self)
        return super().fit(
            as_untuned(x),
            y,
            epochs=epochs,
            sample_weight=sample_weight,
            validation_data=as_untuned(validation_data),
            **kwargs,
        )

    def batches(
        self, x: Any, y: Any = None, sample_weight: Any = None, **options: Any
    ) -> FeatureBatches:
        """Raw records as the batches that `fit` would make of them, for `fit` to take.

        Their number of `records`, windows of long texts counted one by one, is what
        `compile_for` wants to know.

        Args:
            x: records in memory, as for `fit`.
            y: labels.
            sample_weight: float [N].
            **options: of `BatchOptions`: `batch_size`, `shuffle` and `seed`, as for `fit`.
        """
        options = {"few_lengths": self.compiles_each_length()} | options
        return self.pipeline.prepare(x, y, sample_weight, BatchOptions(**options))[0]

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        *,
        batch_size: int = 32,
        sample_weight: Any = None,
        **kwargs: Any,
    ) -> Any:
        """The compiled loss and metrics on raw records; arguments as in `fit`."""
        options = BatchOptions(batch_size, few_lengths=self.compiles_each_length())
        x, y, sample_weight = self.pipeline.prepare(x, y, sample_weight, options)
        require_labels(x, y, "evaluate")
        if y is not None:
            kwargs["batch_size"] = batch_size
        with whole_batches():
            return super().evaluate(as_untuned(x), y, sample_weight=sample_weight, **kwargs)

    def predict(self, x: Any, *, batch_size: int = 32, **kwargs: Any) -> dict[str, Any]:
        """Answers for raw texts, in their order.

        Args:
            x: as in `fit`, without labels.
            batch_size: rows a step.
            **kwargs: for `keras.Model.predict` (`verbose`, …).

        Returns:
            What `self.answers` gives, as NumPy arrays over N; strings are `str`.
        """
        return as_numpy(self.answers(self.predict_logits(x, batch_size=batch_size, **kwargs)))

    def answer(self, x: Any, *, batch_size: int = 32, **kwargs: Any) -> list[dict[str, Any]]:
        """As `predict`, one JSON-ready dict for each record."""
        return self.json_rows(self.predict(x, batch_size=batch_size, **kwargs))

    def json_rows(self, columns: dict[str, np.ndarray]) -> list[dict[str, Any]]:
        """What `predict` gives, as one JSON-ready dict for each record."""
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def predict_logits(self, x: Any, *, batch_size: int = 32, **kwargs: Any) -> np.ndarray:
        """Float32 logits for raw texts, in their order; arguments as in `predict`."""
        if is_raw_text(x) and not as_texts(x, self.pairs)[0]:
            return np.zeros((0, *self.output_shape[1:]), "float32")
        options = BatchOptions(batch_size, few_lengths=self.compiles_each_length())
        x, _, _ = self.pipeline.prepare(x, options=options)
        if isinstance(x, FeatureBatches):
            return np.asarray(x.restore(predict_batches(self, x, **kwargs)), "float32")
        if not is_dataset(x):
            kwargs["batch_size"] = batch_size
        return np.asarray(super().predict(x, **kwargs), "float32")

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        return {"pairs": self.pairs}

    def head_metadata(self) -> dict[str, Any]:
        """What goes into a checkpoint beside the arrays."""
        return {"task": self.head_config()}

    def get_config(self) -> dict[str, Any]:
        """The parts by value, so that `.keras` files and presets rebuild the task."""
        return {
            "backbone": keras.saving.serialize_keras_object(self.backbone),
            "preprocessor": keras.saving.serialize_keras_object(self.preprocessor),
            "name": self.name,
            **self.head_config(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Task":
        """Rebuilds a task from `get_config`."""
        config = dict(config)
        for part in ("backbone", "preprocessor"):
            config[part] = keras.saving.deserialize_keras_object(config[part], custom_objects)
        return cls(**config)

    def compiles_each_length(self) -> bool:
        """Whether a batch of a new length costs a compilation by XLA."""
        if keras.backend.backend() == "jax":
            return True
        if not self.compiled:  # Keras will choose, and compiles on accelerators
            return bool(tf.config.list_physical_devices("GPU"))
        return bool(self.jit_compile)


def refuse_misfit(backbone: BertBackbone, preprocessor: BertPreprocessor) -> None:
    """Refuses a preprocessor whose ids or lengths a backbone has no embeddings for.

    Raises:
        ValueError: naming what is too small.
    """
    config = backbone.config
    limits = {
        "max_position_embeddings": (preprocessor.sequence_length, config.max_position_embeddings),
        "vocab_size": (len(preprocessor.tokenizer.vocabulary), config.vocab_size),
    }
    for name, (needed, available) in limits.items():
        if needed > available:
            raise ValueError(
                f"expected a preprocessor within the backbone's {name}={available}; "
                f"received one that needs {needed}"
            )
