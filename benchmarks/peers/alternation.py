"""Rounds over engines in turn, and what the times of one engine come to.

Each round asks every engine once, beginning with another one each time: what the machine
does beside the benchmark, or how warm it is, then falls on all alike. The first round is
dropped, unless the caller knows the engines to be warm.
"""

import os
import statistics
import time

from engine_process import EngineError
from machine_facts import busy_seconds

REST = 0.25  # seconds in which an engine's spinning threads go to sleep


def alternate(
    processes: dict, rounds: int, seconds: float, between=None, progress=None, dropped: int = 1
) -> dict:
    """Times of every engine over the rounds.

    Args:
        processes: a prepared `EngineProcess` by the engine's name.
        rounds: that are kept, after those that are not.
        seconds: of repeated steps in each turn.
        between: called once a round, to measure the machine's limit.
        progress: called with the number of turns done and of all.
        dropped: rounds that are not kept.

    Returns:
        By name: `wall` and `processor`, lists of seconds a step, and `others`, the part of the
        machine's processors that other programs had meanwhile (None where the system does not
        say); or `reason`, why the engine stopped answering.
    """
    times = {name: {"wall": [], "processor": [], "others": []} for name in processes}
    going = list(processes)
    for turn in range(dropped + rounds):
        for name in going[turn % max(1, len(going)) :] + going[: turn % max(1, len(going))]:
            time.sleep(REST)
            try:
                took = observed(processes[name], seconds)
            except EngineError as failure:
                times[name] = {"reason": str(failure)}
                going.remove(name)
                continue
            if turn >= dropped:
                for clock, kept in times[name].items():
                    kept.append(took[clock])
        if between is not None:
            time.sleep(REST)
            between()
        if progress is not None:
            progress(turn + 1, dropped + rounds)
    return times


def observed(process, seconds: float) -> dict:
    """One turn of an engine, and the part of the processors that others had in it."""
    begin, busy = time.perf_counter(), busy_seconds()
    took = process.ask("run", seconds=seconds)
    others = None
    if busy is not None:
        elapsed = (time.perf_counter() - begin) * os.cpu_count()
        others = max(0.0, busy_seconds() - busy - took["spent"]) / elapsed
    return took | {"others": others}


def spread(values: list[float]) -> dict[str, float]:
    """The median and the quartiles; of one value, that value."""
    if len(values) == 1:
        low = middle = high = values[0]
    else:
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"low": low, "median": middle, "high": high}


def largest_difference(sample: list[float], reference: list[float]) -> float | None:
    """Between two vectors of unit length, place by place; None of other sizes."""
    if len(sample) != len(reference):
        return None
    return max(abs(a - b) for a, b in zip(sample, reference, strict=True))
