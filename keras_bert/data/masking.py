"""Masked language modelling's inputs and targets, drawn anew whenever they are asked for.

Of a row's word pieces, a share is chosen; of those, 80% become `[MASK]`, 10% another
piece and 10% stay, and the model says what stood there.

Chosen are *grams*: runs of units, where a unit is a word piece or, with `whole_word`, a
word with all its pieces. A gram has 1 to `max_ngram` units, n of them with a probability
in proportion to 1/n. Grams are taken in random order as long as they fit into the row's
number of predictions; those that do not are passed over.

The same TensorFlow graph runs eagerly and in `tf.data`, and its draws depend on a key
alone.

Source: Devlin et al. 2019, arXiv:1810.04805, section 3.1 and appendix A.1;
`create_masked_lm_predictions` of google-research/bert (`round` and the bounds of the
number, whole words as published in May 2019); n-grams, Lan et al. 2020, arXiv:1909.11942,
section 3.1.

Shapes: B rows, S positions, P predictions a row, V vocabulary.
"""

import re
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_bert.data.gram_choice import choose, grams_of
from keras_bert.text.vocabulary import MASK, SPECIAL_TOKENS, SUFFIX_INDICATOR, Vocabulary

MASK_SHARE, RANDOM_SHARE = 0.8, 0.1
_PLACEHOLDER = re.compile(r"\[unused\d+\]")


