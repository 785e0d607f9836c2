"""Measures how time and peak memory grow, ours and the peers', and draws it.

    python benchmarks/peers/growth.py                    all of it, about a quarter of an hour
    python benchmarks/peers/growth.py forward --lengths 16,128,512 --batches 1,64 --depths 2,24
    python benchmarks/peers/growth.py train --shape base --engines keras_bert,transformers
    python benchmarks/peers/growth.py texts --counts 64,256,1024 --texts FILE.tsv.gz --column 0
    python benchmarks/peers/growth.py --resume           only points that this commit has not
    python benchmarks/peers/growth.py --table            write the page from stored results anew

One of length, batch and depth grows at a time, the others stay at 128 tokens, 4 rows and 6
layers (`--length`, `--batch`, `--depth`); for texts their number grows. A point whose step
would take more than `--most` seconds is left out, and the page says so. Points are kept in
`benchmarks/results/growth/DATE.json`; `growth.md` and `growth.svg` show the newest.
"""

import argparse
import pathlib
import sys
import tempfile

import history
import prepared_files
from engine_table import ENGINES
from environments import pythons
from growth_picture import picture
from growth_points import AXES, Bound, points
from growth_tables import page
from machine_facts import machine
from measurement import say
from model_shapes import SHAPES
from point_measurement import measure_point
from run import DTYPES, add_shared, engines_of, several

RESULTS = history.RESULTS.with_name("growth")
TRAINED = ["keras_bert", "keras_hub", "transformers"]
COMPARED = ["keras_bert", "served", "keras_hub", "transformers", "onnxruntime", "openvino"]
CHOSEN = {
    "forward": COMPARED,
    "train": TRAINED,
    "texts": ["served_text" if name == "served" else name for name in COMPARED],
}


def parsed(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(AXES)}; all of them")
    option("--shape", choices=list(SHAPES), default="minilm", help="its hidden size")
    option("--lengths", type=several(int), default=[16, 64, 128, 256, 512])
    option("--batches", type=several(int), default=[1, 4, 16, 64])
    option("--depths", type=several(int), default=[2, 6, 12, 24])
    option("--counts", type=several(int), default=[64, 256, 1024], help="of texts")
    option("--length", type=int, default=128, help="while another grows")
    option("--batch", type=int, default=4, help="while another grows")
    option("--depth", type=int, default=6, help="while another grows")
    option("--dtype", choices=DTYPES, default="float32")
    option("--dropout", type=float, default=0.1, help="of training")
    option("--texts", type=pathlib.Path, help="a file of texts: .txt, .tsv, .tsv.gz, …")
    option("--column", help="of that file: a name, or a number from 0")
    option("--corpus", help="what the page calls it; the file's name")
    option("--engines", type=several(str, ENGINES), help="; ".join(map(_listed, CHOSEN)))
    option("--most", type=float, default=5.0, help="seconds of a step; longer ones are left out")
    option("--rounds", type=int, default=2)
    option("--seconds", type=float, default=0.2, help="of each engine's turn")
    add_shared(option, RESULTS)
    option("--resume", action="store_true", help="leave points that this commit has")
    found = parser.parse_args(arguments)
    if unknown := set(found.jobs) - set(AXES):
        parser.error(f"expected jobs of {', '.join(AXES)}; received {sorted(unknown)}")
    least = min([*found.batches, *found.depths, *found.counts, found.rounds, found.threads])
    if min(least, found.batch, found.depth) < 1 or min(*found.lengths, found.length) < 3:
        parser.error("expected lengths of 3 or more, and all other numbers of 1 or more")
    return found


def _listed(job):
    return f"{job}: {','.join(CHOSEN[job])}".replace("%", "%%")


def points_of(job, arguments):
    """The settings of a job's points."""
    common = {"job": job, "dtype": arguments.dtype, "threads": arguments.threads}
    if job == "texts":
        name = arguments.texts.name if arguments.texts else "Python's documentation"
        common |= {"corpus": arguments.corpus or name, "batch": 32, "length": 128}
        return points(common, {"count": arguments.counts})
    common |= {"shape": arguments.shape, "length": arguments.length}
    common |= {"batch": arguments.batch, "layers": arguments.depth}
    if job == "train":
        common["dropout"] = arguments.dropout
    values = {"length": arguments.lengths, "batch": arguments.batches}
    return points(common, values | {"layers": arguments.depths})


class Preparer:
    """Writes what engines read once for all points of a model.

    Args:
        folder: for all files.
        pythons: the interpreter of each environment by its name.
        arguments: the command line.
    """

    def __init__(self, folder: pathlib.Path, pythons: dict, arguments):
        self.folder, self.pythons, self.arguments = folder, pythons, arguments
        self.done: dict[str, tuple] = {}

    def prepared(self, settings: dict, names: list[str]) -> tuple[pathlib.Path, dict]:
        """The folder for a point, and the kinds of files that could not be written."""
        layers = settings.get("layers")
        kinds = {kind for name in names for kind in ENGINES[name].files}
        key = f"{'texts' if layers is None else layers} {' '.join(sorted(kinds))}"
        if key not in self.done:
            given, source, folder = self.arguments, None, self.folder / str(len(self.done))
            folder.mkdir()
            say("  writing files")
            most = {"batch": max([*given.batches, given.batch])}
            most |= {"length": max([*given.lengths, given.length])}
            if layers is None:
                most = {}
                path = given.texts and str(given.texts.resolve())
                source = {"file": path, "column": given.column, "count": max(given.counts)}
            failed, _, _ = prepared_files.write(
                self.pythons, settings | most, kinds, folder, source
            )
            self.done[key] = (folder, failed)
        return self.done[key]


def run_job(job, arguments, known, preparer) -> None:
    """Measure every point of a job, and keep each as soon as it is there."""
    names = arguments.engines or CHOSEN[job]
    names = [name for name in names if name in engines_of(job)]
    bound, wanted = Bound(arguments.most), points_of(job, arguments)
    stored = history.of_this_commit(arguments.results) if arguments.resume else {}
    for number, settings in enumerate(wanted):
        say(f"point {number + 1} of {len(wanted)}")
        if entry := stored.get(history.key({"settings": settings, "machine": machine()})):
            bound.add(entry)
            continue
        prepared = preparer.prepared(settings, names)
        reasons = {name: bound.reason(name, settings) for name in names}
        left_out = {name: reason for name, reason in reasons.items() if reason}
        rows = {name: (name, {}) for name in names}
        entry = measure_point(
            settings, rows, left_out, prepared, known, arguments.rounds, arguments.seconds
        )
        bound.add(entry)
        history.add(entry, arguments.results)
    history.write_page(arguments.results, page, picture)


def main(given=None) -> int:
    """Do what the command line says; the exit status."""
    arguments = parsed(given)
    if arguments.table:
        history.write_page(arguments.results, page, picture)
        return 0
    known = pythons(arguments.environments)
    with tempfile.TemporaryDirectory() as name:
        preparer = Preparer(pathlib.Path(name), known, arguments)
        for job in arguments.jobs or AXES:
            run_job(job, arguments, known, preparer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
