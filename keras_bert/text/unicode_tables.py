"""What Google's BERT does with each Unicode code point, as tables.

Source: `BasicTokenizer` of google-research/bert `tokenization.py` (clean, set CJK
apart, lower, NFD, strip accents, split on punctuation), worked out here once for
every code point from Python's own `unicodedata`, so that a graph can look it up.

A code point becomes one int32 *property word*. The tables hold it XOR the code point,
which makes most of their pages alike and so keeps them small.

    bits 0-20   the code point after lower() and NFD without Mn,
                or with MULTIPLE the number of its row in `expansions`
    bits 21-22  kind: EMPTY, SPACE, WORD, ISOLATED
    bit 23      MULTIPLE: becomes two or more code points
    bit 24      MARK: an accent (Mn) that is stripped; belongs to what stands before it
    bit 25      CASE_IGNORABLE, bit 26 CASED: for the rule of the final sigma
    bit 27      STARTER: nothing is reordered across it (canonical ordering)
    bits 28-30  rank of its combining class among the marks that are kept, or 0
"""

import functools
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

EMPTY, SPACE, WORD, ISOLATED = range(4)
KIND_SHIFT, RANK_SHIFT, PAGE_BITS = 21, 28, 7
CODE_POINT_MASK = (1 << KIND_SHIFT) - 1
MULTIPLE, MARK, CASE_IGNORABLE, CASED, STARTER = (1 << bit for bit in range(23, 28))

CAPITAL_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c2"
_END = 0x110000
_PAGE = 1 << PAGE_BITS
# Outside these, code points are CJK ideographs, unassigned, private or plain letters.
_EXAMINED = (
    range(0x3400),
    range(0x4DC0, 0x4E00),
    range(0xA000, 0x20000),
    range(0x2F800, 0x2FA20),
    range(0xE0000, 0xE1000),
)
CJK = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
# Combining classes of the marks that are not Mn (Mc): their order survives stripping.
_RANKS = {0: 0, 6: 1, 9: 2, 216: 3, 224: 4, 226: 5}


class UnicodeTables(NamedTuple):
    """Two-level tables; a code point's word is `words[pages[c >> 7] + (c & 127)] ^ c`.

    Attributes:
        pages: int32 [8704], where each page of 128 code points begins in `words`.
        words: int32 [128 x distinct pages], property words.
        expansions: int32 [sum of lengths], property words of what a MULTIPLE becomes.
        expansion_splits: int32 [rows + 1], where each row begins in `expansions`.
    """

    pages: np.ndarray
    words: np.ndarray
    expansions: np.ndarray
    expansion_splits: np.ndarray


@functools.cache
def unicode_tables(lowercase: bool) -> UnicodeTables:
    """Builds the tables of the cased or the uncased BERT (a fraction of a second, once)."""
    codes = np.arange(_END, dtype=np.int32)
    words = codes | WORD << KIND_SHIFT | STARTER
    for first, last in CJK:
        words[first : last + 1] = codes[first : last + 1] | ISOLATED << KIND_SHIFT | STARTER
    rows: dict[tuple[int, ...], int] = {}
    for code in _examined():
        words[code] = _property_word(chr(code), lowercase, rows)
    if lowercase:
        for code, flag in _case_flags():
            words[code] |= flag
    distinct, inverse = np.unique((words ^ codes).reshape(-1, _PAGE), axis=0, return_inverse=True)
    return UnicodeTables(
        pages=(inverse.reshape(-1) * _PAGE).astype(np.int32),
        words=distinct.reshape(-1),
        expansions=np.array([word for row in rows for word in row], np.int32),
        expansion_splits=np.cumsum([0, *map(len, rows)]).astype(np.int32),
    )


def look_up(tables: UnicodeTables, codes: np.ndarray) -> np.ndarray:
    """Returns the property words of code points, int32 of their shape."""
    return tables.words[tables.pages[codes >> PAGE_BITS] + (codes & (_PAGE - 1))] ^ codes


def kind_of(word: np.ndarray) -> np.ndarray:
    """Returns EMPTY, SPACE, WORD or ISOLATED."""
    return word >> KIND_SHIFT & 3


@functools.cache
def is_isolated(char: str) -> bool:
    """Whether a character is a word of its own: CJK or punctuation."""
    return _is_cjk(ord(char)) or _is_punctuation(char)


@functools.cache
def is_absent(char: str) -> bool:
    """Whether no word ever holds a character: white space, control, format, U+FFFD."""
    category = unicodedata.category(char)
    return category in ("Zs", "Zl", "Zp", "Cc", "Cf") or char == "\ufffd"


def _examined() -> Iterator[int]:
    for codes in _EXAMINED:
        yield from codes


def _property_word(char: str, lowercase: bool, rows: dict[tuple[int, ...], int]) -> int:
    category = unicodedata.category(char)
    if char in "\t\n\r" or category in ("Zs", "Zl", "Zp"):
        return ord(char) | SPACE << KIND_SHIFT | STARTER
    if category in ("Cc", "Cf") or char == "\ufffd":
        return EMPTY << KIND_SHIFT
    kind = ISOLATED if _is_cjk(ord(char)) else None
    if not lowercase:
        return _kept(char, kind) | STARTER
    decomposed = unicodedata.normalize("NFD", char.lower())
    starter = STARTER if any(not unicodedata.combining(part) for part in decomposed) else 0
    kept = [part for part in decomposed if unicodedata.category(part) != "Mn"]
    if not kept:
        return EMPTY << KIND_SHIFT | MARK | starter
    if len(kept) == 1:
        return _kept(kept[0], kind) | starter
    row = rows.setdefault(tuple(_kept(part, kind) for part in kept), len(rows))
    return row | WORD << KIND_SHIFT | MULTIPLE | starter


def _kept(char: str, kind: int | None) -> int:
    """The property word of a code point that stays as it is."""
    if kind is None:
        kind = ISOLATED if _is_punctuation(char) else WORD
    rank = 0 if unicodedata.category(char) == "Mn" else _RANKS[unicodedata.combining(char)]
    return ord(char) | kind << KIND_SHIFT | rank << RANK_SHIFT


def _is_cjk(code: int) -> bool:
    return any(first <= code <= last for first, last in CJK)


def _is_punctuation(char: str) -> bool:
    symbol_of_ascii = "!" <= char <= "~" and not char.isalnum()
    return symbol_of_ascii or unicodedata.category(char).startswith("P")


def _case_flags() -> Iterator[tuple[int, int]]:
    """Asks `str.lower` itself which code points its final-sigma rule skips or counts.

    A capital sigma becomes final after a cased letter, with case-ignorable ones
    skipped: after `c` alone when c is cased, after `Ac` when c is cased or skipped.
    """
    codes = [code for code in _examined() if code and not 0xD800 <= code < 0xE000]
    alone = "\0".join(f"{chr(code)}{CAPITAL_SIGMA}" for code in codes).lower().split("\0")
    after = "\0".join(f"A{chr(code)}{CAPITAL_SIGMA}" for code in codes).lower().split("\0")
    for code, first, second in zip(codes, alone, after, strict=True):
        if first.endswith(_FINAL_SIGMA):
            yield code, CASED
        elif second.endswith(_FINAL_SIGMA):
            yield code, CASE_IGNORABLE
