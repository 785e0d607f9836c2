import gzip
import io
import json
import sys

import numpy as np
import pytest

from keras_bert.data.records import iter_records, read_records


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def feed(monkeypatch, content):
    stream = io.BufferedReader(io.BytesIO(content.encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))


def test_tsv_with_usual_names_keeps_quotes_as_they_are(write):
    path = write("a.tsv", 'sentence\tlabel\n"it \'s a "hit\t1\r\n\nsecond " one\t 0\n')
    records = read_records(path)
    assert records.texts == ['"it \'s a "hit', 'second " one']
    assert records.labels == ["1", "0"]
    assert records.pairs is None
    assert records.lines == [2, 4]
    assert records.inputs() == records.texts
    assert len(records) == 2


def test_csv_is_quoted_and_counts_the_lines_of_quoted_rows(write):
    path = write("a.csv", 'text,category\n"a, ""b""\nc",x\nplain,y\n')
    records = read_records(path)
    assert records.texts == ['a, "b"\nc', "plain"]
    assert records.labels == ["x", "y"]
    assert records.lines == [2, 4]


def test_quoting_can_be_switched(write):
    unquoted = read_records(write("a.csv", 'text,label\n"a,1\n'), quoting=False)
    assert (unquoted.texts, unquoted.labels) == (['"a'], ["1"])
    quoted = read_records(write("a.tsv", 'text\tlabel\n"a\tb"\t1\n'), quoting=True)
    assert quoted.texts == ["a\tb"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("sentence1\tsentence2\tlabel", ("a", "b", "c")),
        ("premise\thypothesis\tlabel", ("a", "b", "c")),
        ("label\tquestion1\tquestion2", ("b", "c", "a")),
        ("Quality\t#1 String\t#2 String", ("b", "c", "a")),
        ("\ufeffsentence\tid\tscore", ("a", None, "c")),
        ("id\tquestion\tsentence", ("b", "c", None)),
        ("id\ttitle\tnothing", ("b", None, None)),
    ],
)
def test_usual_headers(write, header, expected):
    [record] = iter_records(write("a.tsv", f"{header}\na\tb\tc\n"))
    assert record[1:] == expected


def test_columns_by_name_and_by_position(write):
    path = write("a.tsv", "id\tBody\tReply\tMark\n1\tx\ty\tz\n")
    named = read_records(path, text_column="body", pair_column="Reply", label_column="Mark")
    assert named.inputs() == (["x"], ["y"])
    assert named.labels == ["z"]
    mixed = read_records(path, text_column="Body", label_column=3)
    assert (mixed.texts, mixed.pairs, mixed.labels) == (["x"], None, ["z"])
    with_header = read_records(path, text_column="1", label_column="3", header=True)
    assert (with_header.texts, with_header.labels) == (["x"], ["z"])


def test_positions_mean_no_header_unless_the_first_row_holds_usual_names(write):
    plain = write("a.tsv", "good\t1\nbad\t0\n")
    assert read_records(plain, text_column=0, label_column=1).texts == ["good", "bad"]
    headed = write("b.tsv", "sentence\tlabel\ngood\t1\n")
    assert read_records(headed, text_column="0", label_column="1").texts == ["good"]
    assert read_records(headed, text_column=0, label_column=1, header=False).labels == [
        "label",
        "1",
    ]
    # A single column may well hold the text "text".
    assert read_records(write("c.tsv", "text\nmore\n"), text_column=0).texts == ["text", "more"]


def test_jsonl_with_numbers_and_lists(write):
    rows = [
        {"text": "a", "label": ["x", "y"]},
        {"label": 3, "text": "b"},
        {"text": "c", "label": -0.125},
        {"text": "d", "label": True},
        {"text": "é", "label": []},
    ]
    content = "\n\n".join(json.dumps(row) for row in rows)
    records = read_records(write("a.jsonl", content))
    assert records.texts == ["a", "b", "c", "d", "é"]
    assert records.labels == [["x", "y"], "3", "-0.125", "true", []]
    assert records.lines == [1, 3, 5, 7, 9]