class TokenMasker:
    """Chooses word pieces and masks them.

    Special tokens are never chosen, and neither they nor `[unused…]` ones replace a
    piece. A row with a piece to choose gets one prediction at least: where every word is
    longer than the number of predictions, one word is chosen beyond that number, and cut
    if it exceeds `max_predictions_per_seq`.

    Args:
        vocabulary: of the word ids.
        masked_lm_prob: share of a row's tokens, special ones counted, that is predicted.
        max_predictions_per_seq: P, the most predictions of a row.
        whole_word: choose the pieces of a word together.
        max_ngram: the most units that are chosen together.

    Call arguments:
        features: dict of int32 [B, S] tensors, of which `input_word_ids` and
            `input_mask` are read; others pass through.
        key: int64 [2]; the same key and features give the same draws.

    Returns:
        The features with masked `input_word_ids`, and `masked_lm_positions` int32 [B, P]
        in ascending order, `masked_lm_ids` int32 [B, P], the pieces that stood there,
        and `masked_lm_weights` float32 [B, P]: 1 at predictions, 0 at the padding of
        these three, which is zeros.

    Raises:
        ValueError: a share outside of (0, 1], numbers below 1, or a vocabulary with
            nothing to replace a piece by.

    Example:
        >>> masker = TokenMasker(preprocessor.tokenizer.vocabulary, whole_word=True)
        >>> features = masker(preprocessor(["a text"]), key=(0, 1))
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        masked_lm_prob: float = 0.15,
        max_predictions_per_seq: int = 20,
        whole_word: bool = False,
        max_ngram: int = 1,
    ) -> None:
        if not 0 < masked_lm_prob <= 1:
            raise ValueError(f"expected masked_lm_prob in (0, 1]; received {masked_lm_prob}")
        if max_predictions_per_seq < 1 or max_ngram < 1:
            raise ValueError(
                "expected max_predictions_per_seq and max_ngram of at least 1; received "
                f"max_predictions_per_seq={max_predictions_per_seq}, max_ngram={max_ngram}"
            )
        self.masked_lm_prob = float(masked_lm_prob)
        self.max_predictions_per_seq = int(max_predictions_per_seq)
        self.whole_word = bool(whole_word)
        self.max_ngram = int(max_ngram)
        self._tables(vocabulary)
        self._function = tf.function(self._draw, autograph=False, reduce_retracing=True)

    def _tables(self, vocabulary: Vocabulary) -> None:
        special = set(SPECIAL_TOKENS)
        replacements = [
            number
            for number, token in enumerate(vocabulary)
            if token not in special and not _PLACEHOLDER.fullmatch(token)
        ]
        if not replacements:
            raise ValueError(
                "expected a vocabulary with tokens beyond the special ones; received "
                f"{len(vocabulary)} tokens, all of them special"
            )
        with tf.init_scope(), tf.device("CPU:0"):
            self._mask_id = vocabulary.id_of(MASK)
            self._replacements = tf.constant(replacements, tf.int32)
            self._maskable = tf.constant([token not in special for token in vocabulary])
            self._continues = tf.constant([t.startswith(SUFFIX_INDICATOR) for t in vocabulary])

    def settings(self) -> dict[str, Any]:
        """The arguments other than the vocabulary, for JSON."""
        return {
            "masked_lm_prob": self.masked_lm_prob,
            "max_predictions_per_seq": self.max_predictions_per_seq,
            "whole_word": self.whole_word,
            "max_ngram": self.max_ngram,
        }

    def __call__(self, features: Mapping[str, Any], key: Any) -> dict[str, tf.Tensor]:
        """Masks a batch; see the class."""
        ids = tf.convert_to_tensor(features["input_word_ids"], tf.int32)
        mask = tf.convert_to_tensor(features["input_mask"], tf.int32)
        drawn = self._function(ids, mask, tf.cast(tf.convert_to_tensor(key), tf.int64))
        return {**features, **drawn}

    def _draw(self, ids: tf.Tensor, mask: tf.Tensor, key: tf.Tensor) -> dict[str, tf.Tensor]:
        # Of this generator's draws those on other devices could differ.
        with tf.device("CPU:0"):
            keys = tf.random.split(key, 4, alg="philox")  # [4, 2]
            maskable = tf.gather(self._maskable, ids) & (mask > 0)  # [B, S]
            continues = tf.gather(self._continues, ids) & self.whole_word
            grams = grams_of(maskable, continues, self.max_ngram, keys[0])
            wanted = self._wanted(mask)
            chosen = choose(grams, wanted, self.max_predictions_per_seq, keys[1])  # [B, S]
            replaced = tf.where(chosen, self._replaced(ids, keys[2], keys[3]), ids)
            return {"input_word_ids": replaced, **self._targets(ids, chosen)}

    def _wanted(self, mask: tf.Tensor) -> tf.Tensor:
        """The number of predictions, int32 [B], as Google's code has it."""
        tokens = tf.cast(tf.reduce_sum(mask, axis=1), tf.float32)
        share = tf.cast(tf.round(tokens * self.masked_lm_prob), tf.int32)
        return tf.clip_by_value(share, 1, self.max_predictions_per_seq)

    def _replaced(self, ids: tf.Tensor, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """What each piece would become if it were chosen, int32 [B, S]."""
        shape = tf.shape(ids)
        fate = tf.random.stateless_uniform(shape, first, alg="philox")
        number = tf.random.stateless_uniform(
            shape, second, 0, tf.size(self._replacements), tf.int32, alg="philox"
        )
        others = tf.where(
            fate < MASK_SHARE + RANDOM_SHARE, tf.gather(self._replacements, number), ids
        )
        return tf.where(fate < MASK_SHARE, self._mask_id, others)

    def _targets(self, ids: tf.Tensor, chosen: tf.Tensor) -> dict[str, tf.Tensor]:
        """The positions of `chosen` [B, S] and what stands there, padded to P."""
        most = self.max_predictions_per_seq
        length = tf.shape(ids)[1]
        place = tf.where(chosen, tf.range(length), length)  # the chosen ones sort first
        place = tf.pad(tf.sort(place, axis=1), [[0, 0], [0, most]], constant_values=0)[:, :most]
        kept = tf.sequence_mask(tf.reduce_sum(tf.cast(chosen, tf.int32), axis=1), most)
        positions = tf.where(kept, place, 0)  # [B, P]
        return {
            "masked_lm_positions": positions,
            "masked_lm_ids": tf.where(kept, tf.gather(ids, positions, batch_dims=1), 0),
            "masked_lm_weights": tf.cast(kept, tf.float32),
        }
