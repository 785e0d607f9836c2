"""One job measured: files written, engines started, rounds alternated, one entry made."""

import contextlib
import datetime
import pathlib
import re
import statistics
import sys
import tempfile

import prepared_files
from alternation import alternate, largest_difference
from engine_process import WORKERS, EngineError, EngineProcess
from engine_table import ENGINES
from machine_facts import commit, machine
from machine_limit import MachineLimit
from model_shapes import FORWARDS, operations_of

LONG = 20.0  # seconds of a first step, after which no round is needed to get warm
QUIET = 0.05  # of the processors to other programs: more disturbs a measurement


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


def measure(
    settings: dict, names: list[str], pythons: dict, rounds: int, seconds: float, source=None
) -> dict:
    """An entry of the results.

    Args:
        settings: job, shape, batch, length, dtype, threads, and what else the job has.
        names: of engines, in the table's order.
        pythons: the interpreter of each environment by its name.
        rounds: alternated, after one that is dropped; where every engine's first step took
            `LONG`, none is.
        seconds: of repeated steps in each engine's turn.
        source: of the texts, see `prepared_files.write`.
    """
    engines: dict[str, dict] = {name: {"about": ENGINES[name].about} for name in names}
    able = [name for name in names if settings["job"] in ENGINES[name].jobs]
    for name in set(names) - set(able):
        engines[name]["reason"] = f"does not do {settings['job']}"
    say(f"{settings['job']} {facts_of(settings)}: writing files")
    limit = MachineLimit(pythons, settings["dtype"], settings["threads"])
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        stack.callback(limit.close)
        folder = pathlib.Path(name)
        kinds = {kind for engine in able for kind in ENGINES[engine].files}
        failed, facts, reference = prepared_files.write(pythons, settings, kinds, folder, source)
        settings = settings | facts
        processes = {}
        for engine in able:
            try:
                process = started(engine, settings, pythons, folder, failed, stack)
                engines[engine] |= process.facts
                processes[engine] = process
            except EngineError as failure:
                engines[engine]["reason"] = str(failure)
            say(f"  {engine}: {engines[engine].get('reason', 'ready')}")
        times = alternate(
            processes,
            rounds,
            seconds,
            lambda: limit.measure(seconds),
            lambda done, of: say(f"  round {done} of {of}"),
            dropped=int(any(p.facts["first_step_seconds"] < LONG for p in processes.values())),
        )
        for engine, took in times.items():
            engines[engine] |= took
            with contextlib.suppress(EngineError):
                engines[engine]["memory"] = processes[engine].ask("memory")["bytes"]
    add_differences(engines, reference)
    if (share := others_share(engines)) and share > QUIET:
        say(
            f"  other programs had {share:.0%} of the processors: these times are not to be trusted"
        )
    return entry(settings, engines, limit.close(), rounds)


def started(name, settings, pythons, folder, failed, stack) -> EngineProcess:
    """An engine's prepared process, closed with the stack; its `facts` for the results."""
    engine = ENGINES[name]
    require(engine, failed)
    worker = WORKERS / engine.worker
    process = EngineProcess(pythons[engine.environment], worker, threads=settings["threads"])
    stack.callback(process.close)
    more = {"way": engine.way, "folder": str(folder)}
    process.facts = process.ask("prepare", settings=settings | more)
    return process


def require(engine, failed: dict[str, str]) -> None:
    """Raise an EngineError when a file that the engine reads could not be written."""
    for kind, reason in failed.items():
        if kind in {"weights", "texts", "classifier", *engine.files}:
            raise EngineError(reason)


def others_share(engines: dict) -> float | None:
    """The median part of the processors that other programs had; None if unknown."""
    shares = [share for facts in engines.values() for share in facts.get("others", ())]
    return statistics.median(shares) if shares and None not in shares else None


def add_differences(engines: dict, reference: list[float]) -> None:
    """Replace each engine's sample by how far it is from the reference's vector."""
    for facts in engines.values():
        sample = facts.pop("sample", None)
        if sample:
            facts["difference"] = largest_difference(sample, reference)


def entry(settings, engines, limit, rounds) -> dict:
    """What is stored of a measurement."""
    for facts in engines.values():
        if "reason" in facts:
            facts["reason"] = without_folders(facts["reason"])
    if "reasons" in limit:
        limit["reasons"] = {k: without_folders(v) for k, v in limit["reasons"].items()}
    amount = {}
    if settings["job"] in FORWARDS:
        amount = {"operations": operations_of(settings)}
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "settings": settings,
        "rounds": rounds,
        "others": others_share(engines),
        "limit": limit,
        **amount,
        "engines": engines,
    }


def without_folders(reason: str) -> str:
    """Absolute paths by their last two parts: where a machine keeps things is nobody's business."""
    return re.sub(r"(?<![\w:/])(?:/[\w.+-]+)+(?=(?:/[\w.+-]+){2})", "…", reason)


def facts_of(settings: dict) -> str:
    """The settings in a line."""
    skipped = ("job", "threads")
    return ", ".join(f"{key} {value}" for key, value in settings.items() if key not in skipped)