def test_label_separator_makes_lists(write):
    path = write("a.tsv", "text\tlabels\na\tx| y\nb\t\n")
    assert read_records(path, label_separator="|").labels == [["x", "y"], []]


@pytest.mark.parametrize("name", ["a.tsv.gz", "a.TSV", "a.tsv"])
def test_gzip_is_told_by_its_content(write, name):
    path = write(name, gzip.compress("text\tlabel\nà\t1\n".encode()))
    assert read_records(path).texts == ["à"]


def test_a_field_of_half_a_megabyte(write):
    long = "x" * 500_000
    assert read_records(write("a.csv", f"text,label\n{long},1\n")).texts == [long]


def test_labels_can_be_left_out(write):
    path = write("a.tsv", "text\tlabel\na\t\n")
    assert read_records(path, require_labels=False).labels is None


def test_numeric_labels(write):
    records = read_records(write("a.tsv", "text\tscore\na\t0.5\nb\t-3\n"))
    np.testing.assert_array_equal(records.numeric_labels(), [0.5, -3.0])


def test_standard_input_as_text_keeps_blank_lines(monkeypatch):
    feed(monkeypatch, "one\twith a tab\n\nthree")
    texts = [record.text for record in iter_records("-")]
    assert texts == ["one\twith a tab", "", "three"]
    assert not sys.stdin.closed


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n',
        "label\tsentence\nx\ta\ny\tb\n",
    ],
)
def test_standard_input_is_sniffed(monkeypatch, content):
    feed(monkeypatch, content)
    records = read_records("-")
    assert (records.texts, records.labels, records.source) == (
        ["a", "b"],
        ["x", "y"],
        "standard input",
    )


def test_standard_input_with_columns_is_a_table(monkeypatch):
    feed(monkeypatch, "a\tb\n")
    assert read_records("-", text_column=0, pair_column=1).inputs() == (["a"], ["b"])


def test_text_that_merely_starts_like_json(monkeypatch):
    feed(monkeypatch, "{curly} text\n")
    assert read_records("-").texts == ["{curly} text"]


