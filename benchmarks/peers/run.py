"""Measures keras_bert beside its peers, all in one run, alternating, and keeps the results.

    python benchmarks/peers/run.py                   a default set, about ten minutes
    python benchmarks/peers/run.py forward --shape base --batch 1,32 --dtype float32,bfloat16
    python benchmarks/peers/run.py forward --engines keras_bert,served,onnxruntime --rounds 9
    python benchmarks/peers/run.py train --dropout 0,0.1
    python benchmarks/peers/run.py fit --count 500 --rounds 3
    python benchmarks/peers/run.py texts --texts FILE.tsv.gz --column 0 --count 0
    python benchmarks/peers/run.py classify --count 500 --rounds 3
    python benchmarks/peers/run.py start --rounds 5
    python benchmarks/peers/run.py --make-environments
    python benchmarks/peers/run.py --compare         regressions of ours; the exit status says
    python benchmarks/peers/run.py --table           write the page from stored results anew

Engines run in environments of their own, which `--make-environments` makes once. Every
combination of the comma-separated settings is one measurement, added to
`benchmarks/results/peers/DATE.json`; `benchmarks/results/peers.md` and `.svg` show the newest
of each. An engine that is missing or fails stands in the table with the reason.
"""

import argparse
import itertools
import pathlib
import sys

import history
from comparison import regressions
from engine_table import ENGINES
from environments import ENVIRONMENTS, make_environments, pythons
from measurement import measure
from model_shapes import SHAPES
from picture import picture
from result_tables import OF_TEXTS, page, table
from start_measurement import measure_start

DTYPES = ("float32", "bfloat16", "int8")
BATCHES = {"forward": 32, "train": 16, "fit": 16, "texts": 32, "classify": 32, "start": 1}
# What runs without arguments, a command line each.
SOME = "keras_bert,served,served_text,keras_hub,onnxruntime,openvino"
DEFAULTS = [
    f"forward --rounds 5 --engines {SOME},transformers",
    "train --rounds 3 --engines keras_bert,keras_hub,transformers",
    f"texts --count 500 --rounds 2 --engines {SOME},sentence_transformers",
    "start --rounds 1 --engines served,onnxruntime,openvino",
]


def several(kind, known=None):
    """A parser of comma-separated values, of the known ones if there are such."""

    def parse(text):
        values = [kind(part) for part in text.split(",")]
        unknown = [value for value in values if known is not None and value not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"expected {', '.join(known)}; received {unknown}")
        return values

    return parse


def add_shared(option, results):
    """The options that the studies of growth and memory have too."""
    option("--threads", type=int, default=2)
    option("--environments", type=pathlib.Path, default=ENVIRONMENTS)
    option("--results", type=pathlib.Path, default=results)
    option("--table", action="store_true", help="write the page, measure nothing")


def parsed(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("job", nargs="?", choices=list(BATCHES))
    option("--shape", type=several(str, SHAPES), default=["minilm"])
    option("--batch", type=several(int), help="rows; 32, of train and fit 16, of start 1")
    option("--length", type=int, default=128, help="tokens of a row, or the most of a text")
    option("--dtype", type=several(str, DTYPES), default=["float32"])
    option("--dropout", type=several(float), default=[0.1], help="of train and fit")
    option("--texts", type=pathlib.Path, help="a file of texts: .txt, .tsv, .tsv.gz, …")
    option("--column", help="of that file: a name, or a number from 0")
    option("--corpus", help="what the table calls it; the file's name")
    option("--count", type=int, default=2000, help="texts to take; 0 for all")
    option("--engines", type=several(str, ENGINES), help="all that do the job")
    option("--rounds", type=int, default=9)
    option("--seconds", type=float, default=0.3, help="of each engine's turn")
    add_shared(option, history.RESULTS)
    option("--make-environments", action="store_true")
    option("--compare", action="store_true", help="name regressions, measure nothing")
    found = parser.parse_args(arguments)
    if found.rounds < 1 or found.threads < 1 or found.length < 3 or min(found.batch or [1]) < 1:
        parser.error("expected --rounds, --threads and --batch of 1 or more, --length of 3")
    return found


def combinations(arguments):
    """The settings of every measurement of a job that was asked for."""
    job = arguments.job
    common = {"length": arguments.length, "threads": arguments.threads}
    if job in OF_TEXTS:
        name = arguments.texts.name if arguments.texts else "Python's documentation"
        common |= {"corpus": arguments.corpus or name}
    shapes = [None] if job in OF_TEXTS else arguments.shape  # texts have a model that knows them
    rates = arguments.dropout if job in ("train", "fit") else [None]
    batches = arguments.batch or [BATCHES[job]]
    for shape, dtype, batch, rate in itertools.product(shapes, arguments.dtype, batches, rates):
        settings = {"job": job, "shape": shape, "batch": batch, "dtype": dtype, "dropout": rate}
        yield {name: value for name, value in settings.items() if value is not None} | common


def engines_of(job):
    """The names of all engines that do a job."""
    needed = "forward" if job == "start" else job
    return [name for name, engine in ENGINES.items() if needed in engine.jobs]


def source_of(arguments):
    """Where the texts of a job come from, if it has such."""
    if arguments.job not in OF_TEXTS:
        return None
    path = arguments.texts and str(arguments.texts.resolve())
    return {"file": path, "column": arguments.column, "count": arguments.count}


def run_job(arguments) -> None:
    """Measure every combination, and keep and print each as soon as it is there."""
    known = pythons(arguments.environments)
    engines, rounds = arguments.engines or engines_of(arguments.job), arguments.rounds
    for settings in combinations(arguments):
        if arguments.job == "start":
            entry = measure_start(settings, engines, known, rounds)
        else:
            source = source_of(arguments)
            entry = measure(settings, engines, known, rounds, arguments.seconds, source)
        history.add(entry, arguments.results)
        print(table(entry), flush=True)
        history.write_page(arguments.results, page, picture)


def compare(results: pathlib.Path) -> int:
    """Print regressions; 1 if there are any."""
    pairs = [group for group in history.newest(history.entries(results), 2) if len(group) == 2]
    lines = [line for older, newer in pairs for line in regressions(older, newer)]
    print("\n".join(lines) or f"no regression among {len(pairs)} measurements with a past")
    return int(bool(lines))


def main(given=None) -> int:
    """Do what the command line says; the exit status."""
    given = sys.argv[1:] if given is None else given
    arguments = parsed(given)
    if arguments.compare:
        return compare(arguments.results)
    if arguments.make_environments:
        failed = make_environments(arguments.environments)
        if arguments.job is None:
            return int(bool(failed))
    if arguments.table:
        history.write_page(arguments.results, page, picture)
    elif arguments.job:
        run_job(arguments)
    else:
        for line in DEFAULTS:
            run_job(parsed([*line.split(), *given]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
