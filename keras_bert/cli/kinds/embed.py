"""`embed`: pairs, triplets or scored pairs of texts teach a sentence encoder."""

import argparse
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import model_options, record_options, refuse_pairs
from keras_bert.cli.record_arguments import stream_texts as stream

if TYPE_CHECKING:
    from keras_bert.data.records import Record
    from keras_bert.data.text_groups import TextGroups

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "vectors for texts, learnt from pairs, triplets or scored pairs"
LOSSES = ("in-batch", "triplet", "cosine", "contrastive")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument("--pooling", choices=("mean", "max", "first"), default="mean")
    parser.add_argument("--embedding-size", type=int, metavar="E", help="of a learnt projection")
    parser.add_argument(
        "--loss", choices=LOSSES, help="in-batch negatives, or cosine for scores, if not given"
    )
    parser.add_argument(
        "--columns",
        metavar="A,B,…",
        help="of the texts of a record, by names or positions; the usual names if not given",
    )
    parser.add_argument(
        "--max-score", type=float, metavar="X", help="divide scores by this; 5 for STS-B"
    )


def read(path: str, arguments: argparse.Namespace, labelled: bool) -> "TextGroups":
    """A file of records of two or more texts; labels are there where the file has them."""
    import dataclasses

    from keras_bert.data.text_groups import read_text_groups

    del labelled
    columns = getattr(arguments, "columns", None)
    if not columns and arguments.text_column and arguments.pair_column:
        columns = f"{arguments.text_column},{arguments.pair_column}"
    options = record_options(arguments)
    groups = read_text_groups(
        path,
        columns=columns.split(",") if columns else None,
        **{name: options[name] for name in ("label_column", "file_format", "quoting", "header")},
    )
    scale = getattr(arguments, "max_score", None)
    if scale is None or groups.labels is None:
        return groups
    if not scale > 0:
        raise ValueError(f"expected --max-score above 0; received {scale}")
    return dataclasses.replace(groups, labels=groups.labels / scale)


def build(
    arguments: argparse.Namespace, examples: "TextGroups", held_out: "TextGroups | None"
) -> Any:
    """An encoder with the loss that was asked for, or that suits these examples."""
    from keras_bert.models.sentence_encoder import BertSentenceEncoder
    from keras_bert.training.embedding_losses import (
        ContrastiveLoss,
        CosineScoreLoss,
        InBatchNegativesLoss,
        TripletLoss,
    )

    del held_out
    losses = (InBatchNegativesLoss, TripletLoss, CosineScoreLoss, ContrastiveLoss)
    name = arguments.loss or ("in-batch" if examples.labels is None else "cosine")
    encoder = BertSentenceEncoder.from_preset(
        arguments.preset,
        pooling=arguments.pooling,
        embedding_size=arguments.embedding_size,
        **model_options(arguments),
    )
    encoder.objective = dict(zip(LOSSES, losses, strict=True))[name]()
    return encoder


def answer(task: Any, records: "list[Record]", **options: Any) -> list[dict[str, Any]]:
    """The embedding of each text."""
    refuse_pairs(records)
    return task.answer([record.text for record in records], **options)
