"""`keras-bert predict`: answers for records, as JSON lines, while they are being read."""

import argparse
import sys

from keras_bert.cli.answer_files import answer_writer
from keras_bert.cli.output import record_counter
from keras_bert.cli.record_arguments import add_record_arguments, chunks, positive

HELP = "answer records or standard input as JSON lines"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument(
        "directory",
        metavar="DIR",
        help="what finetune wrote, or a fine-tuned model of Hugging Face",
    )
    parser.add_argument(
        "records",
        metavar="F",
        nargs="?",
        default="-",
        help="as for finetune, or text lines; - or nothing is standard input",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="write there instead of to standard output: .jsonl, or .npy for embeddings",
    )
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N")
    add_record_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Streams: one JSON object a record, in order."""
    from keras_bert.cli.task_kinds import kind_of
    from keras_bert.models.task_presets import load_task

    task = load_task(arguments.directory)
    kind = kind_of(task)
    records = kind.stream(arguments.records, arguments)
    # A person at a terminal gets each answer at once; a file is sorted by length in chunks.
    interactive = arguments.records == "-" and sys.stdin.isatty()
    size = 1 if interactive else arguments.batch_size * 64
    with answer_writer(arguments.out, flush=interactive) as write, record_counter() as count:
        for chunk in chunks(records, size):
            write(kind.answer(task, chunk, batch_size=arguments.batch_size, verbose=0))
            count(len(chunk))
    return 0
