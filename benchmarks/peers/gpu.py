r"""Measures keras_bert on JAX beside transformers on torch, on one accelerator, in one run.

    python benchmarks/peers/gpu.py                         all of it, for an hour at most
    python benchmarks/peers/gpu.py --minutes 9             the most important of it
    python benchmarks/peers/gpu.py --minutes 9 --resume    what this commit has not yet
    python benchmarks/peers/gpu.py --jobs gpu_forward --rows 1 --dtypes bfloat16
    python benchmarks/peers/gpu.py --any-device --shapes tiny --lengths 16 --tokens 64 \
        --sizes 64 --copy-mib 1                            a try without an accelerator
    python benchmarks/peers/gpu.py --table                 write the page from stored results

Points come in the order of `--dtypes`, then of `--dropouts`, `--jobs`, `--lengths` and
`--shapes`: the most important first. Those that `--minutes` leave no time for are named on the
page. Each point is kept in `benchmarks/results/gpu/DATE.json` as soon as it is measured;
`gpu.md` shows the newest.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import time

import history
import prepared_files
from device_limit import DeviceLimit
from engine_table import ENGINES, GPU
from environments import pythons
from gpu_tables import page
from machine_facts import card, machine
from measurement import entry, say, without_folders
from model_shapes import SHAPES
from point_measurement import measure_point
from run import add_shared, several

RESULTS = history.RESULTS.with_name("gpu")
DTYPES = ("bfloat16", "tf32", "float32")
CHOSEN = {name: engine for name, engine in ENGINES.items() if set(engine.jobs) & set(GPU)}
MASKED = 0.15  # of a row's tokens


def parsed(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--jobs", type=several(str, GPU), default=list(GPU))
    option("--shapes", type=several(str, SHAPES), default=["base", "large"])
    option("--lengths", type=several(int), default=[512, 128])
    option("--dtypes", type=several(str, DTYPES), default=list(DTYPES))
    option("--dropouts", type=several(float), default=[0.1, 0.0], help="of training")
    option("--tokens", type=int, default=16384, help="of a batch, in rows of each length")
    option("--rows", type=int, help="of a batch, instead of --tokens")
    option("--engines", type=several(str, CHOSEN), default=list(CHOSEN))
    option("--minutes", type=float, default=60.0, help="after which no point begins")
    option("--rounds", type=int, default=3)
    option("--seconds", type=float, default=1.0, help="of each engine's turn")
    option("--sizes", type=several(int), default=[4096, 8192, 16384], help="of the limit")
    option("--copy-mib", type=int, default=2048, help="of the limit")
    option("--any-device", action="store_true", help="measure without an accelerator too")
    option("--resume", action="store_true", help="leave points that this commit has")
    add_shared(option, RESULTS)
    parser.set_defaults(threads=os.cpu_count())
    found = parser.parse_args(arguments)
    least = min([found.rounds, found.threads, found.copy_mib, *found.sizes])
    rows = found.tokens // max(found.lengths) if found.rows is None else found.rows
    if min(least, rows) < 1:
        parser.error("expected numbers of 1 or more, and --tokens for a row of each length")
    if min(found.lengths) < 8:
        parser.error("expected lengths of 8 or more")
    return found


def points(arguments, name: str) -> list[dict]:
    """The settings of every point on the card of this name, the most important first."""
    found: list[dict] = []
    for dtype in arguments.dtypes:
        for rate in arguments.dropouts:
            for job in arguments.jobs:
                for length in arguments.lengths:
                    for shape in arguments.shapes:
                        settings = settings_of(arguments, job, shape, length, dtype, rate)
                        if settings not in found:  # inference has no dropout
                            found.append(settings)
    return [settings | {"card": name} for settings in found]


def settings_of(arguments, job, shape, length, dtype, rate) -> dict:
    """The settings of a point."""
    batch = arguments.rows or arguments.tokens // length
    settings = {"job": job, "shape": shape, "batch": batch, "length": length, "dtype": dtype}
    if job != "gpu_forward":
        settings["dropout"] = rate
    if job == "gpu_masked_lm":
        settings["predictions"] = max(1, round(MASKED * length))
    return settings | {"threads": arguments.threads}


def rows_of(settings: dict, arguments) -> dict[str, tuple[str, dict]]:
    """The engines that do the job, by the row's name; ours is what others are compared with.

    Where probabilities are dropped, our layers have one way to attend; cuDNN's is for bfloat16.
    """
    more = {"any_device": arguments.any_device}
    names = [name for name in arguments.engines if settings["job"] in CHOSEN[name].jobs]
    if settings.get("dropout") or settings["dtype"] != "bfloat16":
        names = [name for name in names if CHOSEN[name].way not in ("unmasked", "flash")]
    return {name.replace("_gpu", ""): (name, more) for name in names}


class Study:
    """Points measured on one card, until the time is over.

    Args:
        arguments: the command line.
        known: the interpreter of each environment by its name.
        limit: the card's `DeviceLimit`.
        folder: for the files that engines read, written once for a shape.
    """

    def __init__(self, arguments, known: dict, limit: DeviceLimit, folder: pathlib.Path):
        self.arguments, self.known, self.limit, self.folder = arguments, known, limit, folder
        self.files: dict[str, tuple] = {}

    def measure(self, settings: dict) -> dict:
        """An entry of the results, with the limit that its rounds saw."""
        given = self.arguments
        self.limit.begin(settings["dtype"])
        measured = measure_point(
            settings,
            rows_of(settings, given),
            {},
            self.prepared(settings),
            self.known,
            given.rounds,
            given.seconds,
            lambda: self.limit.measure(given.seconds / 4),
        )
        found = self.limit.found()
        found["reasons"] = {k: without_folders(v) for k, v in self.limit.reasons.items()}
        return measured | {"limit": found, "card": self.facts()}

    def facts(self) -> dict:
        """Of the card: by the driver, and by each library that found it."""
        return card() | {name: facts["driver"] for name, facts in self.limit.devices.items()}

    def prepared(self, settings: dict) -> tuple:
        """The folder of a shape's files, and the kinds that could not be written."""
        shape = settings["shape"]
        if shape not in self.files:
            say(f"writing files of {shape}")
            given, folder = self.arguments, self.folder / shape
            folder.mkdir()
            rows = given.rows or given.tokens // min(given.lengths)
            most = settings | {"batch": rows, "length": max(given.lengths), "preset": None}
            self.files[shape] = (
                folder,
                prepared_files.write(self.known, most, {"weights"}, folder)[0],
            )
        return self.files[shape]

    def left_out(self, settings: dict) -> dict:
        """An entry of a point that there was no time for."""
        reason = f"left out: {self.arguments.minutes:g} minutes were over"
        rows = rows_of(settings, self.arguments)
        engines = {row: {"about": CHOSEN[rows[row][0]].about, "reason": reason} for row in rows}
        return entry(settings, engines, {}, 0) | {"card": self.facts()}


