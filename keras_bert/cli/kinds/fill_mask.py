"""`fill-mask`: texts alone teach which words fit where `[MASK]` stands."""

import argparse
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import (
    answer_texts,
    model_options,
    positive,
    record_options,
)
from keras_bert.cli.record_arguments import stream_texts as stream

if TYPE_CHECKING:
    from keras_bert.data.records import Record, Records

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "words for [MASK] in texts, learnt from texts alone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument("--top-k", type=positive, default=5, metavar="K", help="words for a mask")
    parser.add_argument(
        "--masked-lm-prob", type=float, default=0.15, metavar="X", help="share that is predicted"
    )
    parser.add_argument(
        "--max-predictions", type=positive, metavar="N", help="of a text; that share if not given"
    )
    parser.add_argument("--whole-word", action="store_true", help="mask whole words")
    parser.add_argument(
        "--max-ngram", type=positive, default=1, metavar="N", help="mask up to N words together"
    )


def read(path: str, arguments: argparse.Namespace, labelled: bool) -> "Records":
    """A file of texts, mostly a text a line; labels, if it has any, are left out."""
    from keras_bert.data.records import read_records

    del labelled
    return read_records(path, require_labels=False, **record_options(arguments))


def build(arguments: argparse.Namespace, examples: "Records", held_out: "Records | None") -> Any:
    """A masked language model; a preset with the head keeps it."""
    from keras_bert.models.masked_lm import BertMaskedLM

    del held_out
    if examples.pairs is not None:
        raise ValueError("expected single texts; received pairs: give --text-column alone")
    return BertMaskedLM.from_preset(
        arguments.preset,
        top_k=arguments.top_k,
        masked_lm_prob=arguments.masked_lm_prob,
        max_predictions_per_seq=arguments.max_predictions,
        whole_word=arguments.whole_word,
        max_ngram=arguments.max_ngram,
        **model_options(arguments),
    )


def answer(task: Any, records: "list[Record]", **options: Any) -> list[dict[str, Any]]:
    """Words for the masks of each text; a blank line has none, and keeps its place.

    Raises:
        ValueError: another text without a mask, with its line.
    """
    from keras_bert.text.vocabulary import MASK

    asked = [record for record in records if record.text.strip()]
    for record in asked:
        if MASK not in record.text:
            raise ValueError(
                f"expected {MASK} in every text; received none on line {record.line}: "
                f"{record.text!r:.80}"
            )
    found = iter(answer_texts(task, asked, **options))
    return [
        next(found) if record.text.strip() else {"filled": record.text, "masks": []}
        for record in records
    ]
