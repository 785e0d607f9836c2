import pytest

from keras_bert.batch_prediction.input_blocks import scan
from keras_bert.batch_prediction.line_records import BadLine, LineRecord, read_block
from keras_bert.batch_prediction.record_layout import Layout


@pytest.fixture
def read(tmp_path):
    def from_lines(lines, layout, dtypes, limit=2000):
        path = tmp_path / "in"
        path.write_bytes(b"\n".join(lines))
        (block,) = scan(str(path), 999, layout.header, 0)[1]
        return list(read_block(block, layout, dtypes, limit))

    return from_lines


def test_json_lines_one_by_one(read):
    layout = Layout("jsonl", False, None, {"text": "t", "number": "n"}, {"id": "id"})
    lines = [
        '{"t": "ж", "n": 3, "id": null}',
        "",
        '{"t": "x", "n": "4", "id": [1]}',
        '{"t": "x", "n": 2.5, "id": 0}',
        '{"t": 1, "n": 2, "id": 0}',
        '{"n": 2, "id": 0}',
        '{"t": "x", "n": 4294967296, "id": 0}',
        '{"t": "x", "n": true, "id": 0}',
        '{"t": "\\ud83d", "n": 1, "id": 0}',
        '{"t": "x", "n": 1, "id": "\\ud83d"}',
        "[1]",
        "{",
        "[" * 1500,
        "x" * 2001,
        '{"t": "x", "n": 1e999, "id": 0}',
        '{"t": "x", "n": 1, "id": NaN}',
        '{"t": "x", "n": 1, "id": [1e999]}',
    ]
    found = read([line.encode() for line in lines], layout, {"text": "string", "number": "int32"})
    assert found[:2] == [
        LineRecord(1, {"text": "ж", "number": 3}, {"id": None}),
        LineRecord(3, {"text": "x", "number": 4}, {"id": [1]}),
    ]
    assert all(isinstance(line, BadLine) for line in found[2:])
    assert [line.line for line in found[2:]] == list(range(4, 18))
    reasons = [
        "expected a int32 for 'number'; received 2.5",
        "expected a string for 'text'; received 1",
        "expected a key 't'; received",
        "received 4294967296",
        "received True",
        "surrogates not allowed",
        "surrogates not allowed",
        "expected a JSON object on line 11",
        "expected a JSON object on line 12",
        "",  # the interpreter's own words
        "expected a line of at most 2,000 bytes",
        "received inf",
        "expected JSON for 'id'; received nan: Out of range float values",
        "expected JSON for 'id'; received [inf]: Out of range float values",
    ]
    for line, reason in zip(found[2:], reasons, strict=True):
        assert reason in line.reason
    assert found[-4].content == "" and found[-6].content == "{"


def test_tsv_rows_of_other_widths(read):
    layout = Layout("tsv", True, 3, {"text": 1}, {"id": 0})
    found = read(
        [b"id\ttext\tlabel", b"1\ta", b"2", b"3\tb\tc\td", b"4\t\xe9\t-"],
        layout,
        {"text": "string"},
    )
    assert found[0] == LineRecord(2, {"text": "a"}, {"id": "1"})
    assert [(line.line, line.reason.partition(" on")[0]) for line in found[1:]] == [
        (3, "expected at least 2 columns; received 1"),
        (4, "expected 3 columns; received 4"),
        (5, "expected UTF-8 text"),
    ]
    assert found[-1].content == "4\t\\xe9\t-"


def test_text_keeps_blank_lines(read):
    layout = Layout("text", False, None, {"text": 0}, {})
    assert [
        line.inputs["text"] for line in read([b" a ", b"", b"\t"], layout, {"text": "string"})
    ] == [
        " a ",
        "",
        "\t",
    ]


def test_float_inputs(read):
    layout = Layout("tsv", False, None, {"x": 0}, {})
    found = read([b"1.5", b"-2", b"one"], layout, {"x": "float32"})
    assert [line.inputs["x"] for line in found[:2]] == [1.5, -2.0]
    assert found[2].reason == "expected a float32 for 'x'; received 'one'"
