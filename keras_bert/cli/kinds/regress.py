"""`regress`: texts or pairs of texts, one number a record."""

import argparse
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import answer_texts as answer
from keras_bert.cli.record_arguments import read_texts as read
from keras_bert.cli.record_arguments import sequence_options
from keras_bert.cli.record_arguments import stream_texts as stream

if TYPE_CHECKING:
    from keras_bert.data.records import Records

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "a number for texts or pairs of texts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument("--pooling", choices=("first", "mean", "max"), default="first")


def build(arguments: argparse.Namespace, examples: "Records", held_out: "Records | None") -> Any:
    """A regressor for these examples."""
    from keras_bert.models.regressor import BertRegressor

    del held_out
    return BertRegressor.from_preset(arguments.preset, **sequence_options(arguments, examples))
