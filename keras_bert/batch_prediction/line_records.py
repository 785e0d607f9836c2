"""Lines to records for a signature, or to the reason why a line is none."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from keras_bert.batch_prediction.input_blocks import Block, block_lines
from keras_bert.batch_prediction.record_layout import Layout, row_of
from keras_bert.data.columns import Column
from keras_bert.data.rows import Row

_SHOWN_BYTES = 4096  # of a bad line, beside the reason


class LineRecord(NamedTuple):
    """A record.

    Attributes:
        line: its number in the file, from 1.
        inputs: the signature's input → a string or a number.
        kept: what stands beside the answers.
    """

    line: int
    inputs: dict[str, Any]
    kept: dict[str, Any]


class BadLine(NamedTuple):
    """A line that has no answer, the reason, and its beginning as text."""

    line: int
    reason: str
    content: str


def read_block(
    block: Block, layout: Layout, dtypes: dict[str, str], limit: int
) -> Iterator[LineRecord | BadLine]:
    """What stands in the lines of a block; blank lines of TSV and JSON lines are nothing.

    Args:
        block: which lines.
        layout: how they are read.
        dtypes: the signature's input → "string" or a NumPy dtype.
        limit: bytes of the longest line.
    """
    for number, content in block_lines(block, limit):
        if content is None:
            yield BadLine(number, f"expected a line of at most {limit:,} bytes", "")
            continue
        try:
            row = row_of(number, _decoded(content, number, block.path), layout, block.path)
            if row is not None:
                yield _record(row, layout, dtypes)
        except (ValueError, RecursionError) as error:
            shown = content[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
            yield BadLine(number, str(error), shown)


def _decoded(content: bytes, number: int, path: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"expected UTF-8 text on line {number} of {path}; received byte "
            f"0x{content[error.start]:02x}, byte {error.start} of the line counted from 0"
        ) from error


def _record(row: Row, layout: Layout, dtypes: dict[str, str]) -> LineRecord:
    if layout.width is not None and len(row.cells) > layout.width:
        raise ValueError(f"expected {layout.width} columns; received {len(row.cells)}")
    inputs = {
        name: _value(_cell(row, column), dtypes[name], name)
        for name, column in layout.inputs.items()
    }
    kept = {name: _kept(_cell(row, column), name) for name, column in layout.kept.items()}
    return LineRecord(row.line, inputs, kept)


def _kept(value: Any, name: str) -> Any:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")  # as in answers
    except ValueError as error:
        # Python reads NaN and Infinity, which JSON does not have, and so would write them.
        raise ValueError(f"expected JSON for {name!r}; received {value!r}: {error}") from error
    return value


def _cell(row: Row, column: Column) -> Any:
    try:
        return row.cells[column]  # type: ignore[call-overload, index]
    except KeyError:
        raise ValueError(f"expected a key {column!r}; received {list(row.cells)}") from None
    except IndexError:
        raise ValueError(
            f"expected at least {int(column) + 1} columns; received {len(row.cells)}"
        ) from None


def _value(value: Any, dtype: str, name: str) -> Any:
    if dtype == "string":
        if isinstance(value, str):
            value.encode("utf-8")  # JSON can spell half a character, which no tensor holds
            return value
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        with contextlib.suppress(ValueError, OverflowError):
            number = float(value)
            if np.dtype(dtype).kind == "f":
                return number
            limits = np.iinfo(dtype)
            if number == int(number) and limits.min <= number <= limits.max:
                return int(number)
    raise ValueError(f"expected a {dtype} for {name!r}; received {value!r}")
