"""Several named heads on one backbone, trained together and served together.

Source: Liu et al. 2019, multi-task deep neural networks, https://arxiv.org/abs/1901.11504

Shapes: N records, B records of a batch, S positions, H hidden size.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.data.batches import FeatureBatches
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.classifier import BertClassifier
from keras_bert.models.head_labels import HeadLabels, HeadsPipeline
from keras_bert.models.predicted_batches import predict_batches
from keras_bert.models.record_pipeline import BatchOptions
from keras_bert.models.regressor import BertRegressor
from keras_bert.models.sequence_task import SequenceTask, stored_settings
from keras_bert.models.serving import Forward, signature_on
from keras_bert.models.task import Task
from keras_bert.models.text_inputs import as_texts, is_raw_text, with_padding
from keras_bert.text.preprocessor import BertPreprocessor

KINDS: dict[str, type[SequenceTask]] = {"classify": BertClassifier, "regress": BertRegressor}
# Signatures and layers that are there already.
RESERVED = ("serving_default", "features", "embed", "bert_backbone")


@keras.saving.register_keras_serializable(package="keras_bert")
class BertMultiTask(Task):
    """Texts in, the answers of several heads out, for one run of the encoder.

    Args:
        backbone: a `BertBackbone`, which all heads share.
        preprocessor: a `BertPreprocessor`.
        heads: settings by name, such as `{"intent": {"task": "classify", "labels": [...]},
            "urgency": {"task": "regress"}}`; besides `task`, the arguments of
            `BertClassifier` or `BertRegressor` (`multi_label`, `pooling`, `dropout`).
        pairs: whether a row is two texts.
        **kwargs: `name`.

    The model itself maps the dict of three int32 [B, S] tensors to a dict of logits by
    head. `fit(x, y)` takes y as a dict of N labels by head; a label that is None has
    weight 0 there. `predict` gives every head's answers as `NAME_label`, `NAME_score`, …
    [N, ...], and `answer` a dict by head for each record. `heads` holds the tasks, each
    usable alone, with the same weights.

    Raises:
        ValueError: no heads, a name that is no identifier or taken, or an unknown `task`.

    Examples:
        >>> heads = {"mood": {"task": "classify", "labels": ["bad", "good"]}}
        >>> task = BertMultiTask.from_preset("all-minilm-l6-v2", heads=heads)
        >>> task.fit(texts, {"mood": ["good", None, "bad"]})
        >>> task.answer(["What a day!"])[0]["mood"]["label"]
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        heads: Mapping[str, Mapping[str, Any]],
        *,
        pairs: bool = False,
        **kwargs: Any,
    ) -> None:
        _check_heads(heads)
        backbone.pooler.trainable = True
        tasks = {
            name: _made(name, dict(settings), backbone, preprocessor, pairs)
            for name, settings in heads.items()
        }
        # A loss reaches the backbone's pooler as soon as one head stands on it.
        backbone.pooler.trainable = any(task.pooling == "first" for task in tasks.values())
        super().__init__(
            backbone,
            preprocessor,
            {name: task.output for name, task in tasks.items()},
            targets=HeadLabels({name: task.targets for name, task in tasks.items()}),
            answers=HeadAnswers({name: task.answers for name, task in tasks.items()}),
            pairs=pairs,
            **kwargs,
        )
        self.pipeline = HeadsPipeline(preprocessor, self.targets, pairs)
        # Where Keras does not look: the heads' layers are this model's own already.
        self.__dict__["heads"] = tasks

    def compile_for(self, num_examples: int, **options: Any) -> None:
        """As `Task.compile_for`; metrics count the records that have a label of their head.

        The loss of a head is averaged over all records of a batch, and the model's is the
        sum over the heads; `loss_weights={name: weight}` weighs them.
        """
        options.setdefault("weighted_metrics", self.default_metrics())
        options.setdefault("metrics", None)
        super().compile_for(num_examples, **options)

    def predict_logits(self, x: Any, *, batch_size: int = 32, **kwargs: Any) -> Any:
        """Float32 logits by head for raw texts, in their order."""
        if is_raw_text(x) and not as_texts(x, self.pairs)[0]:
            shapes = {name: task.output_shape[1:] for name, task in self.heads.items()}
            return {name: np.zeros((0, *shape), "float32") for name, shape in shapes.items()}
        options = BatchOptions(batch_size, few_lengths=self.compiles_each_length())
        x, _, _ = self.pipeline.prepare(x, options=options)
        if isinstance(x, FeatureBatches):
            return x.restore(predict_batches(self, x, **kwargs))
        return keras.Model.predict(self, x, **kwargs)

    def json_rows(self, columns: dict[str, np.ndarray]) -> list[dict[str, Any]]:
        """What `predict` gives, as one dict by head for each record."""
        rows = {
            name: task.json_rows(
                {
                    key.removeprefix(f"{name}_"): column
                    for key, column in columns.items()
                    if key.startswith(f"{name}_")
                }
            )
            for name, task in self.heads.items()
        }
        return [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]

    def score(self, x: Any, y: Any, **kwargs: Any) -> dict[str, float]:
        """The scores of each head on the records that have a label of it, as `NAME_SCORE`."""
        texts = as_texts(x, self.pairs)
        self.targets.encode(y)
        scores = {}
        for name, task in self.heads.items():
            rows = np.flatnonzero(self.targets.present(y[name]))
            columns = tuple([column[row] for row in rows] for column in texts)
            labels = [y[name][row] for row in rows]
            found = task.score(columns if self.pairs else columns[0], labels, **kwargs)
            scores |= {f"{name}_{key}": value for key, value in found.items()}
        return scores

    def extra_signatures(self, forward: Forward, grouped: Forward, padding: str) -> dict[str, Any]:
        """One signature a head: as `serving_default` → that head's answers."""
        del forward
        preprocess = with_padding(self.preprocessor, padding)

        def of(name: str) -> Callable[..., dict[str, tf.Tensor]]:
            def answer(*columns: tf.Tensor) -> dict[str, tf.Tensor]:
                texts: Sequence | tf.Tensor = columns[0] if len(columns) == 1 else columns
                return self.heads[name].answers(grouped(preprocess(texts))[name])

            return answer

        return {name: signature_on(self.serving_inputs, of(name)) for name in self.heads}

    def head_variables(self) -> dict[str, keras.Variable]:
        """Every head by its names in checkpoints, `heads/NAME/output_weights` and so on."""
        return {
            f"heads/{head}/{name}": variable
            for head, task in self.heads.items()
            for name, variable in task.head_variables().items()
        }

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The heads' settings, and whether the checkpoint's own heads fit them."""
        stored = stored_settings(checkpoint, cls.__name__)
        stored.pop("dropout", None)  # of a classifier
        settings = stored | given
        if settings.get("heads") is None:
            raise ValueError("expected heads={name: settings} for a new multi-task; received none")
        names = {name for name in checkpoint.arrays if name.startswith("heads/")}
        return settings, bool(names) and settings["heads"] == stored.get("heads")

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the heads, for JSON."""
        heads = {}
        for name, task in self.heads.items():
            kind = next(kind for kind, made in KINDS.items() if type(task) is made)
            heads[name] = {"task": kind, **task.head_config()}
            del heads[name]["pairs"]
            if kind == "classify":
                heads[name]["labels"] = task.labels
        return super().head_config() | {"heads": heads}

    def default_loss(self) -> dict[str, keras.losses.Loss]:
        """Each head's own."""
        return {name: task.default_loss() for name, task in self.heads.items()}

    def default_metrics(self) -> dict[str, list[keras.metrics.Metric]]:
        """Each head's own."""
        return {name: task.default_metrics() for name, task in self.heads.items()}

    def card(self) -> dict[str, Any]:
        """Adds the settings of the heads."""
        return super().card() | {"heads": self.head_config()["heads"]}


