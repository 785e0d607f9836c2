"""From start and end logits of windows to answers cut out of the passages, in TensorFlow ops.

A span's score is its start logit plus its end logit. In every window the best starts and
the best ends are paired; a pair counts if it lies in the passage, does not end before it
starts, is not too long, and starts at a piece that has its maximum context in this
window. The best pairs of all windows of a record, each text once, are its n-best
list, and a softmax over that list gives their probabilities. That there is no answer has
the score of the pair at `[CLS]`, in the window where that is lowest.

Source: `write_predictions` of google-research/bert `run_squad.py`, equals included.
Shapes: B records, W windows, S positions, N size of the n-best list, T answers given,
P = 3 N spans of which texts that stand twice are struck out.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_bert.text.windows import Windows

_NEVER = -float("inf")
_NOWHERE = np.int64(-1)
_OFFSETS = ("byte_start", "byte_limit", "char_start", "char_limit")


class _Spans(NamedTuple):
    """Spans of windows or records, best first: `scores` float32, -inf where there is none."""

    scores: tf.Tensor
    columns: tuple[tf.Tensor, ...]


class SpanAnswers:
    """Extracts answers.

    Args:
        n_best_size: N, and how many starts and ends of a window are looked at.
        max_answer_length: in word pieces.
        top_k: T, how many answers of the n-best list are given.
        squad_v2: whether there may be no answer.
        null_threshold: the answer is "" where the score of no answer, less that of the
            best answer, is greater.

    Raises:
        ValueError: a size below 1, or more answers than the n-best list has.
    """

    def __init__(
        self,
        n_best_size: int = 20,
        max_answer_length: int = 30,
        top_k: int = 3,
        squad_v2: bool = False,
        null_threshold: float = 0.0,
    ) -> None:
        if min(n_best_size, max_answer_length, top_k) < 1 or top_k > n_best_size:
            raise ValueError(
                "expected n_best_size, max_answer_length and top_k of at least 1, and top_k "
                f"within n_best_size; received {n_best_size}, {max_answer_length} and {top_k}"
            )
        self.n_best_size = n_best_size
        self.max_answer_length = max_answer_length
        self.top_k = top_k
        self.squad_v2 = squad_v2
        self.null_threshold = null_threshold

    def __call__(self, logits: tf.Tensor, windows: Windows) -> dict[str, tf.Tensor]:
        """Answers for each record.

        Args:
            logits: float [W, S, 2], of start and end.
            windows: where the logits come from.

        Returns:
            `answer` string [B], the passage's own bytes, and `score` float32 [B], its
            probability; `byte_start`, `byte_limit`, `char_start`, `char_limit` int64 [B].
            No answer is "" at -1. `answers`, `scores`, `byte_starts`, … [B, T]: the best
            answers that are not empty, then "", 0 and -1. With `squad_v2`
            `null_score_difference` float32 [B], which the threshold is for, and
            `null_score` float32 [B], the probability of no answer.
        """
        logits = tf.cast(logits, tf.float32)
        spans = self._of_records(self._of_windows(logits, windows), windows)
        texts, spans = self._distinct(spans, windows.texts)
        null = tf.reduce_sum(logits[:, 0], axis=-1)  # [W]
        null = tf.math.unsorted_segment_min(null, windows.rows, tf.size(windows.texts))  # [B]
        listed = self._listed(spans.scores, null)  # [B, N]
        chances, null_chance = self._probabilities(spans.scores, null, listed)
        there = listed[:, : self.top_k]  # [B, T]
        best = {
            "answers": tf.where(there, texts[:, : self.top_k], ""),
            "scores": chances[:, : self.top_k],
        }
        for name, column in zip(_OFFSETS, spans.columns, strict=True):
            best[f"{name}s"] = tf.where(there, column[:, : self.top_k], _NOWHERE)
        return self._chosen(best, spans.scores[:, 0], null, null_chance) | best

    def _of_windows(self, logits: tf.Tensor, windows: Windows) -> _Spans:
        """The P best spans of each window, [W, P], with their positions."""
        within = windows.pieces >= 0  # [W, S]
        real = windows.features["input_mask"] == 1
        number = tf.minimum(self.n_best_size, tf.shape(within)[1])
        starts, first = tf.math.top_k(tf.where(real, logits[..., 0], _NEVER), number)  # [W, N]
        ends, last = tf.math.top_k(tf.where(real, logits[..., 1], _NEVER), number)
        lengths = last[:, tf.newaxis] - first[:, :, tf.newaxis] + 1  # [W, N, N]
        fits = (lengths >= 1) & (lengths <= self.max_answer_length)
        fits &= tf.gather(within & windows.best, first, batch_dims=1)[:, :, tf.newaxis]
        fits &= tf.gather(within, last, batch_dims=1)[:, tf.newaxis]
        scores = tf.where(fits, starts[:, :, tf.newaxis] + ends[:, tf.newaxis], _NEVER)
        scores = tf.reshape(scores, [-1, number * number])
        kept = tf.minimum(self._pool, number * number)
        scores, pairs = tf.math.top_k(scores, kept)  # [W, P] or fewer
        missing = [[0, 0], [0, self._pool - kept]]
        positions = (
            tf.gather(first, pairs // number, batch_dims=1),
            tf.gather(last, pairs % number, batch_dims=1),
        )
        return _Spans(
            tf.pad(scores, missing, constant_values=_NEVER),
            tuple(tf.pad(column, missing) for column in positions),
        )

    def _of_records(self, spans: _Spans, windows: Windows) -> _Spans:
        """The P best spans of each record, [B, P], with their four offsets."""
        number = tf.size(windows.texts)
        ragged = tf.RaggedTensor.from_value_rowids(
            spans.scores, windows.rows, number, validate=False
        )
        dense = ragged.to_tensor(_NEVER, shape=[None, None, self._pool])  # [B, (W), P]
        width = tf.shape(dense)[1] * self._pool
        # P more columns, so that there is something to choose from in a batch of none.
        dense = tf.pad(
            tf.reshape(dense, [number, width]), [[0, 0], [0, self._pool]], constant_values=_NEVER
        )
        scores, places = tf.math.top_k(dense, self._pool)  # [B, P]
        window = places // self._pool + tf.cast(ragged.row_starts(), tf.int32)[:, tf.newaxis]
        window = tf.where(scores > _NEVER, window, 0)
        slot = tf.stack([window, places % self._pool], axis=-1)
        first, last = (tf.gather_nd(column, slot) for column in spans.columns)
        begin, end = (tf.stack([window, column], axis=-1) for column in (first, last))
        offsets = (
            tf.gather_nd(windows.byte_starts, begin),
            tf.gather_nd(windows.byte_limits, end),
            tf.gather_nd(windows.char_starts, begin),
            tf.gather_nd(windows.char_limits, end),
        )
        return _Spans(scores, tuple(tf.where(scores > _NEVER, c, 0) for c in offsets))

    def _distinct(self, spans: _Spans, texts: tf.Tensor) -> tuple[tf.Tensor, _Spans]:
        """The N best spans with distinct texts, and these, [B, N] each."""
        cuts = _cut(texts, spans.columns[0], spans.columns[1])  # [B, P]
        before = tf.linalg.band_part(tf.ones([self._pool, self._pool], tf.bool), -1, 0)
        before = before & ~tf.eye(self._pool, dtype=tf.bool)
        same = cuts[:, :, tf.newaxis] == cuts[:, tf.newaxis]  # [B, P, P]
        repeated = tf.reduce_any(same & before, axis=-1)
        scores, order = tf.math.top_k(tf.where(repeated, _NEVER, spans.scores), self.n_best_size)
        take = lambda column: tf.gather(column, order, batch_dims=1)  # noqa: E731
        return take(cuts), _Spans(scores, tuple(take(column) for column in spans.columns))

    def _listed(self, scores: tf.Tensor, null: tf.Tensor) -> tf.Tensor:
        """Which spans are in the n-best list, bool [B, N].

        No answer takes the place of the last one if that is worse, and joins them if not.
        """
        listed = scores > _NEVER
        if self.squad_v2:
            last = tf.range(self.n_best_size) == max(1, self.n_best_size - 1)
            listed &= ~last | (scores >= null[:, tf.newaxis])
        return listed

    def _probabilities(
        self, scores: tf.Tensor, null: tf.Tensor, listed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Softmax over the n-best list, [B, N], and of no answer, [B]."""
        every = tf.concat([scores, null[:, tf.newaxis]], axis=1)
        listed = tf.concat([listed, tf.fill([tf.size(null), 1], self.squad_v2)], axis=1)
        chances = tf.nn.softmax(tf.where(listed, every, every.dtype.min))
        chances = tf.where(listed, chances, 0.0)
        return chances[:, :-1], chances[:, -1]

    def _chosen(
        self, best: dict[str, Any], score: tf.Tensor, null: tf.Tensor, null_chance: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        difference = tf.where(score > _NEVER, null - score, null)  # [B]
        refused = (difference > self.null_threshold) & self.squad_v2
        none = refused | (score == _NEVER)
        answer = {
            "answer": tf.where(none, "", best["answers"][:, 0]),
            "score": tf.where(none, null_chance, best["scores"][:, 0]),
        }
        for name in _OFFSETS:
            answer[name] = tf.where(none, _NOWHERE, best[f"{name}s"][:, 0])
        if self.squad_v2:
            answer |= {"null_score_difference": difference, "null_score": null_chance}
        return answer

    @property
    def _pool(self) -> int:
        return 3 * self.n_best_size


@tf.function(autograph=False, reduce_retracing=True)
def _cut(texts: tf.Tensor, starts: tf.Tensor, limits: tf.Tensor) -> tf.Tensor:
    """Bytes `starts` to `limits`, int64 [B, P], of `texts` [B].

    One text after another: side by side, each would be copied for each of its P spans.
    """
    # And an empty text after all, as there is no stacking of none.
    columns = (
        tf.concat([texts, [""]], 0),
        *(tf.pad(c, [[0, 1], [0, 0]]) for c in (starts, limits)),
    )
    cuts = tf.map_fn(
        lambda row: tf.strings.substr(row[0], row[1], row[2] - row[1]),
        columns,
        fn_output_signature=tf.TensorSpec([starts.shape[1]], tf.string),
    )
    return cuts[:-1]
