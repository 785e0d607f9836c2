"""`pair`: pairs of texts, with class names (paraphrase, entailment) or a number each."""

import argparse
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import answer_texts as answer
from keras_bert.cli.record_arguments import read_texts, sequence_options
from keras_bert.cli.record_arguments import stream_texts as stream

if TYPE_CHECKING:
    from keras_bert.data.records import Records

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "class names or a number for pairs of texts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument("--pooling", choices=("first", "mean", "max"), default="first")
    parser.add_argument(
        "--regression",
        action=argparse.BooleanOptionalAction,
        help="learn numbers, not class names (told from the labels if not given: "
        "numbers of which some have a fraction)",
    )


def read(path: str, arguments: argparse.Namespace, labelled: bool) -> "Records":
    """A file of pairs."""
    records = read_texts(path, arguments, labelled)
    if records.pairs is None:
        raise ValueError(
            f"expected two columns of texts in {records.source}; received one "
            "(name them: --text-column, --pair-column)"
        )
    return records


def build(arguments: argparse.Namespace, examples: "Records", held_out: "Records | None") -> Any:
    """A regressor or a classifier, as the labels are."""
    from keras_bert.models.classifier import BertClassifier
    from keras_bert.models.regressor import BertRegressor

    options = sequence_options(arguments, examples)
    regression = arguments.regression
    if regression is None:
        files = [examples] if held_out is None else [examples, held_out]
        regression = has_fractions([label for each in files for label in each.labels or []])
    if regression:
        return BertRegressor.from_preset(arguments.preset, **options)
    labels = sorted({str(label) for label in examples.labels or []})
    return BertClassifier.from_preset(arguments.preset, labels=labels, **options)


def has_fractions(labels: list) -> bool:
    """Whether all labels are numbers and some are written with a fraction."""
    try:
        return all(float(label) == float(label) for label in labels) and any(
            not str(label).strip().lstrip("+-").isdigit() for label in labels
        )
    except (TypeError, ValueError):
        return False
