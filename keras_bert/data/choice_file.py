"""Multiple-choice records from JSON lines, gzipped or not.

One object a line: a context, perhaps a question, a list of choices, and a label that is the
number of the right choice from 0 or its text:
{"context": "It rained.", "choices": ["She got wet.", "She got rich."], "label": 0}
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from keras_bert.data.lines import read_lines, source_name
from keras_bert.data.rows import Row, json_rows

# The names that public data sets use, tried in this order.
CONTEXTS = ("context", "article", "passage", "premise", "text")
QUESTIONS = ("question", "query")
CHOICES = ("choices", "options", "endings")
LABELS = ("label", "answer")


class ChoiceRecord(NamedTuple):
    """One record and its line; `question` and `label` are None where there is none."""

    line: int
    context: str
    question: str | None
    choices: list[str]
    label: int | str | None


@dataclass(frozen=True)
class ChoiceRecords:
    """The records of a file, in columns; `questions` and `labels` are None for none."""

    contexts: list[str]
    questions: list[str] | None
    choices: list[list[str]]
    labels: list[int | str] | None
    lines: list[int] = field(default_factory=list, repr=False)
    source: str = ""

    def __len__(self) -> int:
        return len(self.contexts)

    def inputs(self) -> tuple:
        """`(contexts, choices)`, or `(contexts, questions, choices)`, as the task takes them."""
        questions = () if self.questions is None else (self.questions,)
        return (self.contexts, *questions, self.choices)


def read_choices(path: str | os.PathLike[str], labelled: bool = True) -> ChoiceRecords:
    """Reads a whole file.

    Raises:
        ValueError: as `iter_choices`; a file without records; questions in some records
            only; choices that are more or fewer than in the first record.
    """
    source = source_name(path)
    records = list(iter_choices(path, labelled))
    if not records:
        raise ValueError(f"expected records in {source}; received none")
    first = records[0]
    for record in records:
        if (record.question is None) != (first.question is None):
            raise ValueError(
                f"expected questions in all records of {source} or in none; received lines "
                f"{first.line} and {record.line}, of which one has none"
            )
        if len(record.choices) != len(first.choices):
            raise ValueError(
                f"expected {len(first.choices)} choices on line {record.line} of {source}, as on "
                f"line {first.line}; received {len(record.choices)}"
            )
    return as_columns(records, source)


def as_columns(records: Sequence[ChoiceRecord], source: str = "") -> ChoiceRecords:
    """Records as columns."""
    lines, contexts, questions, choices, labels = map(list, zip(*records, strict=True))
    return ChoiceRecords(
        contexts=contexts,
        questions=None if questions[0] is None else questions,
        choices=choices,
        labels=None if labels[0] is None else labels,
        lines=lines,
        source=source,
    )


def iter_choices(path: str | os.PathLike[str], labelled: bool = False) -> Iterator[ChoiceRecord]:
    """Yields the records of a file or of standard input (`-`).

    Args:
        path: JSON lines.
        labelled: require a label on each line; otherwise labels are left out.

    Raises:
        ValueError: naming the line: bad JSON, a key that is missing or of another type,
            fewer than 2 choices, a label that is out of range or none of the choices.
    """
    source = source_name(path)
    for row in json_rows(read_lines(path), source):
        where = f"line {row.line} of {source}"
        choices = _value(row, CHOICES, where)
        texts = isinstance(choices, list) and all(isinstance(text, str) for text in choices)
        if not texts or len(choices) < 2:
            raise ValueError(
                f"expected a list of 2 or more texts as choices on {where}; "
                f"received {choices!r:.80}"
            )
        question = None
        if any(name in row.cells for name in QUESTIONS):
            question = _text(row, QUESTIONS, where)
        label = _label(_value(row, LABELS, where), choices, where) if labelled else None
        yield ChoiceRecord(row.line, _text(row, CONTEXTS, where), question, choices, label)


def _value(row: Row, names: tuple[str, ...], where: str) -> Any:
    for name in names:
        if name in row.cells:
            return row.cells[name]
    raise ValueError(f"expected a key of {list(names)} on {where}; received {list(row.cells)}")


def _text(row: Row, names: tuple[str, ...], where: str) -> str:
    text = _value(row, names, where)
    if not isinstance(text, str):
        raise ValueError(f"expected a string as {names[0]} on {where}; received {text!r:.80}")
    return text


def _label(label: Any, choices: list[str], where: str) -> int | str:
    number = isinstance(label, int) and not isinstance(label, bool)
    if (number and 0 <= label < len(choices)) or (
        isinstance(label, str) and choices.count(label) == 1
    ):
        return label
    raise ValueError(
        f"expected a label from 0 to {len(choices) - 1}, or one of the choices, on {where}; "
        f"received {label!r:.80}"
    )
