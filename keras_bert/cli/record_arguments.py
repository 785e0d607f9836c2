"""The arguments by which a verb reads a file of records, and that reading."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_bert.data.records import Record, Records

SEQUENCE_LENGTH = 128
FORMATS = ("tsv", "csv", "jsonl", "text")


def add_record_arguments(parser: argparse.ArgumentParser) -> None:
    """Columns, format and quoting: how `keras_bert.data.records` is to read a file."""
    group = parser.add_argument_group("reading records")
    for column in ("text", "pair", "label"):
        group.add_argument(
            f"--{column}-column",
            metavar="NAME|N",
            help=f"the {column}'s column, by header name or position from 0",
        )
    group.add_argument("--format", choices=FORMATS, help="by the file's suffix if not given")
    group.add_argument(
        "--quoting",
        action=argparse.BooleanOptionalAction,
        help="whether cells may be quoted (not in TSV, yes in CSV, if not given)",
    )
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first row names the columns (told from the row if not given)",
    )
    group.add_argument(
        "--label-separator", metavar="C", help="splits a label cell into several labels"
    )


def record_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of `read_records` that the command line gave."""
    return {
        "text_column": arguments.text_column,
        "pair_column": arguments.pair_column,
        "label_column": arguments.label_column,
        "file_format": arguments.format,
        "quoting": arguments.quoting,
        "header": arguments.header,
        "label_separator": arguments.label_separator,
    }


def read_texts(path: str, arguments: argparse.Namespace, labelled: bool) -> "Records":
    """A file of texts or pairs of texts."""
    from keras_bert.data.records import read_records

    return read_records(path, require_labels=labelled, **record_options(arguments))


def stream_texts(path: str, arguments: argparse.Namespace) -> "Iterator[Record]":
    """The same one by one, as they come, without labels."""
    from keras_bert.data.records import iter_records

    return iter_records(path, require_labels=False, **record_options(arguments))


def answer_texts(task: Any, records: "list[Record]", **options: Any) -> list[dict[str, Any]]:
    """A task's answers for some records, as pairs where the task takes pairs.

    Raises:
        ValueError: pairs for a task that takes single texts, or the reverse; with the line.
    """
    texts = [record.text for record in records]
    if not task.pairs:
        refuse_pairs(records)
        return task.answer(texts, **options)
    alone = next((record.line for record in records if record.pair is None), None)
    if alone is not None:
        raise ValueError(
            f"expected two texts on line {alone}, as the model takes pairs; received one "
            "(a table of two columns has them: --text-column, --pair-column)"
        )
    return task.answer((texts, [record.pair for record in records]), **options)


def refuse_pairs(records: "list[Record]") -> None:
    """Refuses records of two texts, for a task that would answer the first alone.

    Raises:
        ValueError: naming the line of one.
    """
    both = next((record.line for record in records if record.pair is not None), None)
    if both is not None:
        raise ValueError(
            f"expected one text on line {both}, as the model takes single texts; received two "
            "(name the column: --text-column)"
        )


def require_json_lines(arguments: argparse.Namespace) -> None:
    """Refuses a `--format` that records with lists in them do not come in.

    Raises:
        ValueError: so it is.
    """
    if arguments.format not in (None, "jsonl"):
        raise ValueError(
            f"expected --format jsonl for records of this kind; received {arguments.format!r}"
        )


def model_options(
    arguments: argparse.Namespace, usual_length: int = SEQUENCE_LENGTH
) -> dict[str, Any]:
    """The options of `from_preset` that every task has.

    Without `--sequence-length` it is the usual one, or the model's positions if they are fewer.
    """
    length = arguments.sequence_length
    if length is None:
        length = min(usual_length, _positions(arguments.preset))
    return {"sequence_length": length, "dtype": arguments.dtype}


def _positions(preset: str) -> int:
    """The positions of a model; not every format tells them without being read whole."""
    from keras_bert.checkpoints.formats import read_checkpoint
    from keras_bert.presets import resolve_preset

    return read_checkpoint(resolve_preset(preset)).config.max_position_embeddings


def sequence_options(arguments: argparse.Namespace, examples: "Records") -> dict[str, Any]:
    """The options of `from_preset` for a task with one vector a record."""
    pairs = examples.pairs is not None
    return {"pairs": pairs, "pooling": arguments.pooling, **model_options(arguments)}


def positive(text: str) -> int:
    """An argparse type: a whole number from 1."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1; received {text!r}")
    return number


def chunks(records: Iterator, size: int) -> Iterator[list]:
    """Lists of at most `size` records, for work that streams."""
    chunk = []
    for record in records:
        chunk.append(record)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
