"""The characters that a vocabulary spells words with, and the share of a corpus they cover.

Every kept character becomes a piece of its own and, where it can stand inside a word, a
second one with `##`. So no word of kept characters is ever `[UNK]`. A word with any other
character is `[UNK]` as a whole: that is the rule of WordPiece, and why rare characters are
counted here and named.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from keras_bert.text.unicode_tables import is_isolated
from keras_bert.text.vocabulary import SUFFIX_INDICATOR

COVERAGE = 0.9995
MIN_FREQUENCY = 2


class Alphabet(NamedTuple):
    """Characters that are kept, in the order of their code points, and those that are not.

    Attributes:
        kept: occurrences of each kept character, by code point.
        lost: occurrences of each other character, by falling count.
    """

    kept: dict[str, int]
    lost: dict[str, int]

    @property
    def coverage(self) -> float:
        """Share of all occurrences that kept characters have, in 0..1; 1 of nothing."""
        kept, lost = sum(self.kept.values()), sum(self.lost.values())
        return kept / (kept + lost) if kept + lost else 1.0

    def spells(self, word: str) -> bool:
        """Whether all characters of a word are kept."""
        return all(character in self.kept for character in word)

    def pieces(self) -> list[str]:
        """The characters, then those that continue words with `##`."""
        return spelling_pieces(self.kept)


def choose_alphabet(
    counts: Mapping[str, int],
    room: int,
    *,
    coverage: float = COVERAGE,
    min_frequency: int = MIN_FREQUENCY,
) -> Alphabet:
    """Keeps the characters that a text is written in, and rare ones where there is room.

    Args:
        counts: occurrences of each word.
        room: pieces that characters may take up. The most frequent characters, until they
            cover enough, are kept even beyond it.
        coverage: share of all occurrences of characters that is enough, in 0..1; 1 keeps
            every character.
        min_frequency: occurrences of a rare character that is kept.

    Raises:
        ValueError: a coverage outside 0..1.
    """
    if not 0 <= coverage <= 1:
        raise ValueError(f"expected character coverage in 0..1; received {coverage}")
    characters: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            characters[character] += count
    enough = coverage * characters.total()
    kept: dict[str, int] = {}
    lost: dict[str, int] = {}
    covered = pieces = 0
    for character, count in sorted(characters.items(), key=lambda item: (-item[1], item[0])):
        needed = len(spelling_pieces([character]))
        has_room = count >= min_frequency and pieces + needed <= room
        if covered < enough or has_room:
            kept[character] = count
            pieces += needed
        else:
            lost[character] = count
        covered += count
    return Alphabet(dict(sorted(kept.items())), lost)


def spelling_pieces(characters: Iterable[str]) -> list[str]:
    """Pieces for each character: alone, and with `##` where it can continue a word."""
    characters = list(characters)
    inside = [character for character in characters if not is_isolated(character)]
    return [*characters, *(f"{SUFFIX_INDICATOR}{character}" for character in inside)]
