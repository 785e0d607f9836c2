"""`keras-bert evaluate`: the field's scores of a fine-tuned model on labelled records."""

import argparse

from keras_bert.cli.output import print_scores, progress_to_stderr, verbosity
from keras_bert.cli.record_arguments import add_record_arguments, positive

HELP = "score a fine-tuned model on labelled records"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument(
        "directory",
        metavar="DIR",
        help="what finetune wrote, or a fine-tuned model of Hugging Face",
    )
    parser.add_argument("records", metavar="F", help="as for finetune: TSV, JSONL, …, or gzipped")
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    add_record_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predicts, scores and prints."""
    from keras_bert.cli.task_kinds import kind_of
    from keras_bert.models.task_presets import load_task

    task = load_task(arguments.directory)
    kind = kind_of(task)
    records = kind.read(arguments.records, arguments, labelled=True)
    if hasattr(kind, "check_scorable"):
        kind.check_scorable(task, records)
    with progress_to_stderr():
        scores = task.score(
            records.inputs(),
            records.labels,
            batch_size=arguments.batch_size,
            verbose=verbosity(),
        )
    print_scores({"examples": len(records), **scores}, as_json=arguments.json)
    return 0
