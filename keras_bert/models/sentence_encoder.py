"""Sentence embeddings: texts of like meaning near to each other.

Source: Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084

Shapes: N texts, B texts of a batch, S positions, H hidden size, E size of an embedding.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.layers.initializers import truncated_normal
from keras_bert.layers.poolers import MaxPooler, MeanPooler
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.embedding_records import (
    EmbeddingLabels,
    EmbeddingPipeline,
    check_records,
    text_columns,
)
from keras_bert.models.embedding_training import LearnsEmbeddings
from keras_bert.models.search import Hits, as_index
from keras_bert.models.sequence_task import stored_settings
from keras_bert.models.serving import signature_on
from keras_bert.models.task import Task
from keras_bert.models.text_inputs import is_raw_text
from keras_bert.text.answers import EmbeddingAnswers
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.training.embedding_losses import unit_vectors
from keras_bert.training.metrics import regression_scores
from keras_bert.training.retrieval_scores import (
    cosines,
    first_ranks,
    retrieval_problem,
    retrieval_scores,
    unit,
)

POOLERS = {"mean": MeanPooler, "max": MaxPooler, "first": None}


@keras.saving.register_keras_serializable(package="keras_bert")
class BertSentenceEncoder(LearnsEmbeddings, Task):
    """Texts in, one vector each out.

    Args:
        backbone: a `BertBackbone`.
        preprocessor: a `BertPreprocessor`.
        pooling: over the tokens' vectors: "mean", "max" or "first", the vector of the first
            token as it is (without the backbone's own pooler).
        normalize: scale embeddings to length 1, so that their products are cosines.
        embedding_size: E of a learnt projection after the pooling; None for none, E = H.
        **kwargs: `name`.

    The model itself maps the dict of three int32 [B, S] tensors to float32 embeddings
    [B, E]; `predict` gives `embedding` [N, E]. It is trained on a tuple of collections of
    texts, `fit((anchors, positives))`, see `fit`.

    Raises:
        ValueError: another `pooling`, or an `embedding_size` below 1.

    Examples:
        >>> encoder = BertSentenceEncoder.from_preset("all-minilm-l6-v2")
        >>> corpus = encoder.encode(texts)
        >>> encoder.search(["where is my card?"], corpus, k=3).ids
    """

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: BertPreprocessor,
        *,
        pooling: str = "mean",
        normalize: bool = True,
        embedding_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        if pooling not in POOLERS:
            raise ValueError(f"expected pooling of {tuple(POOLERS)}; received {pooling!r}")
        if embedding_size is not None and embedding_size < 1:
            raise ValueError(f"expected embedding_size of at least 1; received {embedding_size}")

        # === Layers ===
        pooler = POOLERS[pooling] and POOLERS[pooling](dtype="float32", name=f"{pooling}_pooler")
        projection = embedding_size and keras.layers.Dense(
            embedding_size,
            kernel_initializer=truncated_normal(backbone.config.initializer_range),
            dtype="float32",
            name="projection",
        )

        # === Functional Model ===
        tokens = backbone(backbone.input)["sequence_output"]  # [B, S, H]
        # No loss reaches the backbone's pooler: as a trainable one it would only decay.
        backbone.pooler.trainable = False
        if pooler:
            embedding = pooler(tokens, backbone.input["input_mask"])
        else:
            embedding = ops.cast(tokens[:, 0], "float32")  # [B, H]
        if projection:
            embedding = projection(embedding)  # [B, E]
        if normalize:
            embedding = unit_vectors(embedding)

        # === Config ===
        super().__init__(
            backbone,
            preprocessor,
            embedding,
            targets=EmbeddingLabels(),
            answers=EmbeddingAnswers(),
            **kwargs,
        )
        self.pipeline = EmbeddingPipeline(preprocessor, self.targets, pairs=False)
        self.projection = projection
        self.pooling, self.normalize, self.embedding_size = pooling, normalize, embedding_size

    def encode(
        self, texts: Any, *, batch_size: int = 32, show_progress: bool = False
    ) -> np.ndarray:
        """Embeddings of any number of texts, in their order.

        Args:
            texts: N texts; they are embedded longest first, with little padding.
            batch_size: texts a step.
            show_progress: print a bar.

        Returns:
            float32 [N, E].
        """
        return self.predict_logits(texts, batch_size=batch_size, verbose=int(show_progress))

    def predict_logits(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Embeddings, float32 [N, E]; arguments as in `predict`.

        Raises:
            ValueError: several collections of texts, as `fit` takes them.
        """
        if is_raw_text(x) and len(columns := text_columns(x)) > 1:
            raise ValueError(
                f"expected one collection of texts to embed; received {len(columns)}: "
                "embed each alone"
            )
        return super().predict_logits(x, **kwargs)

    def similarity(self, first: Any, second: Any, **kwargs: Any) -> np.ndarray:
        """Cosines of all pairs.

        Args:
            first: N texts, or embeddings [N, E].
            second: M texts, or embeddings [M, E].
            **kwargs: of `encode`.

        Returns:
            float32 [N, M].
        """
        return unit(self._embeddings(first, kwargs)) @ unit(self._embeddings(second, kwargs)).T

    def search(self, queries: Any, corpus: Any, k: int = 10, **kwargs: Any) -> Hits:
        """The k of a corpus that are most like each query.

        Args:
            queries: Q texts, or embeddings [Q, E].
            corpus: texts; their embeddings [N, E], which `encode` gives once for many
                searches; or an index of `keras_bert.models.search`.
            k: results a query, no more than N.
            **kwargs: of `encode`.

        Returns:
            `ids` int64 [Q, k], best first, and `scores` float32 [Q, k], which are cosines
            of an encoder that normalizes.
        """
        corpus = self.encode(corpus, **kwargs) if is_raw_text(corpus) else corpus
        return as_index(corpus).search(self._embeddings(queries, kwargs), k)

    def score(self, x: Any, y: Any = None, **kwargs: Any) -> dict[str, float]:
        """Scores on held-out records.

        Args:
            x: a tuple of collections: two to compare; or queries, their right texts, and any
                number of collections of wrong ones.
            y: N scores of how alike the two texts are, on any scale; None for retrieval.
            **kwargs: of `predict`.

        Returns:
            With `y` `spearman` and `pearson` of the cosines. Without, `accuracy_at_1`,
            `recall_at_10` and `mrr`: each query looks for its text among all that are not
            queries; equal queries share their right texts.
        """
        columns = text_columns(x)
        if y is not None:
            check_records(None, columns, y)
            first, second = (self.predict(c, **kwargs)["embedding"] for c in columns[:2])
            scores = regression_scores(self.targets.encode(y)[:, 0], cosines(first, second))
            return {name: scores[name] for name in ("spearman", "pearson")}
        check_records(None, columns, None)
        queries, candidates, right = retrieval_problem(columns)
        ours, theirs = (
            self.predict(texts, **kwargs)["embedding"] for texts in (queries, candidates)
        )
        return retrieval_scores(first_ranks(unit(ours), unit(theirs), right))

    def head_variables(self) -> dict[str, keras.Variable]:
        """The projection, if any, by its names in checkpoints."""
        if not self.projection:
            return {}
        names = {"output_weights": self.projection.kernel, "output_bias": self.projection.bias}
        return {f"embedding/{name}": variable for name, variable in names.items()}

    embeds = False  # `serving_default` does

    def extra_signatures(self, forward: Any, grouped: Any, padding: str) -> dict[str, Any]:
        """`embed` is `serving_default` by the name that it has in every task."""

        def embed(*columns: tf.Tensor) -> dict[str, tf.Tensor]:
            return self.answer_strings(grouped, columns, padding)

        signatures = {"embed": signature_on(self.serving_inputs, embed)}
        return super().extra_signatures(forward, grouped, padding) | signatures

    @classmethod
    def head_settings(
        cls, checkpoint: Checkpoint, given: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """The head's arguments, and whether the checkpoint's own projection fits them.

        Raises:
            ValueError: the folder's embeddings are made in another way, and `pooling` is
                not given.
        """
        refused = checkpoint.metadata.get("refused_modules")
        if refused and "pooling" not in given:
            raise ValueError(
                "expected modules that this encoder has (Transformer; Pooling: cls, mean or max; "
                "Dense without activation; Normalize), or pooling=… to have the BERT alone; "
                f"received {refused}"
            )
        settings = stored_settings(checkpoint, cls.__name__)
        settings.pop("dropout", None)  # of a classifier
        stored_size = settings.get("embedding_size")
        settings |= given
        fits = "embedding" in checkpoint.heads and settings.get("embedding_size") == stored_size
        return settings, fits

    def head_config(self) -> dict[str, Any]:
        """The constructor's arguments that belong to the head, for JSON."""
        return {
            "pooling": self.pooling,
            "normalize": self.normalize,
            "embedding_size": self.embedding_size,
        }

    def card(self) -> dict[str, Any]:
        """Adds the size of an embedding, and whether it has length 1."""
        facts = {"embedding_size": self.output_shape[-1], "normalize": self.normalize}
        return super().card() | facts

    def _embeddings(self, given: Any, options: dict[str, Any]) -> np.ndarray:
        return self.encode(given, **options) if is_raw_text(given) else np.asarray(given, "float32")
