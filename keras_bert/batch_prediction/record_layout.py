"""Which cells of a line are the inputs of a signature, and which are kept beside the answers.

Columns are found as `keras-bert predict` finds them, from the first row of the first file.
Every line is a record of its own: a bad one is told apart from its neighbours.
"""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras_bert.data.columns import Column, Columns, as_column, is_usual_header, named_columns
from keras_bert.data.lines import Line, read_lines
from keras_bert.data.rows import Row, delimited_rows, json_rows, text_rows

FORMATS = ("text", "tsv", "jsonl")
_SUFFIXES = {".txt": "text", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
# Inputs for which the usual names of columns stand, and their place in `Columns`.
_TEXT_INPUTS = ("text", "text_pair")


@dataclasses.dataclass(frozen=True)
class Layout:
    """How lines are read.

    Attributes:
        file_format: "text", "tsv" or "jsonl".
        header: whether a file's first line names the columns.
        width: cells of a row, where a header tells.
        inputs: the signature's input → its cell, by place or by key.
        kept: name beside the answers → its cell.
    """

    file_format: str
    header: bool
    width: int | None
    inputs: dict[str, Column]
    kept: dict[str, Column]


def format_of(path: str, file_format: str | None) -> str:
    """The format of a file, as asked for or by its suffix.

    Raises:
        ValueError: another one, or a suffix of none.
    """
    name = pathlib.PurePath(path)
    suffix = (name.with_suffix("") if name.suffix.lower() == ".gz" else name).suffix.lower()
    chosen = file_format or _SUFFIXES.get(suffix)
    if chosen not in FORMATS:
        raise ValueError(
            f"expected a name that ends in {', '.join(_SUFFIXES)} (or .gz after it), or a format "
            f"of {', '.join(FORMATS)}; received {path!r}, format {file_format!r}"
        )
    return chosen


def find_layout(
    path: str,
    inputs: Sequence[str],
    *,
    columns: Mapping[str, Column] | None = None,
    keep: Iterable[str] = (),
    file_format: str | None = None,
    header: bool | None = None,
) -> Layout:
    """The layout of a file.

    Args:
        path: the file, whose first row names or shows the columns.
        inputs: of the signature.
        columns: an input → its column, by name or by place from 0. Inputs that are not in it
            are columns of that name; `text` and `text_pair` have the usual names too.
        keep: names of columns that are to stand beside the answers.
        file_format: if the suffix does not tell.
        header: of TSV; None means yes, except where places were asked for and the first row
            holds no usual names.

    Raises:
        ValueError: an empty file, a first row that is none, a column that is not there.
    """
    file_format = format_of(path, file_format)
    asked = {name: as_column(column) for name, column in (columns or {}).items()}
    _check_asked(asked, inputs)
    if file_format == "text":
        _check_text(path, inputs, asked, keep)
        return Layout(file_format, False, None, {inputs[0]: 0}, {})
    first = _first_row(path, file_format)
    cells = list(first.cells)
    if file_format == "tsv" and not _has_header(cells, asked, header):
        places = _places(path, inputs, asked, keep)
        return Layout(file_format, False, None, places, {})
    found = _named(cells, inputs, asked, path)
    kept: dict[str, Column] = {name: _present(cells, name, path) for name in keep}
    if file_format == "jsonl":
        return Layout(file_format, False, None, found, kept)
    place: dict[Column, int] = {name: cells.index(name) for name in cells}
    return Layout(
        file_format,
        True,
        len(cells),
        {name: place[column] for name, column in found.items()},
        {name: place[column] for name, column in kept.items()},
    )


def row_of(number: int, text: str, layout: Layout, source: str) -> Row | None:
    """The cells of one line; None for a blank line that is no row.

    Raises:
        ValueError: a line that is not of the format.
    """
    line = [Line(number, text)]
    if layout.file_format == "text":
        return next(text_rows(line))
    if layout.file_format == "jsonl":
        return next(json_rows(line, source), None)
    return next(delimited_rows(line, source, "\t", quoting=False), None)


def _check_asked(asked: Mapping[str, Any], inputs: Sequence[str]) -> None:
    unknown = [name for name in asked if name not in inputs]
    if unknown:
        raise ValueError(
            f"expected columns for the inputs of the signature, {', '.join(inputs)}; "
            f"received columns for {', '.join(unknown)}"
        )


def _check_text(
    path: str, inputs: Sequence[str], asked: Mapping[str, Any], keep: Iterable[str]
) -> None:
    if len(inputs) != 1:
        raise ValueError(
            f"expected TSV or JSON lines for a signature of {len(inputs)} inputs, "
            f"{', '.join(inputs)}; received plain text, {path}"
        )
    names = [*asked, *keep]
    if names:
        raise ValueError(
            f"expected TSV or JSON lines for columns ({', '.join(names)}); "
            f"received plain text, {path}"
        )


def _first_row(path: str, file_format: str) -> Row:
    lines = read_lines(path)
    tabs = delimited_rows(lines, path, "\t", quoting=False)
    row = next(json_rows(lines, path) if file_format == "jsonl" else tabs, None)
    if row is None:
        raise ValueError(f"expected rows in {path}; received an empty file or blank lines only")
    return row


def _has_header(cells: list[str], asked: Mapping[str, Any], header: bool | None) -> bool:
    if header is not None:
        return header
    places = {name: column for name, column in asked.items() if column is not None}
    if not places or any(isinstance(column, str) for column in places.values()):
        return True
    text, pair = (places.get(name) for name in _TEXT_INPUTS)
    return text is not None and is_usual_header(cells, Columns(text, pair, None))


def _places(
    path: str, inputs: Sequence[str], asked: Mapping[str, Any], keep: Iterable[str]
) -> dict[str, Column]:
    missing = [name for name in inputs if not isinstance(asked.get(name), int)]
    missing += list(keep)
    if missing:
        raise ValueError(
            f"expected places of columns for {path}, which has no header; "
            f"received none for {', '.join(missing)}"
        )
    return {name: asked[name] for name in inputs}


def _named(
    cells: list[str], inputs: Sequence[str], asked: Mapping[str, Any], path: str
) -> dict[str, Column]:
    columns: dict[str, Column | None] = {name: asked.get(name, name) for name in inputs}
    if set(inputs) <= set(_TEXT_INPUTS):
        text, pair = (asked.get(name) for name in _TEXT_INPUTS)
        found = named_columns(cells, (text, pair, None), path, labels=False)
        columns = {"text": found.text, "text_pair": found.pair}
    return {name: _present(cells, columns[name], path, name) for name in inputs}


def _present(cells: list[str], column: Column | None, path: str, role: str = "") -> str:
    if isinstance(column, int) and column < len(cells):
        return cells[column]
    if column not in cells:
        wanted = json.dumps(role if column is None else column)
        raise ValueError(f"expected a column {wanted} in {path}; received columns {cells[:20]}")
    return str(column)
