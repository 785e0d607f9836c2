import io
import sys

import pytest

from keras_bert.data.surrogates import refuse_surrogates
from keras_bert.data.tables import SNIFF
from keras_bert.data.untagged import iter_untagged


@pytest.fixture
def sentences(tmp_path):
    def sentences(content, file_format, **options):
        path = tmp_path / "sentences"
        path.write_text(content, encoding="utf-8")
        return list(iter_untagged(path, file_format, **options))

    return sentences


@pytest.mark.parametrize(
    ("content", "file_format", "options", "found"),
    [
        ("a b\n\n{c\n", "text", {}, ["a b", "", "{c"]),
        ("a b\n", SNIFF, {}, ["a b"]),
        ("", SNIFF, {}, []),
        ('{"text": "a b"}\n', SNIFF, {}, ["a b"]),
        ("{a} b\n", SNIFF, {}, ["{a} b"]),
        ('{"id": 1, "sentence": "a b"}\n\n{"sentence": ""}', "jsonl", {}, ["a b", ""]),
        ('{"text": "a b", "words": ["a", "b"]}', "jsonl", {}, [["a", "b"]]),
        ('{"text": "a b", "words": ["a", "b"]}', "jsonl", {"column": "text"}, ["a b"]),
        ('{"id": 1, "tokens": ["a", "b"]}', "jsonl", {"column": "tokens"}, [["a", "b"]]),
        ('{"id": 1, "tokens": ["a", "b"]}', "jsonl", {"column": "1"}, [["a", "b"]]),
        ('label,text\n1,"a, b"\n', "csv", {}, ["a, b"]),
        ("1,a b\n", "csv", {"column": "1", "header": False}, ["a b"]),
    ],
)
def test_sentences(sentences, content, file_format, options, found):
    assert sentences(content, file_format, **options) == found


def test_standard_input(monkeypatch):
    stream = io.BufferedReader(io.BytesIO(b'{"words": ["a", "b"]}\n'))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    assert list(iter_untagged("-", SNIFF)) == [["a", "b"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a"}\n{"words": ["b"]}', r"key 'text' on line 2 of .*; received \['words'\]"),
        ('{"text": "a"}\n{"text": ["b"]}', r"a text on line 2 .*first line; received \['b'\]"),
        ('{"words": ["a"]}\n{"words": "b"}', r"words on line 2 of .*first line; received 'b'"),
        ('{"words": ["a", 1]}', r"list of words as 'words' on line 1 .*received \['a', 1\]"),
        ('{"text": null}', "a text or a list of words as 'text' on line 1 .*received None"),
        ('{"id": "a"}', "with a text column, .*; received"),
        ('{"text": "\\ud800"}', "valid Unicode in line 1 of .*half of a surrogate pair"),
    ],
)
def test_bad_lines(sentences, content, message):
    with pytest.raises(ValueError, match=message):
        sentences(content, "jsonl")


def test_surrogates():
    refuse_surrogates("a test", "a", "\U0001f600")
    with pytest.raises(ValueError, match=r"Unicode in a test; received 'b.ud83d' with half of"):
        refuse_surrogates("a test", "a", "b\ud83d")
