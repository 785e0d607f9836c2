"""The three boxes of a task composed into graph functions: strings in, answers out.

Strings never enter an XLA-compiled function: the string signatures pack ids with core
TensorFlow ops and call one inner function on ids, which alone may be compiled. Every
signature has the records as first dimension of all that goes in and comes out, so that a
server may batch requests.

Shapes: B records, S positions, H hidden size.
"""

import json
import pathlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from keras_bert.export.backend import require_tensorflow
from keras_bert.export.records import Record
from keras_bert.export.saved_model import write_saved_model
from keras_bert.layers.poolers import MeanPooler
from keras_bert.layers.products import computed_by, float_products
from keras_bert.models.int8_calibration import calibrated_products
from keras_bert.models.like_lengths import in_like_lengths
from keras_bert.models.text_inputs import with_padding

if TYPE_CHECKING:
    from keras_bert.models.task import Task


Forward = Callable[[dict[str, tf.Tensor]], Any]


class TaskExport:
    """`export` for a task.

    A task whose records are more than one row, or whose answers need more than the
    logits, overrides `serving_inputs`, `answer_strings` and `extra_signatures`.
    """

    embeds = True  # whether `embed` is among the signatures

    @property
    def serving_inputs(self) -> list[tf.TensorSpec]:
        """The named inputs of `serving_default`, each with the records as first dimension."""
        names = ("text", "text_pair") if self.pairs else ("text",)
        return [tf.TensorSpec([None], tf.string, name) for name in names]

    def answer_strings(
        self, forward: Forward, columns: Sequence[Any], padding: str = "longest"
    ) -> dict[str, tf.Tensor]:
        """Strings to answers, in TensorFlow ops that are traced into exports.

        Args:
            forward: the model, from the dict of integer tensors to logits.
            columns: what `serving_inputs` names, in order.
            padding: "fixed" where each new length costs a compilation, or "longest".

        Returns:
            Dense tensors, each with the records as first dimension.
        """
        preprocess = with_padding(self.preprocessor, padding)
        return self.answers(forward(preprocess(columns[0] if len(columns) == 1 else columns)))

    def extra_signatures(self, forward: Forward, grouped: Forward, padding: str) -> dict[str, Any]:
        """Signatures beside `serving_default`, by name.

        Args:
            forward: as in `answer_strings`, for ids that a client made.
            grouped: the same for rows of texts, whose padding is at their ends.
            padding: as in `answer_strings`.
        """
        del grouped, padding
        return {"features": signature_on_features(self, forward)}

    def export(
        self,
        path: str | pathlib.Path,
        *,
        jit_compile: bool = False,
        whole_batches: bool = False,
        int8: Sequence[Record] | None = None,
        warmup: Sequence[Record] | None = None,
        overwrite: bool = False,
    ) -> pathlib.Path:
        """Writes a SavedModel that takes strings and returns answers.

        The signatures are those of `serving_signatures`;
        `assets.extra/keras_bert.json` repeats the task, its labels and its limits.

        Args:
            path: a version folder such as `models/intents/1`, or `models/intents` for the
                next version.
            jit_compile: compile the part on integers with XLA.
            whole_batches: compute the texts of a request in one batch as long as the
                longest, as an accelerator likes it; otherwise those of unlike lengths are
                computed in groups of like length (see `like_lengths.py`).
            int8: records like those to come, as for `warmup`; some dozens of those of
                training will do. The encoder's products are then computed in 8-bit integers,
                in steps that fit these records (see `int8_products.py`), where TensorFlow
                2.17 or later serves with oneDNN: on x86 processors.
            warmup: records that TensorFlow Serving answers while it loads the version, so
                that no client waits for the first answer: a text each, or a dict by the
                names of `serving_inputs`. Needs the extra `serving`.
            overwrite: replace a version that is there.

        Returns:
            The version folder. A killed or failed export leaves none.

        Raises:
            ValueError: a record that the task does not answer; `int8` with `jit_compile`,
                without records, or for a model that is not float32 or quantized already.
        """
        way, variables = float_products, [variable.value for variable in self.weights]
        if int8 is not None:
            if jit_compile:
                raise ValueError("expected int8 without jit_compile, for processors; received both")
            asked = serving_signatures(self, whole_batches=True)["serving_default"]
            way, variables = calibrated_products(asked, int8, variables)
        with computed_by(way):
            return write_saved_model(
                path,
                serving_signatures(self, jit_compile=jit_compile, whole_batches=whole_batches),
                variables,
                extra_assets={"keras_bert.json": json.dumps(self.card(), indent=2) + "\n"},
                warmup=warmup,
                overwrite=overwrite,
            )

    def card(self) -> dict[str, Any]:
        """Facts that a client of the exported model needs, for JSON."""
        return {
            "task": type(self).__name__,
            "inputs": [spec.name for spec in self.serving_inputs],
            "pairs": self.pairs,
            "sequence_length": self.preprocessor.sequence_length,
        }


