"""Offsets cut the original text where a reader would."""

import pytest

from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import SPECIAL_TOKENS


def cuts(tokenizer, texts):
    """Each piece with its cut by characters, after checking the cut by bytes against it."""
    found = tokenizer.tokenize_with_offsets(texts)
    assert found.ids.to_list() == tokenizer(texts).to_list()
    rows = zip(*(column.to_list() for column in found), strict=True)
    answers = []
    for text, columns in zip(texts, rows, strict=True):
        encoded = text.encode()
        answers.append([])
        for number, begin, end, first, last in zip(*columns, strict=True):
            assert encoded[begin:end].decode() == text[first:last]
            answers[-1].append((tokenizer.vocabulary[number], text[first:last]))
    return answers


def test_plain_and_other_texts_of_one_batch(uncased):
    assert cuts(uncased, ["Hello,\tunable", "", "  Cafe\u0301!", "中国 hello…"]) == [
        [("hello", "Hello"), (",", ","), ("un", "un"), ("##able", "able")],
        [],
        [("cafe", "Cafe\u0301"), ("!", "!")],
        [("中", "中"), ("国", "国"), ("hello", "hello"), ("…", "…")],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("café!", [("cafe", "café"), ("!", "!")]),
        ("unable\u0301\u0302 x", [("un", "un"), ("##able", "able\u0301\u0302"), ("x", "x")]),
        ("!\u0301 x", [("!", "!\u0301"), ("x", "x")]),
        (" \u0301x", [("x", "x")]),
        ("un\u200bable\u200b x", [("un", "un"), ("##able", "able"), ("x", "x")]),
        ("wörd\u0301 x", [("[UNK]", "wörd\u0301"), ("x", "x")]),
        ("é" * 201 + " x", [("[UNK]", "é" * 201), ("x", "x")]),
        ("ΣΣ", [("σ", "Σ"), ("##ς", "Σ")]),
        ("\ud55c", [("[UNK]", "\ud55c")]),
    ],
)
def test_accents_controls_and_unknown_words(uncased, text, expected):
    assert cuts(uncased, [text]) == [expected]


def test_pieces_of_one_character_share_it():
    tokenizer = BertTokenizer([*SPECIAL_TOKENS, "\u1112", "##\u1161", "##\u11ab"])
    assert cuts(tokenizer, ["\ud55c"]) == [
        [("\u1112", "\ud55c"), ("##\u1161", "\ud55c"), ("##\u11ab", "\ud55c")]
    ]


def test_invalid_bytes_count_as_bytes_and_not_as_characters(uncased):
    found = uncased.tokenize_with_offsets([b"\xffhello\xe4\xb8 \xe4\xb8\xad!\x80"])
    assert found.byte_starts.to_list() == [[1, 9, 12]]
    assert found.byte_limits.to_list() == [[6, 12, 13]]
    assert found.char_starts.to_list() == [[0, 6, 7]]
    assert found.char_limits.to_list() == [[5, 7, 8]]