def test_records_stream(monkeypatch):
    def lines():
        yield b"first\n"
        raise AssertionError("read ahead of the first record")

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.source = lines()

        def readable(self):
            return True

        def readinto(self, buffer):
            line = next(self.source)
            buffer[: len(line)] = line
            return len(line)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe())))
    assert next(iter_records("-")).text == "first"


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.tsv", "", {}, r"expected rows in .*a\.tsv; received an empty file"),
        ("a.tsv", "\n\r\n", {}, r"expected rows in .*; received blank lines only"),
        ("a.jsonl", " \n", {}, r"expected rows in .*; received blank lines only"),
        ("a.tsv", "text\tlabel\n", {}, r"expected rows in .*; received a header alone"),
        ("a.xml", "x", {}, r"expected a name that ends in \.tsv.*received '.*a\.xml'"),
        ("a.tsv", "x", {"file_format": "xls"}, r"file_format of tsv, csv.*file_format='xls'"),
        (
            "a.tsv",
            "id\tmark\nx\ty\n",
            {},
            r"expected a header in .* with a text column, one of \['text'.*"
            r"received \['id', 'mark'\].*text_column=0",
        ),
        ("a.tsv", "x" * 50 + "\ty\n", {}, r"received \['x{37}\.\.\.', 'y'\]"),
        ("a.tsv", "text\tb\n", {"text_column": "Txt"}, r"column 'Txt' in .*\['text', 'b'\]"),
        ("a.tsv", "text\tb\n", {"text_column": "text", "label_column": 2}, r"column 2 in .*"),
        ("a.tsv", "text\tb\nx\ty", {"require_labels": True}, r"expected a label column in .*"),
        ("a.txt", "some text\n", {"require_labels": True}, r"expected labels in .*plain text"),
        ("a.tsv", "x\ty\n", {"text_column": -1}, r"position counted from 0; received -1"),
        (
            "a.tsv",
            "x\ty\n",
            {"label_column": 1},
            r"expected positions for .*no header; received text_column=None.*label_column=1",
        ),
        ("a.tsv", "x\ty\n", {"text_column": "t", "header": False}, r"received text_column='t'"),
        (
            "a.tsv",
            "x\ty\n",
            {"text_column": 0, "require_labels": True},
            r"expected positions for .*label_column=None",
        ),
        ("a.tsv", "text\tlabel\na\t1\nb\n", {}, r"expected 2 columns on line 3 .*; received 1"),
        ("a.tsv", "text\tlabel\na\tb\t1\n", {}, r"expected 2 columns on line 2 .*; received 3"),
        (
            "a.tsv",
            "a\t1\nb\n",
            {"text_column": 0, "label_column": 1},
            r"expected at least 2 columns on line 2 .*; received 1",
        ),
        ("a.tsv", "text\tlabel\na\t \n", {}, r"expected a label on line 2 of .*; received ' '"),
        (
            "a.csv",
            'text,label\na,1\n"b,2\nc,3\n',
            {},
            r"well-quoted cells in .*starts on line 3: unexpected end of data.*quoting=False",
        ),
        ("a.csv", 'text,label\n"a" b,2\n', {}, r"starts on line 2: ',' expected after '\"'"),
        ("a.jsonl", '{"text": "a"}\n{"text"\n', {}, r"JSON object on line 2 of .*at column \d+"),
        ("a.jsonl", '["a"]\n', {}, r"expected a JSON object on line 1 of .*; received a list"),
        (
            "a.jsonl",
            '{"text": "a", "label": 1}\n{"text": "b"}\n',
            {},
            r"expected keys \['label'\] on line 2 of .*; received \['text'\]",
        ),
        ("a.jsonl", '{"text": 5}\n', {}, r"expected a string in 'text' on line 1 .*received 5"),
        (
            "a.jsonl",
            '{"text": "\\ud800"}\n',
            {},
            "valid Unicode in line 1 of .*half of a surrogate",
        ),
        ("a.jsonl", '{"text": "a", "label": null}\n', {}, r"a label on line 1 .*received None"),
        ("a.jsonl", '{"text": "a", "label": [["b"]]}\n', {}, r"a label on line 1 .*\['b'\]"),
        (
            "a.tsv",
            b"text\tlabel\n\xc3\xa4\t1\nb\xff\t0\n",
            {},
            r"UTF-8 text in .*; received byte 0xff in line 3 \(byte 17 of the file",
        ),
        ("a.tsv", b"\xef\xbb\xbf\xfe", {}, r"byte 0xfe in line 1 \(byte 3 of the file"),
        (
            "a.tsv.gz",
            gzip.compress(b"text\tlabel\n" + bytes(range(32, 127)) * 40)[:-20],
            {},
            r"expected whole gzipped content in .*a\.tsv\.gz; received: Compressed file ended",
        ),
        ("a.tsv.gz", b"\x1f\x8b\x08\x00garbage, no deflate", {}, r"expected whole gzipped content"),
    ],
)
def test_bad_files(write, name, content, options, message):
    with pytest.raises(ValueError, match=message):
        read_records(write(name, content), **options)


def test_bad_numeric_labels(write):
    path = write("a.tsv", "text\tscore\na\t1\nb\tnan\n")
    with pytest.raises(ValueError, match=r"finite number as label on line 3 of .*received 'nan'"):
        read_records(path).numeric_labels()
    with pytest.raises(ValueError, match=r"on line 2 of .*received \['1'\]"):
        read_records(path, label_separator="|").numeric_labels()
    with pytest.raises(ValueError, match=r"expected labels in .*; received none"):
        read_records(path, require_labels=False).numeric_labels()


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.tsv"):
        read_records(tmp_path / "nowhere.tsv")
