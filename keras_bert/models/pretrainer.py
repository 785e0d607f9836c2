"""BERT as it is pretrained: masked words and the next sentence, learnt together.

    loss = mean cross-entropy at the masks + mean cross-entropy of "does it follow?"

Source: Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805;
`run_pretraining.py` of google-research/bert

Shapes: N pairs, B pairs of a batch, S positions, P predictions of a pair, V vocabulary.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.data.labels import LabelSet
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.packed_fit import FitsPackedRows
from keras_bert.models.pretraining_heads import (
    INPUT_NAMES,
    masked_lm_head,
    masked_lm_loss,
    masked_lm_variables,
    next_sentence_head,
    next_sentence_variables,
    pretraining_inputs,
)
from keras_bert.models.pretraining_inputs import (
    PretrainingPipeline,
    keeping_special_tokens,
    make_masker,
)
from keras_bert.models.sequence_task import stored_settings
from keras_bert.models.serving import Forward, signature_on
from keras_bert.models.string_answers import answer_in_batches, texts_in_memory
from keras_bert.models.task import Task
from keras_bert.models.text_inputs import with_padding
from keras_bert.text.answers import ClassAnswers
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.perplexity import Perplexity

# Numbered as Google's code does: 0 is the sentence that really comes next.
NEXT_SENTENCE_LABELS = ("is_next", "not_next")


@keras.saving.register_keras_serializable(package="keras_bert")
class BertPretrainer(FitsPackedRows, Task):
    """A backbone with both heads of pretraining.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`.
        masked_lm_prob: share of a pair's tokens that is predicted.
        max_predictions_per_seq: P; None means that share of `sequence_length`.
        whole_word: mask the pieces of a word together.
        max_ngram: the most words (or pieces) that are masked together.
        **kwargs: `name`.

    Call arguments:
        inputs: dict of `input_word_ids`, `input_mask`, `input_type_ids` int32 [B, S] and
            `masked_lm_positions` int32 [B, P]; all S positions without it.

    Returns:
        A dict of `mlm_logits` float32 [B, P, V] and `nsp_logits` float32 [B, 2], class 0
        being "is next".

    `fit` and `evaluate` take pairs of texts with labels 0 ("is_next") and 1 ("not_next"),
    which they mask anew every epoch; or features masked before: a dict, or a
    `tf.data.Dataset` of batches of dicts, of the inputs and `masked_lm_ids`,
    `masked_lm_weights` [B, P] and `next_sentence_labels` [B] or [B, 1].
    `predict` gives `label`, `score` and `probabilities` of the next sentence.

    Raises:
        ValueError: settings that `TokenMasker` refuses.

    Examples:
        >>> pretrainer = BertPretrainer.from_preset("uncased_L-12_H-768_A-12")
        >>> pretrainer.fit((firsts, seconds), labels, epochs=3)
        >>> pretrainer.save_to_preset("further-pretrained")
    """

    input_names = INPUT_NAMES
    may_be_new = ("pooler", "mlm", "nsp")

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        *,
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
        mlm_head = masked_lm_head(backbone)
        nsp_head = next_sentence_head(backbone)

        # === Functional Model ===
        inputs = pretraining_inputs(backbone)
        encoded = backbone(backbone.input)
        outputs = {
            "mlm_logits": mlm_head(encoded["sequence_output"], inputs["masked_lm_positions"]),
            "nsp_logits": nsp_head(encoded["pooled_output"]),
        }
        targets = LabelSet(NEXT_SENTENCE_LABELS)
        super().__init__(
            backbone,
            preprocessor,
            outputs,
            inputs=inputs,
            targets=targets,
            answers=ClassAnswers(targets.names),
            pairs=True,
            **kwargs,
        )

        # === Config ===
        self.pipeline = PretrainingPipeline(preprocessor, masker, targets)
        self.mlm_head, self.nsp_head = mlm_head, nsp_head
        self.masker = masker
        self.max_predictions_per_seq = max_predictions_per_seq

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The arguments of the heads, and whether the checkpoint has one of them.

        Of a checkpoint with one alone the other is new, and a warning says so.
        """
        missing = {"mlm", "nsp"} - set(checkpoint.heads)
        if len(missing) == 1:
            warnings.warn(
                f"the checkpoint has no head {missing.pop()}: that one is new and untrained",
                stacklevel=3,
            )
        return stored_settings(checkpoint, cls.__name__) | given, len(missing) < 2

    def packed_outputs(self, inputs: dict[str, Any], tokens: Any) -> Any:
        """Packed rows are for masked words alone.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "expected no packing with next-sentence prediction, whose sentences stand in one "
            "row; received packing: train a BertMaskedLM on packed rows"
        )

    def head_variables(self) -> dict[str, keras.Variable]:
        """The heads by their names in checkpoints."""
        return masked_lm_variables(self.mlm_head) | next_sentence_variables(self.nsp_head)

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the heads, for JSON."""
        return self.masker.settings() | {"max_predictions_per_seq": self.max_predictions_per_seq}

    def default_loss(self) -> dict[str, keras.losses.Loss]:
        """Cross-entropies by output, which are added up."""
        next_sentence = keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="nsp")
        return {"mlm_logits": masked_lm_loss(), "nsp_logits": next_sentence}

    def default_metrics(self) -> list[keras.metrics.Metric]:
        """None: predictions need their weights, which `compile_for` sees to."""
        return []

    def default_weighted_metrics(self) -> dict[str, list[keras.metrics.Metric]]:
        """The heads' accuracies and the masks' perplexity."""
        accuracy = keras.metrics.SparseCategoricalAccuracy
        return {
            "mlm_logits": [accuracy(name="accuracy"), Perplexity()],
            "nsp_logits": [accuracy(name="accuracy")],
        }

    def compile_for(self, num_examples: int, **arguments: Any) -> None:
        """As every task's, with `default_weighted_metrics`."""
        arguments.setdefault("weighted_metrics", self.default_weighted_metrics())
        arguments.setdefault("metrics", None)
        super().compile_for(num_examples, **arguments)

    def score(self, x: Any, y: Any = None, **kwargs: Any) -> dict[str, float]:
        """Losses and metrics at masks that depend on `batch_size` alone.

        Args:
            x: pairs of texts, or a dict of pretraining features.
            y: labels of the pairs; None beside features.
            **kwargs: of `evaluate`.
        """
        if not self.compiled:
            self.compile_for(1)
        return self.evaluate(x, y, return_dict=True, **kwargs)

    def answer_strings(
        self, forward: Forward, columns: Sequence[Any], padding: str = "longest"
    ) -> dict[str, tf.Tensor]:
        """Pairs to whether the second text follows the first; see `ClassAnswers`."""
        features = with_padding(self.preprocessor, padding)(tuple(columns))
        # No word is asked for; one position keeps the other head small.
        positions = tf.zeros_like(features["input_word_ids"][:, :1])
        return self.answers(forward(features | {"masked_lm_positions": positions})["nsp_logits"])

    def extra_signatures(self, forward: Forward, grouped: Forward, padding: str) -> dict[str, Any]:
        """`features`: the four integer inputs → `mlm_logits` and `nsp_logits`, float32."""
        del grouped, padding

        def function(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
            logits = forward(dict(zip(self.input_names, tensors, strict=True)))
            return {name: tf.cast(value, tf.float32) for name, value in logits.items()}

        specs = [tf.TensorSpec([None, None], tf.int32, name) for name in self.input_names]
        return {"features": signature_on(specs, function)}

    def predict(self, x: Any, *, batch_size: int = 32, verbose: Any = 0) -> dict[str, Any]:
        """Whether second texts follow first ones, for N pairs in their order.

        Args:
            x: two collections of N texts, or a dataset of pairs.
            batch_size: pairs a step.
            verbose: 0 for no progress bar.

        Returns:
            `label` [N], "is_next" or "not_next"; `score` float32 [N], its probability;
            `probabilities` float32 [N, 2].
        """
        return answer_in_batches(self, texts_in_memory(x, pairs=True), batch_size, verbose)

    def predict_logits(self, x: Any, *, batch_size: int = 32, **kwargs: Any) -> Any:
        """The two logits as NumPy arrays, for features."""
        if not isinstance(x, dict):
            raise ValueError(
                f"expected a dict of {', '.join(self.input_names)}; received {type(x).__name__}"
            )
        return keras.Model.predict(self, x, batch_size=batch_size, **kwargs)
