"""The three boxes of a task composed into graph functions: strings in, answers out.

Strings never enter an XLA-compiled function: the string signatures pack ids with core
TensorFlow ops and call one inner function on ids, which alone may be compiled.

Shapes: B rows, S positions, H hidden size.
"""

import json
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from keras_bert.export.saved_model import write_saved_model
from keras_bert.layers.poolers import MeanPooler
from keras_bert.models.bert_inputs import NAMES
from keras_bert.models.text_inputs import with_padding

if TYPE_CHECKING:
    from keras_bert.models.task import Task


class TaskExport:
    """`export` for a task."""

    def export(
        self, path: str | pathlib.Path, *, jit_compile: bool = False, overwrite: bool = False
    ) -> pathlib.Path:
        """Writes a SavedModel that takes strings and returns answers.

        The signatures are those of `serving_signatures`;
        `assets.extra/keras_bert.json` repeats the task, its labels and its limits.

        Args:
            path: a version folder such as `models/intents/1`, or `models/intents` for the
                next version.
            jit_compile: compile the part on integers with XLA.
            overwrite: replace a version that is there.

        Returns:
            The version folder. A killed or failed export leaves none.
        """
        return write_saved_model(
            path,
            serving_signatures(self, jit_compile=jit_compile),
            [variable.value for variable in self.weights],
            extra_assets={"keras_bert.json": json.dumps(self.card(), indent=2) + "\n"},
            overwrite=overwrite,
        )

    def card(self) -> dict[str, Any]:
        """Facts that a client of the exported model needs, for JSON."""
        return {
            "task": type(self).__name__,
            "pairs": self.pairs,
            "sequence_length": self.preprocessor.sequence_length,
        }


def serving_signatures(task: "Task", *, jit_compile: bool = False) -> dict[str, Any]:
    """Graph functions of a task, by signature name.

    Args:
        task: a built task; with `pairs` its string signatures take `text_pair` too.
        jit_compile: compile the inner function with XLA; texts are then padded to the
            task's fixed sequence length, since every new shape would compile again.

    Returns:
        `serving_default`: string `text` [B] → the task's answers.
        `features`: int32 `input_word_ids`, `input_mask`, `input_type_ids` [B, S] →
        `logits` and the answers.
        `embed`: string `text` [B] → `embedding` float32 [B, H] (masked mean of the
        sequence output, L2-normalised) and `pooled_output` float32 [B, H].

    Raises:
        RuntimeError: Keras runs on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "expected the TensorFlow backend for export; received "
            f"{keras.backend.backend()!r}: save_to_preset, then load and export with "
            "KERAS_BACKEND=tensorflow"
        )
    preprocess = with_padding(task.preprocessor, "fixed" if jit_compile else "longest")

    @tf.function(jit_compile=jit_compile, autograph=False)
    def forward(features: dict[str, tf.Tensor]) -> tf.Tensor:
        return task(features, training=False)

    @tf.function(jit_compile=jit_compile, autograph=False)
    def encode(features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return _embeddings(task.backbone(features, training=False), features["input_mask"])

    def answer(texts: Any) -> dict[str, tf.Tensor]:
        return task.answers(forward(preprocess(texts)))

    def embed(texts: Any) -> dict[str, tf.Tensor]:
        return encode(preprocess(texts))

    return {
        "serving_default": _on_text(answer, task.pairs),
        "features": _on_features(forward, task.answers),
        "embed": _on_text(embed, task.pairs),
    }


def _on_text(function: Callable[[Any], dict[str, tf.Tensor]], pairs: bool) -> Any:
    # The parameters' names become the signature's.
    specs = [tf.TensorSpec([None], tf.string, "text")]
    named: Callable[..., dict[str, tf.Tensor]] = lambda text: function(text)  # noqa: E731
    if pairs:
        specs.append(tf.TensorSpec([None], tf.string, "text_pair"))
        named = lambda text, text_pair: function((text, text_pair))  # noqa: E731
    return tf.function(named, input_signature=specs, autograph=False)


def _on_features(forward: Any, answers: Callable[[tf.Tensor], dict[str, tf.Tensor]]) -> Any:
    def function(
        input_word_ids: tf.Tensor, input_mask: tf.Tensor, input_type_ids: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        features = (input_word_ids, input_mask, input_type_ids)
        logits = forward(dict(zip(NAMES, features, strict=True)))
        return {"logits": tf.cast(logits, tf.float32), **answers(logits)}

    ids = [tf.TensorSpec([None, None], tf.int32, name) for name in NAMES]
    return tf.function(function, input_signature=ids, autograph=False)


def _embeddings(outputs: dict[str, tf.Tensor], mask: tf.Tensor) -> dict[str, tf.Tensor]:
    pooled = MeanPooler(dtype="float32")(outputs["sequence_output"], mask)  # [B, H]
    return {
        "embedding": tf.math.l2_normalize(pooled, axis=-1),
        "pooled_output": tf.cast(outputs["pooled_output"], tf.float32),
    }
