"""Rounds over engines in turn, and what the times of one engine come to.

Each round asks every engine once, beginning with another one each time: what the machine
does beside the benchmark, or how warm it is, then falls on all alike. The first round is
dropped.
"""

import statistics
import time

from engine_process import EngineError

REST = 0.25  # seconds in which an engine's spinning threads go to sleep


def alternate(processes: dict, rounds: int, seconds: float, between=None, progress=None) -> dict:
    """Times of every engine over the rounds.

    Args:
        processes: a prepared `EngineProcess` by the engine's name.
        rounds: that are kept, after one that is not.
        seconds: of repeated steps in each turn.
        between: called once a round, to measure the machine's limit.
        progress: called with the number of turns done and of all.

    Returns:
        By name: `wall` and `processor`, lists of seconds a step; or `reason`, why the engine
        stopped answering.
    """
    times = {name: {"wall": [], "processor": []} for name in processes}
    going = list(processes)
    for turn in range(rounds + 1):
        for name in going[turn % max(1, len(going)) :] + going[: turn % max(1, len(going))]:
            time.sleep(REST)
            try:
                took = processes[name].ask("run", seconds=seconds)
            except EngineError as failure:
                times[name] = {"reason": str(failure)}
                going.remove(name)
                continue
            if turn:
                for clock in ("wall", "processor"):
                    times[name][clock].append(took[clock])
        if between is not None:
            time.sleep(REST)
            between()
        if progress is not None:
            progress(turn + 1, rounds + 1)
    return times


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
