"""A file as rows with known columns: its format, its header, its columns.

Formats, by suffix (`.gz` aside) or as asked: `tsv`, `csv`, `jsonl`, and `text`
(a text a line). Standard input and `.txt` are told by their first line.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import NamedTuple

from keras_bert.data.columns import Column, Columns, is_usual_header, named_columns
from keras_bert.data.lines import STANDARD_INPUT, Line, read_lines, source_name
from keras_bert.data.rows import Row, delimited_rows, is_json_object, json_rows, text_rows

Asked = tuple[Column | None, Column | None, Column | None]

SNIFF = "sniff"  # the first line tells
_SUFFIXES = {
    ".tsv": "tsv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": SNIFF,
}
_DELIMITERS = {"tsv": "\t", "csv": ","}
_FORMATS = ("tsv", "csv", "jsonl", "text")


class Table(NamedTuple):
    """Rows, the columns to take from them, and the header's width where there is one."""

    rows: Iterator[Row]
    columns: Columns
    width: int | None


def open_table(
    path: str | os.PathLike[str],
    asked: Asked,
    *,
    file_format: str | None,
    quoting: bool | None,
    header: bool | None,
    labels: bool | None,
) -> Table:
    """Opens a file as a table; the arguments are those of `iter_records`.

    Raises:
        ValueError: for an empty file, an unknown format, a column that is not there.
    """
    source = source_name(path)
    file_format = _check_format(path, file_format)
    lines = read_lines(path)
    first = next(lines, None)
    if first is None:
        raise ValueError(f"expected rows in {source}; received an empty file")
    if file_format == SNIFF:
        file_format = _sniff(first, asked, header)
    lines = itertools.chain([first], lines)
    if file_format == "text":
        return _text_table(lines, source, labels)
    if file_format == "jsonl":
        return _json_table(json_rows(lines, source), asked, source, labels)
    quoting = file_format == "csv" if quoting is None else quoting
    rows = delimited_rows(lines, source, _DELIMITERS[file_format], quoting)
    return _delimited_table(rows, asked, source, labels, header)


def format_by_name(path: str | os.PathLike[str]) -> str | None:
    """The format that a file's suffix says, `SNIFF` for standard input; None of another suffix."""
    if os.fspath(path) == STANDARD_INPUT:
        return SNIFF
    name = PurePath(path)
    suffix = (name.with_suffix("") if name.suffix.lower() == ".gz" else name).suffix.lower()
    return _SUFFIXES.get(suffix)


def _check_format(path: str | os.PathLike[str], file_format: str | None) -> str:
    chosen = format_by_name(path) if file_format is None else file_format
    if chosen not in (*_FORMATS, SNIFF):
        raise ValueError(
            f"expected a name that ends in {', '.join(_SUFFIXES)} (or .gz after it), or a "
            f"file_format of {', '.join(_FORMATS)}; received {source_name(path)!r}, "
            f"file_format={file_format!r}"
        )
    return chosen


def _sniff(line: Line, asked: Asked, header: bool | None) -> str:
    """JSON objects; a table where columns are asked for or named; else plain text."""
    if line.text.lstrip().startswith("{"):
        return "jsonl" if is_json_object(line) else "text"
    if header or any(column is not None for column in asked):
        return "tsv"
    cells = line.text.rstrip("\r\n").split("\t")
    pairs = itertools.permutations(range(len(cells)), 2)
    roles = [Columns(a, *rest) for a, b in pairs for rest in ((b, None), (None, b))]
    return "tsv" if any(is_usual_header(cells, columns) for columns in roles) else "text"


def _text_table(lines: Iterator[Line], source: str, labels: bool | None) -> Table:
    if labels:
        raise ValueError(f"expected labels in {source}; received plain text, one text a line")
    return Table(text_rows(lines), Columns(0, None, None), None)


def _json_table(rows: Iterator[Row], asked: Asked, source: str, labels: bool | None) -> Table:
    first = _first_row(rows, source)
    columns = named_columns(list(first.cells), asked, source, labels)
    return Table(itertools.chain([first], rows), columns, None)


def _delimited_table(
    rows: Iterator[Row], asked: Asked, source: str, labels: bool | None, header: bool | None
) -> Table:
    """Takes the header off where there is one, and turns names into positions."""
    first = _first_row(rows, source)
    if header is None:
        given = [column for column in asked if column is not None]
        by_name = not given or any(isinstance(column, str) for column in given)
        header = by_name or is_usual_header(first.cells, Columns(*asked))
    if not header:
        columns = _positions(asked, source, labels)
        return Table(itertools.chain([first], rows), columns, None)
    names = list(first.cells)
    found = named_columns(names, asked, source, labels)
    columns = Columns(*(None if name is None else names.index(name) for name in found))
    return Table(rows, columns, len(names))


def _first_row(rows: Iterator[Row], source: str) -> Row:
    first = next(rows, None)
    if first is None:
        raise ValueError(f"expected rows in {source}; received blank lines only")
    return first


def _positions(asked: Asked, source: str, labels: bool | None) -> Columns:
    text, pair, label = asked
    missing = text is None or (labels and label is None)
    if missing or any(isinstance(column, str) for column in asked):
        raise ValueError(
            f"expected positions for {source}, which has no header; received "
            f"text_column={text!r}, pair_column={pair!r}, label_column={label!r}"
        )
    return Columns(text, pair, None if labels is False else label)
