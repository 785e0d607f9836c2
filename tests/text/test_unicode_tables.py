"""The tables, and the short way that rests on them, code point by code point."""

import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.text import unicode_tables as unicode
from keras_bert.text.matcher import PieceMatcher
from keras_bert.text.plain import plain_codes, plain_pattern
from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

ALL = range(0x110000)


def words_of_all(lowercase):
    return unicode.look_up(unicode.unicode_tables(lowercase), np.arange(len(ALL)))


def normalised(tables, word):
    """The characters that a property word stands for."""
    if word & unicode.MULTIPLE:
        row = word & unicode.CODE_POINT_MASK
        begin, end = tables.expansion_splits[row : row + 2]
        return "".join(chr(w & unicode.CODE_POINT_MASK) for w in tables.expansions[begin:end])
    return chr(word & unicode.CODE_POINT_MASK) if unicode.kind_of(word) else ""


@pytest.mark.parametrize("lowercase", [True, False])
def test_what_every_code_point_becomes(lowercase):
    tables, words = unicode.unicode_tables(lowercase), words_of_all(lowercase).tolist()
    for code, word in zip(ALL, words, strict=True):
        char, category = chr(code), unicodedata.category(chr(code))
        kind = unicode.kind_of(word)
        if char in "\t\n\r" or (char.isspace() and category != "Cc"):
            assert kind == unicode.SPACE, hex(code)
        elif category in ("Cc", "Cf") or char == "\ufffd":
            assert kind == unicode.EMPTY and not word & unicode.MARK, hex(code)
        elif lowercase:
            decomposed = unicodedata.normalize("NFD", char.lower())
            kept = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
            assert normalised(tables, word) == kept, hex(code)
            assert bool(word & unicode.MARK) == (not kept), hex(code)
        else:
            assert normalised(tables, word) == char, hex(code)


def test_no_expansion_puts_a_mark_before_a_starter():
    tables = unicode.unicode_tables(True)
    ranks = tables.expansions >> unicode.RANK_SHIFT
    falls = np.flatnonzero((ranks[:-1] > 0) & (ranks[1:] < ranks[:-1])) + 1
    assert set(falls) <= set(tables.expansion_splits.tolist())


@pytest.mark.parametrize("lowercase", [True, False])
def test_the_short_way_is_right_for_every_plain_character(lowercase):
    """FastWordpiece splits plain characters, lower-cased in ASCII, as the tables say."""
    codes, kinds = plain_codes(lowercase)
    assert len(codes) > 20_000
    matcher = PieceMatcher(Vocabulary([*SPECIAL_TOKENS, "1", "##2", "2"]), 200, splits_texts=True)
    texts = tf.strings.lower([f"1{chr(code)}2" for code in codes])
    ids, splits, *_ = (tensor.numpy().tolist() for tensor in matcher(texts))
    expected = {unicode.SPACE: [5, 7], unicode.ISOLATED: [5, 1, 7], unicode.WORD: [1]}
    for number, (code, kind) in enumerate(zip(codes.tolist(), kinds.tolist(), strict=True)):
        found = ids[splits[number] : splits[number + 1]]
        assert found == ([5, 6, 6] if chr(code) == "2" else expected[kind]), hex(code)


@pytest.mark.parametrize("lowercase", [True, False])
def test_the_pattern_lets_only_plain_characters_through(lowercase):
    characters = [chr(code) for code in ALL if not 0xD800 <= code < 0xE000]
    matched = tf.strings.regex_full_match(characters, plain_pattern(lowercase)).numpy()
    passed = [ord(c) for c, hit in zip(characters, matched, strict=True) if hit]
    assert set(passed) <= set(plain_codes(lowercase)[0].tolist())
    assert set(map(ord, "aZ09 \t\n\r~!’“—…æ中，")) <= set(passed)


def test_the_pattern_refuses_long_runs_and_invalid_bytes():
    texts = ["x" * 50 + "! " + "y" * 50, "x" * 51, b"\xff", b"a\xe4\xb8", "a\0", ""]
    matched = tf.strings.regex_full_match(texts, plain_pattern(True)).numpy().tolist()
    assert matched == [True, False, False, False, False, True]
