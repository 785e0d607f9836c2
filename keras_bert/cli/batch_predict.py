"""`keras-bert batch-predict`: an exported model over many records, on one machine or many."""

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from keras_bert.cli.beam_arguments import add_beam_arguments, beam_options
from keras_bert.cli.output import print_scores
from keras_bert.cli.record_arguments import positive

HELP = "answer any number of records with an exported model, as numbered files of JSON lines"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument("model", metavar="SAVEDMODEL", help="a version folder of export")
    parser.add_argument(
        "inputs", metavar="INPUT", nargs="+", help=".txt, .tsv or .jsonl, gzipped or not"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="the same again goes on")
    parser.add_argument("--signature", default="serving_default", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    _add_columns(parser.add_argument_group("reading records"))
    work = parser.add_argument_group("work")
    work.add_argument("--batch-size", type=positive, default=32, metavar="N")
    work.add_argument(
        "--block-lines", type=positive, default=4096, metavar="N", help="lines of an output file"
    )
    work.add_argument("--max-line-bytes", type=positive, default=1 << 20, metavar="N")
    work.add_argument(
        "--processes", type=positive, default=1, metavar="N", help="on this machine (DirectRunner)"
    )
    add_beam_arguments(parser)


def _add_columns(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--column",
        type=_column,
        action="append",
        default=[],
        metavar="INPUT=NAME|N",
        help="the column of an input of the signature, by header name or place from 0",
    )
    group.add_argument(
        "--keep", action="append", default=[], metavar="NAME", help="a column beside the answers"
    )
    group.add_argument("--format", choices=("text", "tsv", "jsonl"))
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first row of TSV names the columns (told from the row if not given)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Answers what has no answers yet, and prints the counts."""
    from keras_bert.batch_prediction.job import gather_dead_letters

    options = beam_options(arguments, arguments.processes)
    started = time.monotonic()
    job, blocks = _prepare(arguments)
    waiting = [block for block in blocks if not job.answers_path(block.number).exists()]
    if waiting:
        from keras_bert.batch_prediction.pipeline import run_pipeline

        with _progress(job, len(blocks)):
            run_pipeline(job, waiting, options)
    counts = {"out": job.out, "files": len(blocks), "done_before": len(blocks) - len(waiting)}
    counts["dead_letters"] = gather_dead_letters(job)
    counts["seconds"] = round(time.monotonic() - started, 1)
    print_scores(counts, as_json=arguments.json)
    return 0


def _prepare(arguments: argparse.Namespace) -> Any:
    """The job and its blocks."""
    from keras_bert.batch_prediction.job import Job, open_job, scan_files
    from keras_bert.batch_prediction.record_layout import find_layout
    from keras_bert.batch_prediction.signature import model_digest, read_signature

    signature = read_signature(arguments.model, arguments.signature)
    _check_kept(arguments.keep, ("line", *signature.outputs))
    layouts = [
        find_layout(
            path,
            list(signature.inputs),
            columns=dict(arguments.column),
            keep=arguments.keep,
            file_format=arguments.format,
            header=arguments.header,
        )
        for path in arguments.inputs
    ]
    odd = [
        path for path, found in zip(arguments.inputs, layouts, strict=True) if found != layouts[0]
    ]
    if odd:
        raise ValueError(
            f"expected files with the columns of {arguments.inputs[0]}; received others in "
            f"{', '.join(odd)}"
        )
    files, blocks = scan_files(arguments.inputs, layouts[0], arguments.block_lines)
    job = Job(
        *(arguments.out, arguments.model, arguments.signature, signature.inputs, layouts[0]),
        blocks=len(blocks),
        batch_size=arguments.batch_size,
        max_line_bytes=arguments.max_line_bytes,
    )
    open_job(job, files, model_digest(arguments.model), arguments.block_lines)
    return job, blocks


def _check_kept(names: list[str], taken: tuple[str, ...]) -> None:
    both = [name for name in names if name in taken]
    if both:
        raise ValueError(
            f"expected columns to keep that are no names of answers ({', '.join(taken)}); "
            f"received {', '.join(both)}"
        )


def _column(text: str) -> tuple[str, str]:
    """An argparse type: an input and its column."""
    name, equals, column = text.partition("=")
    if not (name and equals and column):
        raise argparse.ArgumentTypeError(f"expected INPUT=COLUMN; received {text!r}")
    return name, column


@contextlib.contextmanager
def _progress(job: Any, blocks: int) -> Iterator[None]:
    """Counts the files that are there, whichever worker wrote them, for a person to see."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def show() -> None:
        while not done.wait(1.0):
            ready = sum(job.answers_path(number).exists() for number in range(blocks))
            print(f"\r{ready:,} of {blocks:,} files", end="", file=sys.stderr, flush=True)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        print(file=sys.stderr)