class HeadAnswers:
    """Answers of all heads in one dict, the name of the head before each.

    Args:
        answers: of each head.
    """

    def __init__(self, answers: Mapping[str, Callable]) -> None:
        self.of_head = dict(answers)

    def __call__(self, logits: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Answers [B, ...] as `NAME_label`, `NAME_score`, … for logits by head."""
        return {
            f"{name}_{key}": value
            for name, of_head in self.of_head.items()
            for key, value in of_head(logits[name]).items()
        }


def _made(
    name: str, settings: dict[str, Any], backbone: Any, preprocessor: Any, pairs: bool
) -> SequenceTask:
    kind = settings.pop("task", None)
    if kind not in KINDS:
        raise ValueError(f"expected task of {list(KINDS)} for head {name!r}; received {kind!r}")
    if kind == "classify" and settings.get("labels") is None:
        raise ValueError(f"expected labels for head {name!r}; received none")
    options = {"pairs": pairs, "layer_prefix": f"{name}_", "name": name}
    return KINDS[kind](backbone, preprocessor, **settings, **options)


def _check_heads(heads: Mapping[str, Any]) -> None:
    if not heads:
        raise ValueError("expected one or more heads; received none")
    for name in heads:
        others = [other for other in heads if other != name]
        clash = any(other.startswith(f"{name}_") for other in others)
        if not str(name).isidentifier() or name in RESERVED or clash:
            raise ValueError(
                f"expected names of heads that are identifiers, none of {RESERVED}, and none the "
                f"beginning of another (NAME_); received {list(heads)}"
            )
