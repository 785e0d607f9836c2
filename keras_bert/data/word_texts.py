"""Words joined to texts, and entities of words to entities of characters and back.

Shapes: N records.
"""

import bisect
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from keras_bert.data.tagging_schemes import Span

# CJK ideographs, which stand without spaces, and the punctuation between them.
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_CJK_PUNCTUATION = "、。〈〉《》「」『』【】〔〕！（），：；？…—·“”‘’"


class WordText(NamedTuple):
    """A text made of words: word i is `text[starts[i]:limits[i]]`."""

    text: str
    starts: list[int]
    limits: list[int]

    def characters(self, span: Span) -> Span:
        """An entity of words as one of characters."""
        return Span(span.type, self.starts[span.start], self.limits[span.limit - 1])

    def words(self, span: Span) -> Span:
        """An entity of characters as one of the words that it touches."""
        first = bisect.bisect_right(self.limits, span.start)
        limit = bisect.bisect_left(self.starts, span.limit)
        return Span(span.type, first, max(limit, first + 1))


def join_words(words: Sequence[str], separator: str | None = None) -> WordText:
    """Joins the words of one sentence.

    Args:
        words: any strings.
        separator: what stands between two of them; None is nothing between CJK characters
            and a space elsewhere.
    """
    pieces, starts, limits, length, before = [], [], [], 0, ""
    for word in words:
        gap = "" if not starts else _gap(before, word) if separator is None else separator
        length += len(gap)
        starts.append(length)
        length += len(word)
        limits.append(length)
        pieces += [gap, word]
        before = word or before
    return WordText("".join(pieces), starts, limits)


def is_words(x: Any) -> bool:
    """Whether records are lists of words rather than texts."""
    records = x if isinstance(x, list | tuple) else ()
    return bool(records) and isinstance(records[0], list | tuple)


def check_words(x: Iterable[Any]) -> list[list[str]]:
    """Gives N sentences of words as lists.

    Raises:
        ValueError: a sentence that is no collection of strings.
    """
    sentences = list(x)
    for row, words in enumerate(sentences):
        if not isinstance(words, list | tuple) or not all(isinstance(w, str) for w in words):
            raise ValueError(f"expected words, a list of str, in row {row}; received {words!r:.80}")
    return [list(words) for words in sentences]


def _gap(before: str, word: str) -> str:
    return "" if _is_cjk(before[-1:]) and _is_cjk(word[:1]) else " "


def _is_cjk(character: str) -> bool:
    if not character:
        return False
    code = ord(character)
    return character in _CJK_PUNCTUATION or any(a <= code <= b for a, b in _IDEOGRAPHS)
