"""From logits of word pieces to entities cut from the original texts, in TensorFlow ops.

    logits of windows ──► one row a token ──► tags ──► entities: strings, types, offsets

A token is a word as BERT splits texts: at spaces and punctuation, each CJK character alone.
Its first word piece is classified; the `##` pieces behind it follow. Where texts came as
words, a token is one of these words.

Shapes: B records, W windows, S positions, C tags, V word pieces of the vocabulary, P pieces
and N tokens of all records together, M entities of a record.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_bert.text.viterbi import viterbi
from keras_bert.text.vocabulary import Vocabulary
from keras_bert.text.windows import Windows

DECODINGS = ("viterbi", "argmax")
_CONTINUES = "##"


class Tokens(NamedTuple):
    """Tokens of B records in their order: `rows` int32 [N], `logits` float32 [N, C].

    `byte_starts`, `byte_limits`, `char_starts`, `char_limits`: int64 [N], in the texts.
    """

    rows: tf.Tensor
    logits: tf.Tensor
    byte_starts: tf.Tensor
    byte_limits: tf.Tensor
    char_starts: tf.Tensor
    char_limits: tf.Tensor


class EntityAnswers:
    """Entities with types, scores and offsets.

    Args:
        vocabulary: the tokenizer's.
        types: type of each of the C tags; empty for the tag outside of entities.
        begins: bool [C], tags that begin an entity whatever stands before.
        ends: bool [C], tags that end one whatever follows.
        allowed: what `TagSet.allowed` gives: bool [C], [C] and [C, C].
        decoding: "viterbi" finds the most probable well-formed tags; "argmax" takes the
            most probable tag of each token, and a tag that cannot go on with the entity
            before it begins one.

    Raises:
        ValueError: an unknown decoding.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        types: Sequence[str],
        begins: Sequence[bool],
        ends: Sequence[bool],
        allowed: tuple[np.ndarray, np.ndarray, np.ndarray],
        decoding: str = "viterbi",
    ) -> None:
        if decoding not in DECODINGS:
            raise ValueError(f"expected decoding of {DECODINGS}; received {decoding!r}")
        self.types = list(types)
        self.begins = np.array(begins, bool)
        self.ends = np.array(ends, bool)
        self.allowed = allowed
        self.decoding = decoding
        self._heads = np.array([not piece.startswith(_CONTINUES) for piece in vocabulary])  # [V]

    def __call__(
        self, logits: tf.Tensor, windows: Windows, heads: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        """Answers for each record.

        Args:
            logits: float [W, S, C].
            windows: what they were computed from.
            heads: bool [W, S], the first pieces of tokens; None finds them.

        Returns:
            `entities` and `types` string [B, M], `scores` float32 [B, M] (mean over the
            entity's tokens of the probability of their tags), `byte_starts`,
            `byte_limits`, `char_starts`, `char_limits` int64 [B, M] (limits exclusive);
            rows end in "", 0 and -1 from `num_entities`, int32 [B], on.
        """
        with tf.device("CPU:0"):
            heads = self.heads(windows) if heads is None else heads
            tokens = tokens_of(tf.cast(logits, tf.float32), windows, heads)
            number = tf.size(windows.texts)
            return self._entities(tokens, self._tags(tokens, number), windows.texts)

    def heads(self, windows: Windows) -> tf.Tensor:
        """The pieces that begin a word, bool [W, S]; pieces around the texts are none."""
        begins = tf.gather(tf.constant(self._heads), windows.features["input_word_ids"])
        return begins & (windows.pieces >= 0)

    def _tags(self, tokens: Tokens, records: tf.Tensor) -> tf.Tensor:
        """The tag of each token, int32 [N]."""
        if self.decoding == "argmax":
            return tf.argmax(tokens.logits, axis=-1, output_type=tf.int32)
        ragged = _by_record(tf.nn.log_softmax(tokens.logits), tokens.rows, records)
        lengths = tf.cast(ragged.row_lengths(), tf.int32)  # [B]
        scores = ragged.to_tensor(shape=[None, None, len(self.types)])  # [B, L, C]
        tags = viterbi(scores, lengths, *self.allowed)
        return tf.boolean_mask(tags, tf.sequence_mask(lengths, tf.shape(tags)[1]))

    def _entities(self, tokens: Tokens, tags: tf.Tensor, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        begin, inside = self._borders(tokens.rows, tags)
        number = (tf.cumsum(tf.cast(begin, tf.int32)) - 1)[inside]  # of each inner token
        first = lambda column: tf.boolean_mask(column, begin)  # noqa: E731
        last = lambda column: tf.math.segment_max(column[inside], number)  # noqa: E731
        chosen = tf.gather(tf.nn.softmax(tokens.logits), tags, batch_dims=1)  # [N]
        starts, limits = first(tokens.byte_starts), last(tokens.byte_limits)
        rows = first(tokens.rows)
        columns = {
            "entities": tf.strings.substr(tf.gather(texts, rows), starts, limits - starts),
            "types": tf.gather(tf.constant(self.types), first(tags)),
            "scores": tf.math.segment_mean(chosen[inside], number),
            "byte_starts": starts,
            "byte_limits": limits,
            "char_starts": first(tokens.char_starts),
            "char_limits": last(tokens.char_limits),
        }
        records = tf.size(texts)
        answers = {
            name: _by_record(column, rows, records).to_tensor(_filling(column))
            for name, column in columns.items()
        }
        counts = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, records)
        return answers | {"num_entities": counts}

    def _borders(self, rows: tf.Tensor, tags: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Tokens that begin an entity, and all that are in one: bool [N] each."""
        numbers = {type: number for number, type in enumerate(dict.fromkeys(self.types))}
        types = tf.gather(tf.constant([numbers[type] for type in self.types]), tags)
        inside = tf.gather(tf.constant([bool(type) for type in self.types]), tags)
        goes_on = (types[1:] == types[:-1]) & (rows[1:] == rows[:-1])
        goes_on &= ~tf.gather(tf.constant(self.ends), tags[:-1])
        goes_on = tf.concat([tf.zeros_like(inside[:1]), goes_on], axis=0)
        return inside & (tf.gather(tf.constant(self.begins), tags) | ~goes_on), inside


def tokens_of(logits: tf.Tensor, windows: Windows, heads: tf.Tensor) -> Tokens:
    """One row a token: its first piece in the window where that has its maximum context.

    Args:
        logits: float32 [W, S, C].
        windows: what they were computed from.
        heads: bool [W, S], the first pieces of tokens; the first of a record is one.
    """
    best = windows.best
    pick = lambda column: tf.boolean_mask(column, best)  # noqa: E731, [P]
    rows = pick(tf.broadcast_to(windows.rows[:, tf.newaxis], tf.shape(best)))
    pieces = tf.cast(pick(windows.pieces), tf.int64)
    longest = tf.reduce_max(tf.concat([pieces, [0]], axis=0)) + 1
    order = tf.argsort(tf.cast(rows, tf.int64) * longest + pieces)
    ordered = lambda column: tf.gather(pick(column), order)  # noqa: E731, [P]
    begins = ordered(heads)
    token = tf.cumsum(tf.cast(begins, tf.int32)) - 1  # [P]
    first = lambda column: tf.boolean_mask(ordered(column), begins)  # noqa: E731, [N]
    last = lambda column: tf.math.segment_max(ordered(column), token)  # noqa: E731
    return Tokens(
        tf.boolean_mask(tf.gather(rows, order), begins),
        first(logits),
        first(windows.byte_starts),
        last(windows.byte_limits),
        first(windows.char_starts),
        last(windows.char_limits),
    )


def _by_record(values: tf.Tensor, rows: tf.Tensor, records: tf.Tensor) -> tf.RaggedTensor:
    rows, records = tf.cast(rows, tf.int64), tf.cast(records, tf.int64)
    return tf.RaggedTensor.from_value_rowids(values, rows, records, validate=False)


def _filling(column: tf.Tensor) -> object:
    if column.dtype == tf.string:
        return ""
    return tf.constant(0 if column.dtype.is_floating else -1, column.dtype)
