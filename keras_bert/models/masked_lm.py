"""Masked language modelling: which words fit where `[MASK]` stands in a text?

Source: Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805

Shapes: N texts, B texts of a batch, S positions, P predictions of a text while training,
M masks of a text when asked, K words for each, V vocabulary.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.packed_fit import FitsPackedRows
from keras_bert.models.pretraining_heads import (
    INPUT_NAMES,
    masked_lm_head,
    masked_lm_loss,
    masked_lm_variables,
    pretraining_inputs,
)
from keras_bert.models.pretraining_inputs import (
    PretrainingPipeline,
    keeping_special_tokens,
    make_masker,
)
from keras_bert.models.pseudo_likelihood import pseudo_log_likelihoods
from keras_bert.models.sequence_task import stored_settings
from keras_bert.models.serving import Forward, signature_on
from keras_bert.models.string_answers import answer_in_batches, texts_in_memory
from keras_bert.models.task import Task
from keras_bert.models.text_inputs import with_padding
from keras_bert.text.fill_answers import FillAnswers
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.vocabulary import MASK
from keras_bert.training.perplexity import Perplexity


@keras.saving.register_keras_serializable(package="keras_bert")
class BertMaskedLM(FitsPackedRows, Task):
    """Texts with `[MASK]` in, words with probabilities out.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`; special tokens written in texts are kept.
        top_k: K words for each mask.
        masked_lm_prob: share of a text's tokens that is predicted while training.
        max_predictions_per_seq: P; None means that share of `sequence_length`.
        whole_word: mask the pieces of a word together.
        max_ngram: the most words (or pieces) that are masked together.
        **kwargs: `name`.

    Call arguments:
        inputs: dict of `input_word_ids`, `input_mask`, `input_type_ids` int32 [B, S] and
            `masked_lm_positions` int32 [B, P]; all S positions without it.

    Returns:
        `mlm_logits`, float32 [B, P, V].

    Raises:
        ValueError: settings that `TokenMasker` or `FillAnswers` refuse.

    Examples:
        >>> masked_lm = BertMaskedLM.from_preset("bert-base-uncased")
        >>> masked_lm.fit(texts, epochs=3)
        >>> masked_lm.answer(["The capital of France is [MASK]."])
    """

    input_names = INPUT_NAMES

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        *,
        top_k: int = 5,
        masked_lm_prob: float = 0.15,
        max_predictions_per_seq: int | None = None,
        whole_word: bool = False,
        max_ngram: int = 1,
        **kwargs: Any,
    ) -> None:
        preprocessor = keeping_special_tokens(preprocessor)
        rate, most = masked_lm_prob, max_predictions_per_seq
        masker = make_masker(preprocessor, rate, most, whole_word, max_ngram)

        # === Layers ===
        head = masked_lm_head(backbone)

        # === Functional Model ===
        inputs = pretraining_inputs(backbone)
        tokens = backbone(backbone.input)["sequence_output"]  # [B, S, H]
        # No loss reaches the backbone's pooler: as a trainable one it would only decay.
        backbone.pooler.trainable = False
        logits = head(tokens, inputs["masked_lm_positions"])  # [B, P, V]
        super().__init__(
            backbone,
            preprocessor,
            logits,
            inputs=inputs,
            targets=None,
            answers=FillAnswers(preprocessor.tokenizer.vocabulary, top_k),
            **kwargs,
        )

        # === Config ===
        self.pipeline = PretrainingPipeline(preprocessor, masker)
        self.head = head
        self.masker = masker
        self.top_k = top_k
        self.max_predictions_per_seq = max_predictions_per_seq

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The head's arguments, and whether the checkpoint has the head."""
        return stored_settings(checkpoint, cls.__name__) | given, "mlm" in checkpoint.heads

    def packed_outputs(self, inputs: dict[str, Any], tokens: Any) -> tuple[Any, dict[str, Any]]:
        """The head at masked positions of packed rows: logits [B, P, V], and its inputs."""
        del inputs["first_positions"]
        inputs["masked_lm_positions"] = pretraining_inputs(self.backbone)["masked_lm_positions"]
        return self.head(tokens, inputs["masked_lm_positions"]), inputs

    def head_variables(self) -> dict[str, keras.Variable]:
        """The head by its names in checkpoints."""
        return masked_lm_variables(self.head)

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        masks = self.masker.settings() | {"max_predictions_per_seq": self.max_predictions_per_seq}
        return masks | {"top_k": self.top_k}

    def default_loss(self) -> keras.losses.Loss:
        """Cross-entropy, the mean over the predictions of a batch."""
        return masked_lm_loss()

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """None: predictions need their weights, which `compile_for` sees to."""
        return []

    def default_weighted_metrics(self) -> list[keras.metrics.Metric]:
        """Accuracy and perplexity at the masks."""
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy"), Perplexity()]

    def compile_for(self, num_examples: int, **arguments: Any) -> None:
        """As every task's, with `default_weighted_metrics`."""
        arguments.setdefault("weighted_metrics", self.default_weighted_metrics())
        super().compile_for(num_examples, **arguments)

    def score(self, x: Any, y: Any = None, **kwargs: Any) -> dict[str, float]:
        """`loss`, `accuracy` and `perplexity` at masks that depend on `batch_size` alone.

        Accuracy and perplexity are over all masks; `loss` is the mean of the batches' means.

        Args:
            x: N texts, or a dict of pretraining features.
            y: None.
            **kwargs: of `evaluate`.
        """
        if not self.compiled:
            self.compile_for(1)
        return self.evaluate(x, y, return_dict=True, **kwargs)

    def answer_strings(
        self, forward: Forward, columns: Sequence[Any], padding: str = "longest"
    ) -> dict[str, tf.Tensor]:
        """Texts with `[MASK]` to answers; see `FillAnswers`."""
        features = with_padding(self.preprocessor, padding)(columns[0])
        masks = features["input_word_ids"] == self.preprocessor.tokenizer.mask_id  # [B, S]
        positions, count = _positions(masks, few=padding == "fixed")
        logits = forward(features | {"masked_lm_positions": positions})  # [B, M, V]
        return self.answers(logits, count, columns[0])

    def extra_signatures(self, forward: Forward, grouped: Forward, padding: str) -> dict[str, Any]:
        """`features`: the four integer inputs → `mlm_logits` float32 [B, P, V]."""
        del grouped, padding

        def function(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
            logits = forward(dict(zip(self.input_names, tensors, strict=True)))
            return {"mlm_logits": tf.cast(logits, tf.float32)}

        specs = [tf.TensorSpec([None, None], tf.int32, name) for name in self.input_names]
        return {"features": signature_on(specs, function)}

    def predict(self, x: Any, *, batch_size: int = 32, verbose: Any = 0) -> dict[str, Any]:
        """Words for the masks of N texts, in their order.

        Args:
            x: texts, or a dataset of them, each with one `[MASK]` or more.
            batch_size: texts a step.
            verbose: 0 for no progress bar.

        Returns:
            `words` [N, M, K] and `scores` float32 [N, M, K], most probable first;
            `num_masks` int32 [N]; `filled` [N]: see `FillAnswers`.

        Raises:
            ValueError: a text without `[MASK]`, or with one beyond `sequence_length`.
        """
        columns = texts_in_memory(x, pairs=False)
        wanted = [_count_masks(text, row) for row, text in enumerate(columns[0])]
        answers = answer_in_batches(self, columns, batch_size, verbose)
        cut = np.flatnonzero(answers["num_masks"] < wanted)
        if cut.size:
            row = int(cut[0])
            raise ValueError(
                f"expected every {MASK} within sequence_length="
                f"{self.preprocessor.sequence_length} tokens; received a text in row {row} with "
                f"{answers['num_masks'][row]} of {wanted[row]} within"
            )
        most = max([1, *wanted])  # where shapes are few there is room for more
        return answers | {name: answers[name][:, :most] for name in ("words", "scores")}

    def answer(self, x: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """As `predict`, one JSON-ready dict for each text.

        `filled` and `masks`: for each mask a list of K dicts of `word` and `score`.
        """
        columns = self.predict(x, **kwargs)
        names = ("filled", "words", "scores", "num_masks")
        return [
            {
                "filled": filled,
                "masks": [_ranked(*mask) for mask in zip(words, scores, strict=True)][:count],
            }
            for filled, words, scores, count in zip(
                *(columns[name].tolist() for name in names), strict=True
            )
        ]

    def score_texts(
        self, x: Any, *, batch_size: int = 32, verbose: Any = 0
    ) -> dict[str, np.ndarray]:
        """Pseudo-log-likelihoods of N texts (Salazar et al. 2020).

        Each word piece is masked once, and the logarithms of the probabilities of what
        stands there are added up: a text of n pieces costs n rows.

        Args:
            x: texts, or a dataset of them.
            batch_size: rows a step.
            verbose: 0 for no progress bar.

        Returns:
            `score` float32 [N], natural logarithms, 0 for an empty text; `score_per_piece`
            float32 [N], their mean, to compare texts of unlike length; `num_pieces` int32
            [N].

        Raises:
            ValueError: a text of more pieces than fit, whose score would be another text's.
        """
        (texts,) = texts_in_memory(x, pairs=False)
        return pseudo_log_likelihoods(self, texts, batch_size, verbose)

    def predict_logits(self, x: Any, *, batch_size: int = 32, **kwargs: Any) -> np.ndarray:
        """Float32 logits [N, P, V] for features; texts have masks of their own: `predict`."""
        if not isinstance(x, dict):
            raise ValueError(
                f"expected a dict of {', '.join(self.input_names)}; received {type(x).__name__}"
            )
        outputs = keras.Model.predict(self, x, batch_size=batch_size, **kwargs)
        return np.asarray(outputs, "float32")

    def card(self) -> dict[str, Any]:
        """Adds the number of words for each mask."""
        return super().card() | {"top_k": self.top_k}


def _positions(masks: tf.Tensor, few: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Where masks [B, S] are: positions int32 [B, M], padded with 0, and counts int32 [B].

    M is at least 1; with `few` a power of two, as each M costs a compilation.
    """
    count = tf.reduce_sum(tf.cast(masks, tf.int32), axis=1)  # [B]
    most = tf.reduce_max(tf.concat([count, [1]], axis=0))
    if few:
        sizes = tf.constant([2**n for n in range(16)])
        most = tf.reduce_min(tf.boolean_mask(sizes, sizes >= most))
    place = tf.cast(
        tf.argsort(tf.cast(masks, tf.int32), axis=1, direction="DESCENDING", stable=True), tf.int32
    )
    place = tf.pad(place, [[0, 0], [0, most]])[:, :most]
    return tf.where(tf.sequence_mask(count, most), place, 0), count


def _count_masks(text: str | bytes, row: int) -> int:
    count = text.count(MASK if isinstance(text, str) else MASK.encode())
    if not count:
        raise ValueError(f"expected {MASK} in every text; received none in row {row}: {text!r:.80}")
    return count


def _ranked(words: list[str], scores: list[float]) -> list[dict[str, Any]]:
    return [{"word": word, "score": score} for word, score in zip(words, scores, strict=True)]