def serving_signatures(
    task: "Task", *, jit_compile: bool = False, whole_batches: bool = False
) -> dict[str, Any]:
    """Graph functions of a task, by signature name.

    Args:
        task: a built task.
        jit_compile: compile the inner function with XLA; texts are then padded to the
            task's fixed sequence length, since every new shape would compile again.
        whole_batches: no groups of rows of like length, which `jit_compile` has not either.

    Returns:
        `serving_default`: the task's `serving_inputs`, mostly string `text` [B], with
        `pairs` `text_pair` [B] too → the task's answers.
        `features`: int32 `input_word_ids`, `input_mask`, `input_type_ids` [B, S] →
        `logits` and the answers; other tasks may have others in its place.
        `embed`, where a record is one row: as `serving_default` → `embedding` float32
        [B, H] (masked mean of the sequence output, L2-normalised) and `pooled_output`
        float32 [B, H].

    Raises:
        RuntimeError: Keras runs on another backend than TensorFlow.
    """
    require_tensorflow()
    padding = "fixed" if jit_compile else "longest"
    inputs = task.serving_inputs

    @tf.function(jit_compile=jit_compile, autograph=False)
    def forward(features: dict[str, tf.Tensor]) -> Any:
        return task(features, training=False)

    @tf.function(jit_compile=jit_compile, autograph=False)
    def encode(features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return _embeddings(task.backbone(features, training=False), features["input_mask"])

    whole = jit_compile or whole_batches
    grouped, encode = (f if whole else in_like_lengths(f) for f in (forward, encode))

    def embed(*columns: tf.Tensor) -> dict[str, tf.Tensor]:
        preprocess = with_padding(task.preprocessor, padding)
        return encode(preprocess(columns[0] if len(columns) == 1 else columns))

    def answer(*columns: tf.Tensor) -> dict[str, tf.Tensor]:
        return task.answer_strings(grouped, columns, padding)

    signatures = {"serving_default": signature_on(inputs, answer)}
    signatures |= task.extra_signatures(forward, grouped, padding)
    return signatures | ({"embed": signature_on(inputs, embed)} if task.embeds else {})


def signature_on(inputs: Sequence[tf.TensorSpec], function: Callable) -> Any:
    """A graph function of named inputs, ready to be a signature."""
    # Behind a parameter of any number, the names of the specs become the signature's.
    return tf.function(lambda *x: function(*x), input_signature=list(inputs), autograph=False)


def signature_on_features(
    task: "Task", forward: Forward, answers: Callable[[Any], dict[str, tf.Tensor]] | None = None
) -> Any:
    """int32 [B, S] each of the model's inputs → `logits` float32, and `answers(logits)`.

    Args:
        task: names the inputs.
        forward: the model.
        answers: the task's own if None; `lambda logits: {}` for none.
    """
    answers = task.answers if answers is None else answers
    names = list(task.input_names)

    def function(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = forward(dict(zip(names, tensors, strict=True)))
        return {"logits": tf.cast(logits, tf.float32), **answers(logits)}

    return signature_on([tf.TensorSpec([None, None], tf.int32, name) for name in names], function)


def _embeddings(outputs: dict[str, tf.Tensor], mask: tf.Tensor) -> dict[str, tf.Tensor]:
    pooled = MeanPooler(dtype="float32")(outputs["sequence_output"], mask)  # [B, H]
    return {
        "embedding": tf.math.l2_normalize(pooled, axis=-1),
        "pooled_output": tf.cast(outputs["pooled_output"], tf.float32),
    }
