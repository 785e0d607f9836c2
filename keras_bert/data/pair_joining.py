"""Joins the most frequent pair of neighbouring pieces in a list of words, step by step.

Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909), begun from any pieces. Each step
looks only at the words that hold the pair, so that a step costs what it changes.
"""

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from keras_bert.text.vocabulary import SUFFIX_INDICATOR

Pair = tuple[str, str]


class PairJoining:
    """Words as lists of pieces, which grow shorter with each step.

    Args:
        words: the pieces of each word; changed in place.
        counts: occurrences of each word.
        min_frequency: rarer pairs are not joined, and what is rarer at the end, because
            longer pieces took its place, does not count as found.
    """

    def __init__(self, words: list[list[str]], counts: Sequence[int], min_frequency: int):
        self._words, self._counts = words, counts
        self._least = max(1, min_frequency)
        self._pairs: Counter[Pair] = Counter()
        self._holders: dict[Pair, set[int]] = defaultdict(set)
        self._uses: dict[str, int] = {}  # of the joined pieces
        self._heap: list[tuple[int, Pair]] = []
        for number, word in enumerate(words):
            self._count_pairs(number, word, counts[number])
        for pair in self._pairs:
            self._push(pair)

    def until(self, wanted: int) -> Iterator[tuple[str, str, str]]:
        """Joins until so many joined pieces are in use: yields left, right, and the joined."""
        in_use = 0
        while in_use < wanted and (pair := self._most_frequent()) is not None:
            joined = pair[0] + pair[1].removeprefix(SUFFIX_INDICATOR)
            before = self._number_in_use(joined, *pair)
            self._join(pair, joined)
            in_use += self._number_in_use(joined, *pair) - before
            yield *pair, joined

    def pieces(self) -> list[str]:
        """The joined pieces that are still in use, in the order of their making."""
        return [piece for piece, uses in self._uses.items() if uses >= self._least]

    def _number_in_use(self, *pieces: str) -> int:
        return sum(self._uses.get(piece, 0) >= self._least for piece in set(pieces))

    def _most_frequent(self) -> Pair | None:
        """Equal counts: the pair that comes first by code points, so that runs agree."""
        while self._heap:
            negated, pair = heapq.heappop(self._heap)
            if self._pairs[pair] == -negated:
                return pair
            self._push(pair)  # it has become rarer since
        return None

    def _push(self, pair: Pair) -> None:
        if self._pairs[pair] >= self._least:
            heapq.heappush(self._heap, (-self._pairs[pair], pair))

    def _join(self, pair: Pair, joined: str) -> None:
        self._uses.setdefault(joined, 0)
        touched: set[Pair] = set()
        for number in self._holders.pop(pair):
            word, count = self._words[number], self._counts[number]
            shorter = _joined(word, pair, joined)
            times = len(word) - len(shorter)
            if not times:  # the word lost the pair to an earlier step
                continue
            self._count_pairs(number, word, -count)
            self._count_pairs(number, shorter, count)
            self._words[number] = shorter
            touched.update(itertools.pairwise(shorter))
            self._uses[joined] += times * count
            for piece in pair:
                if piece in self._uses:
                    self._uses[piece] -= times * count
        for grown in sorted(touched):
            if joined in grown:
                self._push(grown)

    def _count_pairs(self, number: int, word: list[str], count: int) -> None:
        for pair in itertools.pairwise(word):
            self._pairs[pair] += count
            if count > 0:
                self._holders[pair].add(number)


def _joined(word: list[str], pair: Pair, joined: str) -> list[str]:
    """The word with each occurrence of the pair as one piece, from the left."""
    shorter: list[str] = []
    place = 0
    while place < len(word):
        if place + 1 < len(word) and (word[place], word[place + 1]) == pair:
            shorter.append(joined)
            place += 2
        else:
            shorter.append(word[place])
            place += 1
    return shorter
