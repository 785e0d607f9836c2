"""What stands best at each `[MASK]` of a text: words with scores, and the text filled in.

Shapes: B texts, M masks of a text (the most of the batch), K words for each, V vocabulary.
"""

import tensorflow as tf

from keras_bert.text.vocabulary import MASK, SUFFIX_INDICATOR, Vocabulary


class FillAnswers:
    """Turns logits at masks into answers, in TensorFlow ops.

    Args:
        vocabulary: names the V word pieces.
        top_k: K; at most V.

    Raises:
        ValueError: a `top_k` beyond the vocabulary or below 1.
    """

    def __init__(self, vocabulary: Vocabulary, top_k: int = 5) -> None:
        if not 1 <= top_k <= len(vocabulary):
            raise ValueError(f"expected top_k from 1 to {len(vocabulary)}; received {top_k}")
        self.vocabulary = vocabulary
        self.top_k = int(top_k)

    def __call__(
        self, logits: tf.Tensor, num_masks: tf.Tensor, texts: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Answers for each text.

        Args:
            logits: float [B, M, V'] at the masks, V' at least V; those beyond V have no word
                and are left out.
            num_masks: int32 [B].
            texts: string [B], with as many `[MASK]` or more.

        Returns:
            `words` string [B, M, K], the most probable word pieces, and `scores` float32
            [B, M, K], their probabilities among all, "" and 0 beyond `num_masks` int32
            [B]; `filled` string [B], the texts with their masks replaced by the best word.
        """
        logits = tf.cast(logits, tf.float32)
        size = len(self.vocabulary)
        log_total = tf.reduce_logsumexp(logits, axis=-1, keepdims=True)  # [B, M, 1]
        best, ids = tf.math.top_k(logits[..., :size], k=self.top_k)  # [B, M, K]
        real = tf.sequence_mask(num_masks, tf.shape(logits)[1])[..., tf.newaxis]  # [B, M, 1]
        words = tf.where(real, tf.gather(tf.constant(list(self.vocabulary)), ids), "")
        return {
            "words": words,
            "scores": tf.where(real, tf.exp(best - log_total), 0.0),
            "num_masks": num_masks,
            "filled": _filled(texts, words[..., 0], num_masks),
        }


def _filled(texts: tf.Tensor, words: tf.Tensor, num_masks: tf.Tensor) -> tf.Tensor:
    """Replaces the first `num_masks` [B] masks of each text by words [B, M]."""
    parts = tf.strings.split(texts, sep=MASK)  # [B, (masks + 1)]
    number = tf.ragged.range(parts.row_lengths()).values  # of the part in its text
    rows = parts.value_rowids()
    count = tf.cast(tf.gather(num_masks, rows), tf.int64)  # [parts]
    width = tf.shape(words, out_type=tf.int64)[1]
    padded = tf.pad(words, [[0, 0], [0, 1]], constant_values="")  # there may be no mask at all
    at = tf.stack([rows, tf.minimum(tf.maximum(number - 1, 0), width)], axis=1)
    before = tf.gather_nd(padded, at)  # [parts], the word before each part
    before = tf.where(number - 1 < count, before, MASK)
    before = tf.where(number == 0, "", before)
    continues = tf.strings.regex_full_match(before, f"{SUFFIX_INDICATOR}.+")
    before = tf.strings.regex_replace(before, f"^{SUFFIX_INDICATOR}(.+)$", r"\1")
    # A continuation stands without a space behind what it continues.
    glued = tf.concat([continues[1:], [False]], axis=0)
    text = tf.where(glued, tf.strings.regex_replace(parts.values, r"\s+$", ""), parts.values)
    joined = parts.with_values(tf.strings.join([before, text]))
    return tf.strings.reduce_join(joined, axis=-1)
