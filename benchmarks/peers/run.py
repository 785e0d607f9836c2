"""Measures keras_bert beside its peers, all in one run, alternating, and keeps the results.

    python benchmarks/peers/run.py                   a default set, under about ten minutes
    python benchmarks/peers/run.py forward --shape base --batch 1,32 --dtype float32,bfloat16
    python benchmarks/peers/run.py forward --engines keras_bert,served,onnxruntime --rounds 9
    python benchmarks/peers/run.py --make-environments
    python benchmarks/peers/run.py --table           write the page from stored results anew

Engines run in environments of their own, which `--make-environments` makes once. Every
combination of the comma-separated settings is one measurement, added to
`benchmarks/results/peers/DATE.json`; `benchmarks/results/peers.md` shows the newest of each.
An engine that is missing or fails stands in the table with the reason.
"""

import argparse
import itertools
import pathlib
import sys

import history
from engine_table import ENGINES
from environments import ENVIRONMENTS, make_environments, pythons
from measurement import measure
from model_shapes import SHAPES
from result_tables import page, table

DTYPES = ("float32", "bfloat16", "int8")


def several(kind, known=None):
    """A parser of comma-separated values."""

    def parse(text):
        values = [kind(part) for part in text.split(",")]
        unknown = [value for value in values if known is not None and value not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"expected {', '.join(known)}; received {unknown}")
        return values

    return parse


def parsed(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("job", nargs="?", choices=["forward", "train", "texts"])
    parser.add_argument("--shape", type=several(str, SHAPES), default=["minilm"])
    parser.add_argument("--batch", type=several(int), help="rows; 32, of train 16")
    parser.add_argument("--length", type=int, default=128, help="tokens of a row, or the most")
    parser.add_argument("--dtype", type=several(str, DTYPES), default=["float32"])
    parser.add_argument("--dropout", type=several(float), default=[0.1], help="of train")
    parser.add_argument("--engines", type=several(str, ENGINES), default=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each engine's turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--environments", type=pathlib.Path, default=ENVIRONMENTS)
    parser.add_argument("--make-environments", action="store_true")
    parser.add_argument("--results", type=pathlib.Path, default=history.RESULTS)
    parser.add_argument("--table", action="store_true", help="write the page, measure nothing")
    return parser.parse_args(arguments)


def combinations(arguments):
    """The settings of every measurement that was asked for."""
    batches = arguments.batch or [{"train": 16}.get(arguments.job, 32)]
    for shape, dtype, batch in itertools.product(arguments.shape, arguments.dtype, batches):
        settings = {"job": arguments.job, "shape": shape, "batch": batch}
        settings |= {"length": arguments.length, "dtype": dtype, "threads": arguments.threads}
        if arguments.job == "train":
            yield from (settings | {"dropout": rate} for rate in arguments.dropout)
        else:
            yield settings


def write_page(results: pathlib.Path) -> None:
    """Beside the folder of results, from the newest entry of each kind."""
    newest = [group[-1] for group in history.newest(history.entries(results))]
    if newest:
        results.with_suffix(".md").write_text(page(newest), "utf-8")


def main(arguments=None) -> int:
    """Do what the command line says; the exit status."""
    arguments = parsed(arguments)
    if arguments.make_environments:
        make_environments(arguments.environments)
    for settings in combinations(arguments) if arguments.job else ():
        known = pythons(arguments.environments)
        entry = measure(settings, arguments.engines, known, arguments.rounds, arguments.seconds)
        history.add(entry, arguments.results)
        print(table(entry), flush=True)
    if arguments.job or arguments.table:
        write_page(arguments.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
