"""From logits to answers: the last box of the pipeline, in TensorFlow ops.

Shapes: B rows, C classes. An answers object is called eagerly by `predict` and
traced into exported graphs, so both give the same strings and scores.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf


class ClassAnswers:
    """Class names with probabilities.

    Args:
        labels: C class names in the order of the logits.
        multi_label: probabilities are independent (sigmoid) instead of one
            distribution (softmax).
        threshold: probability from which a multi-label class counts as chosen.
    """

    def __init__(
        self, labels: Sequence[str], multi_label: bool = False, threshold: float = 0.5
    ) -> None:
        self.labels = list(labels)
        self.multi_label = multi_label
        self.threshold = threshold

    def __call__(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answers for each row.

        Args:
            logits: float [B, C].

        Returns:
            `label` string [B] and `score` float32 [B]: the most probable class and its
            probability; `probabilities` float32 [B, C]. Multi-label adds `labels`
            string [B, C]: the chosen classes, most probable first, then empty strings.
        """
        logits = tf.cast(logits, tf.float32)
        names = tf.constant(self.labels)  # [C]
        squash = tf.sigmoid if self.multi_label else tf.nn.softmax
        probabilities = squash(logits)  # [B, C]
        best = tf.argmax(probabilities, axis=-1)  # [B]
        answers = {
            "label": tf.gather(names, best),
            "score": tf.reduce_max(probabilities, axis=-1),
            "probabilities": probabilities,
        }
        if self.multi_label:
            answers["labels"] = self._chosen(names, probabilities)
        return answers

    def _chosen(self, names: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        ranked, order = tf.math.top_k(probabilities, k=len(self.labels))  # [B, C] each
        return tf.where(ranked >= self.threshold, tf.gather(names, order), "")


class ScoreAnswers:
    """One number a row, as the regressor computed it."""

    def __call__(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answers for each row.

        Args:
            logits: float [B].

        Returns:
            `score` float32 [B].
        """
        return {"score": tf.cast(logits, tf.float32)}


class EmbeddingAnswers:
    """One vector a row, as the sentence encoder computed it."""

    def __call__(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answers for each row.

        Args:
            logits: float [B, E].

        Returns:
            `embedding` float32 [B, E].
        """
        return {"embedding": tf.cast(logits, tf.float32)}


class ChoiceAnswers:
    """The most probable of the texts that each record gives to choose from."""

    def __call__(self, logits: tf.Tensor, choices: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answers for each record.

        Args:
            logits: float [B * K] or [B, K].
            choices: string [B, K].

        Returns:
            `choice` int32 [B], its number from 0; `label` string [B], its text; `score`
            float32 [B], its probability; `probabilities` float32 [B, K].
        """
        logits = tf.reshape(tf.cast(logits, tf.float32), tf.shape(choices))  # [B, K]
        probabilities = tf.nn.softmax(logits)
        best = tf.argmax(probabilities, axis=-1, output_type=tf.int32)  # [B]
        return {
            "choice": best,
            "label": tf.gather(choices, best, batch_dims=1),
            "score": tf.reduce_max(probabilities, axis=-1),
            "probabilities": probabilities,
        }


def as_numpy(answers: Mapping[str, tf.Tensor]) -> dict[str, np.ndarray]:
    """Answers as NumPy arrays, their strings as `str`, without bytes that are not UTF-8."""
    arrays = {name: tensor.numpy() for name, tensor in answers.items()}
    return {
        name: np.char.decode(array.astype(bytes), "utf-8", "ignore")
        if array.dtype == object
        else array
        for name, array in arrays.items()
    }
