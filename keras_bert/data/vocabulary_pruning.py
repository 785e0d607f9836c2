"""Keeps the pieces of a vocabulary that a corpus uses; the others go.

Longest match over fewer pieces finds the same pieces in a word as long as those are all
kept: so with `min_count` 1 the corpus is tokenized as before, ids apart. A word that used a
piece which went is spelled with shorter ones, and is `[UNK]` where even a character is gone.
"""

from collections.abc import Mapping

from keras_bert.data.segmentation import use_of
from keras_bert.data.vocabulary_extension import ChangedVocabulary
from keras_bert.text.vocabulary import SPECIAL_TOKENS, SUFFIX_INDICATOR, Vocabulary


def prune_vocabulary(
    old: Vocabulary,
    counts: Mapping[str, int],
    *,
    min_count: int = 1,
    keep_characters: bool = True,
) -> ChangedVocabulary:
    """Drops the pieces that a corpus does not use; the others keep their order.

    Args:
        old: the vocabulary.
        counts: occurrences of each normalised word of the corpus.
        min_count: a piece that is used less often goes.
        keep_characters: keep all pieces of one character, so that other texts are spelled
            as far as they were.

    Raises:
        ValueError: no words, or a threshold below 1.
    """
    if min_count < 1:
        raise ValueError(f"expected min_count of at least 1; received {min_count}")
    if not counts:
        raise ValueError("expected a corpus with words; received one without any")
    used = use_of(old, counts).pieces >= min_count
    kept = [
        number
        for number, piece in enumerate(old)
        if used[number] or piece in SPECIAL_TOKENS or (keep_characters and _is_character(piece))
    ]
    return ChangedVocabulary(
        Vocabulary(old[number] for number in kept), [(number,) for number in kept]
    )


def _is_character(piece: str) -> bool:
    return len(piece) == 1 or len(piece.removeprefix(SUFFIX_INDICATOR)) == 1