def measure_all(study: Study, wanted: list[dict]) -> None:
    """Measure one point after the other; keep each, and the page, as soon as it is there."""
    arguments, longest, begin = study.arguments, 0.0, time.monotonic()
    known = {history.key(entry): entry for entry in history.entries(arguments.results)}
    resumed = history.of_this_commit(arguments.results) if arguments.resume else {}
    for number, settings in enumerate(wanted):
        key = history.key({"settings": settings, "machine": machine()})
        if was_measured(resumed.get(key)):
            continue
        started = time.monotonic()
        say(f"point {number + 1} of {len(wanted)}, after {(started - begin) / 60:.1f} minutes")
        if (started - begin + longest) / 60 > arguments.minutes:
            if not was_measured(known.get(key)):  # which is still the newest to show
                history.add(study.left_out(settings), arguments.results)
            continue
        history.add(study.measure(settings), arguments.results)
        longest = max(longest, time.monotonic() - started)
        history.write_page(arguments.results, page)
    history.write_page(arguments.results, page)


def was_measured(entry: dict | None) -> bool:
    """Whether an entry has the time of any engine."""
    return entry is not None and any(facts.get("wall") for facts in entry["engines"].values())


def main(given=None) -> int:
    """Do what the command line says; 1 where there is no accelerator."""
    arguments = parsed(given)
    if arguments.table:
        history.write_page(arguments.results, page)
        return 0
    known = pythons(arguments.environments)
    settings = {"threads": arguments.threads, "any_device": arguments.any_device}
    limit = DeviceLimit(known, settings, arguments.sizes, arguments.copy_mib * 2**20)
    try:
        for name, reason in limit.reasons.items():
            say(f"{name}: {reason}")
        if not limit.devices:
            say("no accelerator found: nothing is measured (--any-device measures all the same)")
            return 1
        device = next(iter(limit.devices.values()))["name"]
        with tempfile.TemporaryDirectory() as folder:
            study = Study(arguments, known, limit, pathlib.Path(folder))
            measure_all(study, points(arguments, device))
    finally:
        limit.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
