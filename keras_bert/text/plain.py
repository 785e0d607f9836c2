"""Which texts need no normalisation: those may take the short way.

On these code points tensorflow-text's own splitting (FastWordpiece) does exactly what
Google's rules do, and lower-casing ASCII is all the normalisation there is. Tests hold
both against each other for every one of them. Texts of nothing else, whose unbroken
runs are short, are *plain*.
"""

import functools

import numpy as np

from keras_bert.text import unicode_tables as unicode

# Blocks whose characters were all assigned long before the oldest Unicode in use here,
# so that ICU's and Python's tables agree about them.
_BLOCKS = (
    (0x09, 0x0A),
    (0x0D, 0x0D),
    (0x20, 0x7E),
    (0xA0, 0x24F),  # Latin-1, Latin Extended
    (0x388, 0x3CE),  # Greek
    (0x400, 0x481),  # Cyrillic
    (0x2000, 0x205F),  # punctuation: dashes, quotation marks
    (0x20A0, 0x20B5),  # currency
    (0x2100, 0x214B),
    (0x2190, 0x23CF),  # arrows, mathematics
    (0x2500, 0x266F),
    (0x3000, 0x303F),  # CJK punctuation
    (0x3041, 0x3096),
    (0x30A0, 0x30FF),
    (0x4E00, 0x9FA5),
    (0xAC00, 0xD7A3),  # Hangul
    (0xFF01, 0xFF60),  # full-width forms
    (0x1F300, 0x1F5FF),
    (0x1F600, 0x1F64F),
)
# A character takes at most 4 bytes in UTF-8.
LONGEST_RUN = 50
_SHORTEST_RANGE = 4
LONGEST_RUN_BYTES = 4 * LONGEST_RUN


def plain_codes(lowercase: bool) -> tuple[np.ndarray, np.ndarray]:
    """Returns the plain code points in order, int32 [C], and the kind of each, [C]."""
    codes = np.concatenate([np.arange(first, last + 1, dtype=np.int32) for first, last in _BLOCKS])
    words = unicode.look_up(unicode.unicode_tables(lowercase), codes)
    kinds = unicode.kind_of(words)
    unchanged = words & (unicode.CODE_POINT_MASK | unicode.MULTIPLE) == codes
    ascii_capital = (codes >= ord("A")) & (codes <= ord("Z"))
    plain = (kinds != unicode.EMPTY) & (unchanged | ascii_capital)
    return codes[plain], kinds[plain]


@functools.cache
def plain_pattern(lowercase: bool, longest_run: int = LONGEST_RUN) -> str:
    """The regular expression (RE2) that matches plain texts whole.

    Args:
        lowercase: whether the tokenizer lower-cases.
        longest_run: the most letters in a row, so that no word meets a length limit.
    """
    codes, kinds = plain_codes(lowercase)
    letters, breaks = codes[kinds == unicode.WORD], codes[kinds != unicode.WORD]
    run = f"{_class(letters.tolist())}{{0,{longest_run}}}"
    return f"{run}(?:{_class(breaks.tolist())}{run})*"


def _class(codes: list[int]) -> str:
    """A character class of sorted code points, neighbours joined to ranges.

    Beyond Latin-1, short ranges are left out: the automaton would outgrow its memory.
    """
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    ranges = [r for r in ranges if r[0] < 0x100 or r[1] - r[0] >= _SHORTEST_RANGE - 1]
    return "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in ranges) + "]"
