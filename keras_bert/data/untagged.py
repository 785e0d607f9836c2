"""Sentences without tags, for a tagger to answer: texts, or lists of words.

A line of text is a sentence, and so is a row of a CSV file. An object of JSON lines holds its
words as `words`, or else a text by one of the names of `keras_bert.data.columns`:

    {"words": ["Ada", "met", "Bo"]}
    {"text": "Ada met Bo in Paris."}

Columns of words are read by `keras_bert.data.conll`.
"""

import itertools
import os
from collections.abc import Iterator
from typing import Any

from keras_bert.data.columns import Column, as_column, named_columns
from keras_bert.data.lines import read_lines, source_name
from keras_bert.data.records import iter_records
from keras_bert.data.rows import Row, is_json_object, json_rows
from keras_bert.data.surrogates import refuse_surrogates
from keras_bert.data.tables import SNIFF

WORDS = "words"
Sentence = str | list[str]


def iter_untagged(
    path: str | os.PathLike[str],
    file_format: str,
    *,
    column: Column | None = None,
    **options: Any,
) -> Iterator[Sentence]:
    """Yields the sentences of a file or of standard input, all texts or all words.

    Args:
        path: a file, plain or gzipped, or `-` for standard input.
        file_format: "text", "csv", "jsonl", or `SNIFF`: the first line tells "jsonl" from
            "text".
        column: of the text, or of the words; None tries the usual names.
        **options: `quoting` and `header` of `iter_records`, for "csv".

    Raises:
        ValueError: as `iter_records`; with the line's number, for what is neither a text nor
            a list of words, or not what stands on the first line.
    """
    if file_format == "csv":
        records = iter_records(
            path, text_column=column, file_format="csv", require_labels=False, **options
        )
        yield from (record.text for record in records)
        return
    lines = read_lines(path)
    if file_format == SNIFF:
        first = next(lines, None)
        if first is None:
            return
        file_format = "jsonl" if is_json_object(first) else "text"
        lines = itertools.chain([first], lines)
    if file_format == "jsonl":
        source = source_name(path)
        yield from _sentences(json_rows(lines, source), as_column(column), source)
        return
    yield from (line.text.rstrip("\r\n") for line in lines)


def _sentences(rows: Iterator[Row], column: Column | None, source: str) -> Iterator[Sentence]:
    name, kind = None, None
    for row in rows:
        if name is None:
            name = _name(list(row.cells), column, source)
        where = f"line {row.line} of {source}"
        sentence = _sentence(row, name, where)
        kind = kind or type(sentence)
        if not isinstance(sentence, kind):
            wanted = "a text" if kind is str else "words"
            raise ValueError(
                f"expected {wanted} on {where}, as on the first line; received {sentence!r:.80}"
            )
        yield sentence


def _name(names: list[str], column: Column | None, source: str) -> Column:
    if column is None and WORDS in names:
        return WORDS
    return named_columns(names, (column, None, None), source, labels=False).text


def _sentence(row: Row, name: Column, where: str) -> Sentence:
    cells: Any = row.cells
    if name not in cells:
        raise ValueError(f"expected key {name!r} on {where}; received {list(cells)}")
    value = cells[name]
    words = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"expected a text or a list of words as {name!r} on {where}; received {value!r:.80}"
        )
    refuse_surrogates(where, *words)
    return value
