"""Pairs of passages for next-sentence prediction, as Google's recipe chooses them.

A document is cut into chunks of whole sentences that reach the row's length. A chunk is
split between two of its sentences at random into A and B. Every other time B is replaced
by a passage of another document, and the sentences of the true B begin the next chunk; a
chunk of a single sentence always gets such a B. What is too long is then cut, the longer
passage first, at the front or at the back by chance.

Where the recipe meets a document that is alone it takes B from that document, which may
be the very next sentence. Here that B neither follows A nor overlaps it, and there is no
pair where no such text is left.

Everything is decided on positions: a passage is a range in the word pieces of all
documents, one after the other.

Source: Devlin et al. 2019, arXiv:1810.04805, appendix A.2; `create_instances_from_document`
and `truncate_seq_pair` of google-research/bert `create_pretraining_data.py`.
"""

import bisect
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Where each sentence of a document begins, and where the last one ends.
Bounds = Sequence[int]


class Passages(NamedTuple):
    """What a row is made of: ranges of word pieces; B is empty in rows of one passage."""

    a_start: int
    a_stop: int
    b_start: int = 0
    b_stop: int = 0
    not_next: int = 0


class _Chunk(NamedTuple):
    """Sentences `first` to `last` of a document, of which A has those before `split`."""

    first: int
    split: int
    last: int
    target: int  # word pieces that A and B should have together


def document_pairs(
    documents: Sequence[Bounds],
    number: int,
    most: int,
    short_sequence_prob: float,
    rng: random.Random,
) -> Iterator[Passages]:
    """Yields the pairs of one document.

    Args:
        documents: bounds of each document; none is without sentences or has empty ones.
        number: which of them.
        most: word pieces of A and B together, at least 2.
        short_sequence_prob: how often a document's rows are shorter, of 2 to `most` pieces.
        rng: of all choices.
    """
    bounds = documents[number]
    target = most if rng.random() >= short_sequence_prob else rng.randint(2, most)
    end = len(bounds) - 2  # the last sentence
    first = last = 0
    while last <= end:
        if last == end or bounds[last + 1] - bounds[first] >= target:
            split = first + (rng.randint(1, last - first) if last > first else 1)
            chunk = _Chunk(first, split, last, target)
            pair = _pair(documents, number, chunk, rng)
            if pair is not None:
                yield _cut(pair, most, rng)
                last = split - 1 if pair.not_next else last
            first = last + 1
        last += 1


def _pair(
    documents: Sequence[Bounds], number: int, chunk: _Chunk, rng: random.Random
) -> Passages | None:
    """A with what follows it or with something else; None where there is neither."""
    bounds, single = documents[number], chunk.first == chunk.last
    start, stop = bounds[chunk.first], bounds[chunk.split]
    if single or rng.random() < 0.5:
        wanted = chunk.target - (stop - start)
        other = (
            _elsewhere(documents, number, wanted, rng)
            if len(documents) > 1
            else _apart(bounds, chunk, wanted, rng)
        )
        if other is not None:
            return Passages(start, stop, *other, 1)
    if single:
        return None
    return Passages(start, stop, stop, bounds[chunk.last + 1])


def _elsewhere(
    documents: Sequence[Bounds], number: int, wanted: int, rng: random.Random
) -> tuple[int, int]:
    """About `wanted` pieces from a random sentence of another document on."""
    other = rng.randrange(len(documents) - 1)
    bounds = documents[other + (other >= number)]
    return _from(bounds, rng.randrange(len(bounds) - 1), len(bounds) - 1, wanted)


def _apart(
    bounds: Bounds, chunk: _Chunk, wanted: int, rng: random.Random
) -> tuple[int, int] | None:
    """The same within the document: not A's sentences, nor the one after them."""
    sentences = len(bounds) - 1
    taken = min(chunk.split + 1, sentences) - chunk.first
    if taken == sentences:
        return None
    begin = rng.randrange(sentences - taken)
    if begin < chunk.first:
        return _from(bounds, begin, chunk.first, wanted)
    return _from(bounds, begin + taken, sentences, wanted)


def _from(bounds: Bounds, begin: int, end: int, wanted: int) -> tuple[int, int]:
    """Sentences from `begin` on until there are `wanted` pieces, `end` at the latest."""
    reached = bisect.bisect_left(bounds, bounds[begin] + wanted, begin + 1, end)
    return bounds[begin], bounds[reached]


def _cut(pair: Passages, most: int, rng: random.Random) -> Passages:
    """Shortens the longer passage, B where both are alike, piece by piece to `most`."""
    a, b = pair.a_stop - pair.a_start, pair.b_stop - pair.b_start
    over = max(0, a + b - most)
    uneven = min(over, abs(a - b))
    from_a = uneven * (a > b) + (over - uneven) // 2
    a_start, a_stop = _shortened(pair.a_start, pair.a_stop, from_a, rng)
    b_start, b_stop = _shortened(pair.b_start, pair.b_stop, over - from_a, rng)
    return Passages(a_start, a_stop, b_start, b_stop, pair.not_next)


def _shortened(start: int, stop: int, count: int, rng: random.Random) -> tuple[int, int]:
    front = rng.getrandbits(count).bit_count() if count else 0  # a coin for each piece
    return start + front, stop - (count - front)
