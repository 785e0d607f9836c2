"""Records of two or more texts, for sentence encoders: pairs, triplets, scored pairs.

A TSV, CSV or JSON-lines file with names for its columns. Without being asked, the columns
are `anchor` (or `query`) and `positive`, and those whose names begin with `negative`; else
the pair and the label that `keras_bert.data.records` finds, such as `sentence1`,
`sentence2` and `score`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_bert.data.lines import read_lines, source_name
from keras_bert.data.records import read_records
from keras_bert.data.rows import Row, delimited_rows, json_rows

_ANCHORS = ("anchor", "query", "question")
_POSITIVES = ("positive", "answer", "document")
_NEGATIVE = "negative"


@dataclass(frozen=True)
class TextGroups:
    """N records of G texts.

    Attributes:
        columns: G lists of N texts.
        labels: N numbers, or None.
        lines: N line numbers, counted from 1.
        source: the file, for messages.
    """

    columns: tuple[list[str], ...]
    labels: np.ndarray | None = None
    lines: list[int] = field(default_factory=list, repr=False)
    source: str = ""

    def __len__(self) -> int:
        return len(self.columns[0])

    def inputs(self) -> tuple[list[str], ...]:
        """The collections of texts, as `BertSentenceEncoder.fit` takes them."""
        return self.columns


def read_text_groups(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str | int] | None = None,
    label_column: str | int | None = None,
    **options: Any,
) -> TextGroups:
    """Reads a whole file.

    Args:
        path: TSV, CSV or JSON lines, plain or gzipped.
        columns: 2 or more columns of texts, by name or by position from 0; None tries the
            usual names.
        label_column: of numbers. None means none beside `columns`, and with the usual names
            of a pair the usual one of a label where it is there.
        **options: `file_format`, `quoting` and `header` of `read_records`.

    Raises:
        ValueError: as `read_records`; fewer than 2 columns of texts; labels that are no numbers.
    """
    if columns is None and label_column is None:
        columns = _usual_group(path, options)
    if columns is None:
        records = read_records(path, label_column=label_column, **options)
        columns = ()
    else:
        if len(columns) < 2:
            raise ValueError(f"expected 2 or more columns of texts; received {list(columns)}")
        records = read_records(
            path,
            text_column=columns[0],
            pair_column=columns[1],
            label_column=label_column,
            require_labels=label_column is not None,
            **options,
        )
    if records.pairs is None:
        raise ValueError(
            f"expected 2 or more columns of texts in {records.source}; received one (name them: "
            "columns=['anchor', 'positive'])"
        )
    further = [
        read_records(path, text_column=column, require_labels=False, **options).texts
        for column in columns[2:]
    ]
    return TextGroups(
        columns=(records.texts, records.pairs, *further),
        labels=None if records.labels is None else records.numeric_labels(),
        lines=records.lines,
        source=records.source,
    )


def _usual_group(path: str | os.PathLike[str], options: dict[str, Any]) -> list[str] | None:
    """The names of an anchor, a positive and any negatives, where a header has them."""
    names = _column_names(path, options)
    anchor, positive = (
        next((name for name in names if name.strip().lower() in usual), None)
        for usual in (_ANCHORS, _POSITIVES)
    )
    if anchor is None or positive is None:
        return None
    negatives = [name for name in names if name.strip().lower().startswith(_NEGATIVE)]
    return [anchor, positive, *negatives]


def _column_names(path: str | os.PathLike[str], options: dict[str, Any]) -> list[str]:
    """The keys of a JSON file's first object, or the cells of the first row."""
    source, line = source_name(path), next(read_lines(path), None)
    if line is None:
        raise ValueError(f"expected rows in {source}; received an empty file")
    if line.text.lstrip().startswith("{"):
        return list(next(json_rows([line], source)).cells)
    csv = (options.get("file_format") or _suffix(path)) == "csv"
    quoting = options.get("quoting")
    rows = delimited_rows([line], source, "," if csv else "\t", csv if quoting is None else quoting)
    return list(next(rows, Row(1, [])).cells)


def _suffix(path: str | os.PathLike[str]) -> str:
    return os.fspath(path).lower().removesuffix(".gz").rpartition(".")[2]
