"""`classify`: texts or pairs of texts, one or several class names a record."""

import argparse
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import answer_texts as answer
from keras_bert.cli.record_arguments import read_texts as read
from keras_bert.cli.record_arguments import sequence_options
from keras_bert.cli.record_arguments import stream_texts as stream

if TYPE_CHECKING:
    from keras_bert.data.records import Records

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "class names for texts or pairs of texts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument("--pooling", choices=("first", "mean", "max"), default="first")
    parser.add_argument("--multi-label", action="store_true", help="any number of labels a record")


def build(arguments: argparse.Namespace, examples: "Records", held_out: "Records | None") -> Any:
    """A classifier for the labels of these examples."""
    from keras_bert.models.classifier import BertClassifier

    del held_out
    labels = examples.labels or []
    names = {name for row in labels for name in row} if arguments.multi_label else set(labels)
    return BertClassifier.from_preset(
        arguments.preset,
        labels=sorted(names),
        multi_label=arguments.multi_label,
        **sequence_options(arguments, examples),
    )
