"""Texts and labels from a TSV, CSV, JSON-lines or plain text file, gzipped or not.

`read_records` reads a whole file; `iter_records` yields one record at a time, so
that a pipe is answered while it is still being written. Every problem of the
file is a `ValueError` with the line's number.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from keras_bert.data.columns import Column, as_column
from keras_bert.data.lines import source_name
from keras_bert.data.rows import Row
from keras_bert.data.surrogates import refuse_surrogates
from keras_bert.data.tables import Table, open_table

Label = str | list[str]


class Record(NamedTuple):
    """One example and the line that it starts on; `label` is a list when multi-label."""

    line: int
    text: str
    pair: str | None
    label: Label | None


@dataclass(frozen=True)
class Records:
    """The examples of a file.

    Attributes:
        texts: N texts.
        pairs: N second texts, or None.
        labels: N labels, or None: strings, or lists of strings (multi-label).
            Numbers and booleans of JSON are spelt as JSON spells them.
        lines: N line numbers, counted from 1.
        source: the file, for messages.
    """

    texts: list[str]
    pairs: list[str] | None = None
    labels: list[Label] | None = None
    lines: list[int] = field(default_factory=list, repr=False)
    source: str = ""

    def __len__(self) -> int:
        return len(self.texts)

    def inputs(self) -> list[str] | tuple[list[str], list[str]]:
        """The texts, or the two lists of text pairs, as tasks take them."""
        return self.texts if self.pairs is None else (self.texts, self.pairs)

    def numeric_labels(self) -> np.ndarray:
        """The labels as float64 `[N]`, for regression.

        Raises:
            ValueError: without labels, and for a label that is no finite number.
        """
        if self.labels is None:
            raise ValueError(f"expected labels in {self.source}; received none")
        values = np.array([_number(label) for label in self.labels], np.float64)
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            raise ValueError(
                f"expected a finite number as label on line {self.lines[wrong[0]]} of "
                f"{self.source}; received {self.labels[wrong[0]]!r}"
            )
        return values


def read_records(path: str | os.PathLike[str], **options: Any) -> Records:
    """Reads all records of `path`; the options are those of `iter_records`.

    Raises:
        ValueError: as `iter_records`, and for a header without rows.
    """
    records = list(iter_records(path, **options))
    source = source_name(path)
    if not records:
        raise ValueError(f"expected rows in {source}; received a header alone")
    lines, texts, pairs, labels = (list(column) for column in zip(*records, strict=True))
    return Records(
        texts=texts,
        pairs=None if pairs[0] is None else pairs,
        labels=None if labels[0] is None else labels,
        lines=lines,
        source=source,
    )


def iter_records(
    path: str | os.PathLike[str],
    *,
    text_column: Column | None = None,
    pair_column: Column | None = None,
    label_column: Column | None = None,
    quoting: bool | None = None,
    file_format: str | None = None,
    header: bool | None = None,
    require_labels: bool | None = None,
    label_separator: str | None = None,
) -> Iterator[Record]:
    """Yields the records of a file or of standard input.

    Args:
        path: a file, plain or gzipped, or `-` for standard input.
        text_column: name or 0-based position of the text. None tries the usual
            names (`text`, `sentence`, `sentence1` with `sentence2`, ...).
        pair_column: the second text; None means none once `text_column` is given.
        label_column: the label; None tries the usual names.
        quoting: whether cells may be quoted; None is False for TSV (SST-2, MRPC
            and SNLI hold stray quotes) and True for CSV.
        file_format: `tsv`, `csv`, `jsonl` or `text`; None goes by the suffix.
        header: whether the first row names the columns. None means yes, except
            where positions were asked for and the first row holds no usual names.
        require_labels: True where a label must be there, False to leave labels
            out, None to take them where a label column is found.
        label_separator: splits a label cell into several (multi-label).

    Raises:
        ValueError: for an empty file, an unknown format, a column that is not
            there, a short or over-long row, bad quotes, bad JSON, bytes that are
            not UTF-8, damaged gzip, half a surrogate pair, and a missing label.
    """
    source = source_name(path)
    table = open_table(
        path,
        tuple(as_column(column) for column in (text_column, pair_column, label_column)),
        file_format=file_format,
        quoting=quoting,
        header=header,
        labels=require_labels,
    )
    for row in table.rows:
        yield _record(row, table, source, label_separator)


def _record(row: Row, table: Table, source: str, separator: str | None) -> Record:
    _check_width(row, table, source)
    text, pair, label = table.columns
    return Record(
        row.line,
        _text(row, text, source),
        None if pair is None else _text(row, pair, source),
        None if label is None else _label(row, label, source, separator),
    )


def _check_width(row: Row, table: Table, source: str) -> None:
    if isinstance(row.cells, dict):
        absent = [name for name in table.columns if name is not None and name not in row.cells]
        if absent:
            raise ValueError(
                f"expected keys {absent} on line {row.line} of {source}; received {list(row.cells)}"
            )
        return
    needed = 1 + max(position for position in table.columns if position is not None)
    fewest, most = needed, table.width or len(row.cells)
    if not fewest <= len(row.cells) <= most:
        raise ValueError(
            f"expected {table.width or f'at least {needed}'} columns on line {row.line} of "
            f"{source}; received {len(row.cells)} (a wrong delimiter, or quoting set wrongly?)"
        )


def _text(row: Row, column: Column, source: str) -> str:
    text = row.cells[column]
    if not isinstance(text, str):
        raise ValueError(
            f"expected a string in {column!r} on line {row.line} of {source}; received {text!r}"
        )
    refuse_surrogates(f"line {row.line} of {source}", text)
    return text


def _label(row: Row, column: Column, source: str, separator: str | None) -> Label:
    value = row.cells[column]
    if isinstance(value, str) and separator is not None:
        return [part.strip() for part in value.split(separator) if part.strip()]
    if isinstance(value, list) and not any(isinstance(part, list) for part in value):
        return [_label_text(part, row, source) for part in value]
    return _label_text(value, row, source)


def _label_text(value: Any, row: Row, source: str) -> str:
    text = value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not text or value is None or isinstance(value, list | dict):
        raise ValueError(f"expected a label on line {row.line} of {source}; received {value!r}")
    return text


def _number(label: Label) -> float:
    try:
        return float(label)
    except (TypeError, ValueError):
        return float("nan")
