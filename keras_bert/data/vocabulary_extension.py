"""Continues a vocabulary: pieces that a new domain would use, on top of those there are.

Words of the domain are cut by the old vocabulary, and the pair of neighbouring pieces that
is most frequent is joined, again and again, as byte-pair encoding does from characters
(Sennrich et al. 2016, arXiv:1508.07909). So every new piece saves as many pieces as it is
frequent, and stands for a run of old pieces: those that longest match gives for it, because
that match of a word, cut at a border of two pieces, is the match of both parts.

Before that, characters that the old vocabulary lacks become pieces.
"""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from keras_bert.data.alphabet import MIN_FREQUENCY
from keras_bert.data.pair_joining import PairJoining
from keras_bert.data.segmentation import segment
from keras_bert.data.wordpiece_training import LONGEST_WORD
from keras_bert.text.vocabulary import SUFFIX_INDICATOR, UNKNOWN, Vocabulary

_UNUSED = re.compile(r"\[unused\d+\]")


class ChangedVocabulary(NamedTuple):
    """A vocabulary made from an old one.

    Attributes:
        vocabulary: the new pieces by id.
        sources: for each of them the old ids that it stands for: its own one, or several,
            whose embeddings' mean is the first guess of its embedding.
    """

    vocabulary: Vocabulary
    sources: list[tuple[int, ...]]


def extend_vocabulary(
    old: Vocabulary,
    counts: Mapping[str, int],
    add: int,
    *,
    replace_unused: bool = True,
    min_frequency: int = MIN_FREQUENCY,
) -> ChangedVocabulary:
    """Adds up to `add` pieces for the words of a domain; fewer where it has no more.

    Args:
        old: the vocabulary to continue; every piece of it, but `[unused…]`, keeps its id.
        counts: occurrences of each normalised word of the domain.
        add: the number of pieces to add, at least 1.
        replace_unused: new pieces first take the places of `[unused…]`, then the end.
        min_frequency: a piece that would be used less often is not added.

    Raises:
        ValueError: no words, or nothing to add.
    """
    if add < 1:
        raise ValueError(f"expected 1 or more pieces to add; received {add}")
    if not counts:
        raise ValueError("expected a corpus with words; received one without any")
    counts = {word: count for word, count in counts.items() if len(word) <= LONGEST_WORD}
    spelled = _new_characters(old, counts, add, min_frequency)
    unknown = (old.id_of(UNKNOWN),)
    sources: dict[str, tuple[int, ...]] = {piece: (i,) for i, piece in enumerate(old)}
    sources |= dict.fromkeys(spelled, unknown)
    rows = _pieces_of_words(Vocabulary([*old, *spelled]), list(counts))
    joining = PairJoining(rows, list(counts.values()), min_frequency)
    found: dict[str, tuple[int, ...]] = dict.fromkeys(spelled, unknown)
    for left, right, joined in joining.until(add - len(spelled)):
        sources[joined] = sources[left] + sources[right]
    found |= {piece: sources[piece] for piece in joining.pieces()}
    return _placed(old, found, replace_unused)


def _new_characters(
    old: Vocabulary, counts: Mapping[str, int], most: int, min_frequency: int
) -> list[str]:
    """Characters, alone or with `##`, that keep words from being spelled; frequent ones first."""
    missing: Counter[str] = Counter()
    for word, pieces in zip(counts, _pieces_of_words(old, list(counts)), strict=True):
        if pieces == [UNKNOWN]:
            for place, character in enumerate(word):
                piece = f"{SUFFIX_INDICATOR}{character}" if place else character
                missing[piece] += counts[word] if piece not in old else 0
    ordered = sorted(missing.items(), key=lambda item: (-item[1], item[0]))
    return [piece for piece, count in ordered if count >= min_frequency][:most]


def _pieces_of_words(vocabulary: Vocabulary, words: Sequence[str]) -> list[list[str]]:
    ids, splits = segment(vocabulary, words)
    pieces = [vocabulary[i] for i in ids.tolist()]
    return [pieces[start:limit] for start, limit in itertools.pairwise(splits.tolist())]


def _placed(
    old: Vocabulary, found: Mapping[str, tuple[int, ...]], replace_unused: bool
) -> ChangedVocabulary:
    tokens = list(old)
    sources: list[tuple[int, ...]] = [(i,) for i in range(len(old))]
    unused = [i for i, token in enumerate(old) if replace_unused and _UNUSED.fullmatch(token)]
    for place, (piece, origin) in zip(unused, found.items(), strict=False):
        tokens[place], sources[place] = piece, origin
    rest = list(found.items())[len(unused) :]
    tokens += [piece for piece, _ in rest]
    return ChangedVocabulary(Vocabulary(tokens), [*sources, *(origin for _, origin in rest)])
