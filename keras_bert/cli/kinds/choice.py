"""`choice`: which of several texts goes with a context, from JSON lines."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import model_options, require_json_lines

if TYPE_CHECKING:
    from keras_bert.data.choice_file import ChoiceRecord, ChoiceRecords

HELP = "one of several texts for a context, from JSON lines"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument("--pooling", choices=("first", "mean", "max"), default="first")


def read(path: str, arguments: argparse.Namespace, labelled: bool) -> "ChoiceRecords":
    """A file of JSON lines."""
    from keras_bert.data.choice_file import read_choices

    require_json_lines(arguments)
    return read_choices(path, labelled)


def stream(path: str, arguments: argparse.Namespace) -> "Iterator[ChoiceRecord]":
    """The same one by one, as they come, without labels."""
    from keras_bert.data.choice_file import iter_choices

    require_json_lines(arguments)
    return iter_choices(path)


def build(
    arguments: argparse.Namespace, examples: "ChoiceRecords", held_out: "ChoiceRecords | None"
) -> Any:
    """A task for records like these, with a question or without."""
    from keras_bert.models.multiple_choice import BertMultipleChoice

    del held_out
    return BertMultipleChoice.from_preset(
        arguments.preset,
        question=examples.questions is not None,
        pooling=arguments.pooling,
        **model_options(arguments),
    )


def answer(task: Any, records: "list[ChoiceRecord]", **options: Any) -> list[dict[str, Any]]:
    """The chosen text of each record; records of one number of choices go together."""
    answers: list[dict[str, Any]] = [{} for _ in records]
    for count in {len(record.choices) for record in records}:
        rows = [row for row, record in enumerate(records) if len(record.choices) == count]
        found = task.answer(_inputs([records[row] for row in rows], task.question), **options)
        for row, one in zip(rows, found, strict=True):
            answers[row] = one
    return answers


def _inputs(records: "list[ChoiceRecord]", question: bool) -> tuple:
    for record in records:
        if (record.question is not None) != question:
            wanted = "a question" if question else "no question, as the model was trained without,"
            raise ValueError(f"expected {wanted} on line {record.line}; received the opposite")
    questions = ([record.question for record in records],) if question else ()
    return (
        [record.context for record in records],
        *questions,
        [record.choices for record in records],
    )
