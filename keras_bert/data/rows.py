"""Lines to rows: tab- or comma-separated cells, or one JSON object a line.

A row keeps the number of the line it starts on, for messages. Lines that are
blank are no rows.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from keras_bert.data.lines import Line

# The csv module refuses fields over 128 KiB; a document as one field is fine here.
_FIELD_SIZE_LIMIT = 2**31 - 1


class Row(NamedTuple):
    """Cells by position (a list) or by name (a dict from a JSON object)."""

    line: int
    cells: list[str] | dict[str, Any]


def delimited_rows(
    lines: Iterable[Line], name: str, delimiter: str, quoting: bool
) -> Iterator[Row]:
    """Splits lines into cells.

    Args:
        lines: what `read_lines` yields.
        name: the file, for messages.
        delimiter: a tab or a comma.
        quoting: with True, cells in double quotes may hold delimiters, line ends
            and doubled quotes (RFC 4180); with False, a quote is a character as
            any other, and every line is one row.

    Raises:
        ValueError: for quotes that do not fit, with the row's line.
    """
    if quoting:
        yield from _quoted_rows(lines, name, delimiter)
        return
    for line in lines:
        text = line.text.rstrip("\r\n")
        if text:
            yield Row(line.number, text.split(delimiter))


def _quoted_rows(lines: Iterable[Line], name: str, delimiter: str) -> Iterator[Row]:
    if csv.field_size_limit() < _FIELD_SIZE_LIMIT:
        csv.field_size_limit(_FIELD_SIZE_LIMIT)
    reader = csv.reader((line.text for line in lines), delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(
                f"expected well-quoted cells in {name}; received, in the row that starts "
                f"on line {start}: {error} (for a file without quoting: quoting=False)"
            ) from error
        if cells:
            yield Row(start, cells)


def json_rows(lines: Iterable[Line], name: str) -> Iterator[Row]:
    """Parses one JSON object a line.

    Raises:
        ValueError: for a line that is not JSON or not an object, with its number.
    """
    for line in lines:
        if not line.text.strip():
            continue
        try:
            value = json.loads(line.text)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"expected a JSON object on line {line.number} of {name}; received: {error.msg} "
                f"at column {error.colno}"
            ) from error
        if not isinstance(value, dict):
            raise ValueError(
                f"expected a JSON object on line {line.number} of {name}; "
                f"received a {type(value).__name__}"
            )
        yield Row(line.number, value)


def is_json_object(line: Line) -> bool:
    """Whether a line is a JSON object, and not a text that begins as one."""
    try:
        return isinstance(json.loads(line.text), dict)
    except json.JSONDecodeError:
        return False


def text_rows(lines: Iterable[Line]) -> Iterator[Row]:
    """Takes each line as one text; blank lines are empty texts, so answers stay aligned."""
    for line in lines:
        yield Row(line.number, [line.text.rstrip("\r\n")])
