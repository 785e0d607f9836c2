"""`keras-bert evaluate`: the field's scores of a fine-tuned model on labelled records."""

import argparse
import json

from keras_bert.cli.record_arguments import add_record_arguments, positive, record_options

HELP = "score a fine-tuned model on labelled records"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument("directory", metavar="DIR", help="what finetune wrote")
    parser.add_argument("records", metavar="F", help="TSV, CSV or JSONL, plain or gzipped")
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    add_record_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predicts, scores and prints."""
    from keras_bert.data.records import read_records
    from keras_bert.models.task_presets import load_task

    task = load_task(arguments.directory)
    records = read_records(arguments.records, require_labels=True, **record_options(arguments))
    scores = task.score(records.inputs(), records.labels, batch_size=arguments.batch_size)
    print_scores({"examples": len(records), **scores}, as_json=arguments.json)
    return 0


def print_scores(scores: dict[str, float], *, as_json: bool) -> None:
    """One JSON object, or a line a score."""
    if as_json:
        print(json.dumps(scores))
        return
    width = max(map(len, scores))
    for name, value in scores.items():
        print(
            f"{name:<{width}}  {value:.4f}"
            if isinstance(value, float)
            else f"{name:<{width}}  {value}"
        )
