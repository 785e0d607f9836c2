"""Documents of a corpus: their borders, their limits, and what is refused."""

import gzip
import io
import os
import tracemalloc

import pytest

from keras_bert.data.corpus import Document, corpus_bytes, corpus_files, read_documents
from keras_bert.data.lines import read_lines


def write(path, content: str | bytes):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_corpus_blank_lines_and_file_ends_part_documents(tmp_path):
    first = write(tmp_path / "a.txt", "\n \n one\t\r\ntwo\u00a0\n\n\u3000\n\nthree")
    second = write(tmp_path / "b.txt", b"\xef\xbb\xbffour\n")
    found = list(read_documents([first, second]))
    size = first.stat().st_size
    assert found == [
        Document(["one", "two"], str(first), 3, 0, 17),
        Document(["three"], str(first), 8, 0, size),
        Document(["four"], str(second), 1, 0, size + 8),
    ]


def test_corpus_gzipped_content_reads_the_same_and_counts_bytes_on_disk(tmp_path):
    text = "".join(f"line {i} {'x' * (i % 97)}\n" + "\n" * (i % 5 == 0) for i in range(3001))
    plain = write(tmp_path / "plain", text)
    packed = write(tmp_path / "packed", gzip.compress(text.encode()))
    expected = [document.lines for document in read_documents([plain])]
    assert list(read_documents(str(plain))) == list(read_documents([plain]))
    documents = list(read_documents([packed, plain]))
    assert [document.lines for document in documents] == expected * 2
    steps = [document.bytes_read for document in documents]
    assert steps == sorted(steps)
    assert steps[len(expected) - 1] == packed.stat().st_size
    assert steps[-1] == corpus_bytes([packed, plain])


def test_corpus_of_nothing_has_no_documents(tmp_path):
    assert list(read_documents([])) == []
    assert list(read_documents([write(tmp_path / "empty", "")])) == []
    assert list(read_documents([write(tmp_path / "blank", "\n \n\t\n")])) == []


def test_corpus_long_document_comes_in_parts(tmp_path):
    path = write(tmp_path / "long", "aaaa\nbb\ncc\ndddddddddd\ne\n\nf\n")
    found = [
        (document.lines, document.line_number, document.part)
        for document in read_documents([path], max_document_characters=6)
    ]
    assert found == [
        (["aaaa", "bb"], 1, 0),
        (["cc"], 3, 1),
        (["dddddddddd"], 4, 2),
        (["e"], 5, 3),
        (["f"], 7, 0),
    ]


def test_corpus_file_without_blank_lines_takes_bounded_memory(tmp_path):
    line = b"some words of a paragraph without end \xe4\xb8\xad\xe6\x96\x87\n"
    path = write(tmp_path / "big.gz", gzip.compress(line * 200_000))
    tracemalloc.start()
    count = sum(len(d.lines) for d in read_documents([path], max_document_characters=1 << 16))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200_000
    assert peak < 2 << 20


def test_corpus_enormous_line_is_refused_before_it_fills_memory(tmp_path):
    path = write(tmp_path / "one", gzip.compress(b"short\n" + b"x" * (1 << 25)))
    tracemalloc.start()
    with pytest.raises(
        ValueError, match=r"at most 1,048,576 bytes in .*one; .* longer one, line 2"
    ):
        list(read_documents([path]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_corpus_line_limit_counts_the_line_end(tmp_path):
    path = write(tmp_path / "x", "abcd\nef")
    assert [document.lines for document in read_documents([path], max_line_bytes=5)] == [
        ["abcd", "ef"]
    ]
    with pytest.raises(ValueError, match=r"at most 4 bytes .* line 1"):
        list(read_documents([path], max_line_bytes=4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"fine\ncaf\xe9\n", r"expected UTF-8 text in .*; received byte 0xe9 in line 2"),
        ("x".encode("utf-16"), r"expected UTF-8 text in .*; received byte 0xff in line 1"),
        ("ab".encode("utf-16-le"), r"expected text in .*; received a NUL character in line 1"),
        (gzip.compress(b"words\n" * 999, mtime=0)[:-9], "expected whole gzipped content"),
    ],
)
def test_corpus_refuses_what_is_no_text(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        list(read_documents([write(tmp_path / "file", content)]))


def test_corpus_from_a_pipe_has_no_known_size(monkeypatch):
    read_end, write_end = os.pipe()
    os.write(write_end, b"a\n\nb\n")
    os.close(write_end)
    with open(read_end, "rb") as stream:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream))
        assert list(read_documents(["-"])) == [
            Document(["a"], "standard input", 1),
            Document(["b"], "standard input", 3),
        ]
    assert corpus_bytes(["-"]) is None


def test_corpus_files_of_folders_patterns_and_names(tmp_path):
    for name in ("b.txt", "a.txt", "c.gz", ".hidden", "inner/d.txt", ".git/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, "x")
    whole = [str(tmp_path / name) for name in ("a.txt", "b.txt", "c.gz", "inner/d.txt")]
    assert corpus_files([tmp_path]) == whole
    assert corpus_files([tmp_path / "c.gz", f"{tmp_path}/*.txt"]) == [whole[2], *whole[:2]]
    assert corpus_files(["-"]) == ["-"]
    for missing in (tmp_path / "none", f"{tmp_path}/*.zip"):
        with pytest.raises(
            FileNotFoundError, match=r"expected a corpus: .* where there is no file"
        ):
            corpus_files([missing])


def test_corpus_lines_keep_their_positions_when_nobody_asks(tmp_path):
    path = write(tmp_path / "x", "a\nb")
    positions = []
    assert [line.text for line in read_lines(path, on_position=positions.append)] == ["a\n", "b"]
    assert positions == [2, 3]
