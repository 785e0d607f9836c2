"""One point of a study: a new process for every row, time and peak memory of its steps.

A point is measured in processes that live for it alone, since memory that a library keeps
from a larger one would count for a smaller. Two of them load at a time. The peak counts from
the first step's end on: what loading and tracing needed for a moment is not a step's.
"""

import concurrent.futures
import contextlib

from alternation import alternate, largest_difference
from engine_process import EngineError
from engine_table import ENGINES
from measurement import entry, facts_of, others_share, say, started

LOADING = 2  # processes at a time


def measure_point(
    settings: dict,
    rows: dict[str, tuple[str, dict]],
    left_out: dict[str, str],
    prepared: tuple,
    pythons: dict,
    rounds: int,
    seconds: float,
    between=None,
) -> dict:
    """An entry of the results, without the machine's limit.

    Args:
        settings: as of `measurement.measure`.
        rows: the engine's name, and settings of its own, by the row's name.
        left_out: the reason, by the names of rows that are not measured at this point.
        prepared: the folder of the prepared files, and the kinds that failed.
        pythons: the interpreter of each environment by its name.
        rounds: alternated, after one that is dropped.
        seconds: of repeated steps in each turn.
        between: called once a round.
    """
    say(facts_of({"job of": settings["job"]} | settings))
    engines: dict[str, dict] = {row: {"about": ENGINES[rows[row][0]].about} for row in rows}
    for row, reason in left_out.items():
        engines[row]["reason"] = reason
    wanted = {row: what for row, what in rows.items() if row not in left_out}
    with contextlib.ExitStack() as stack:
        processes = _start(settings, wanted, prepared, pythons, engines, stack)
        _ask_all(processes, engines, "begin_peak", "resting_memory")
        for row, took in alternate(processes, rounds, seconds, between).items():
            engines[row] |= took
        _ask_all(processes, engines, "peak", "peak_memory")
    _compare(engines)
    share = others_share(engines)
    say("  " + ("" if share is None else f"other programs had {share:.0%} of the processors"))
    return entry(settings, engines, {}, rounds)


def _start(settings, wanted, prepared, pythons, engines, stack) -> dict:
    """The prepared process of every row that has one; the others get their reason."""
    folder, failed = prepared

    def start(row):
        name, more = wanted[row]
        return started(name, settings | more, pythons, folder, failed, stack)

    processes = {}
    with concurrent.futures.ThreadPoolExecutor(LOADING) as pool:
        waiting = {row: pool.submit(start, row) for row in wanted}
        for row, future in waiting.items():
            try:
                processes[row] = future.result()
            except EngineError as failure:
                engines[row]["reason"] = str(failure)
            else:
                engines[row] |= processes[row].facts
                engines[row].pop("first_seconds", None)  # others loaded meanwhile
            say(f"  {row}: {engines[row].get('reason', 'ready')}")
    return processes


def _ask_all(processes, engines, verb, key) -> None:
    for row, process in processes.items():
        if "reason" in engines[row]:
            continue
        try:
            engines[row][key] = process.ask(verb)["bytes"]
        except EngineError as failure:
            engines[row]["reason"] = str(failure)


def _compare(engines: dict) -> None:
    """Replace each sample by how far it is from keras_bert's, where that is there."""
    samples = {row: facts.pop("sample", None) for row, facts in engines.items()}
    reference = samples.get("keras_bert")
    for row, sample in samples.items():
        if reference and sample and len(sample) > 1:  # losses are of random heads
            engines[row]["difference"] = largest_difference(sample, reference)
