"""The worker's side of the conversation: JSON lines in, JSON lines out, nothing but Python.

A worker file calls `answer({"forward": …, …}, packages)`; each job's function takes the
settings and returns a step, which takes nothing and returns what the engine computed.
Requests, each answered by `{"result": …}` or `{"error": "…"}`:

    {"do": "prepare", "settings": {"job": "forward", …}}  → versions, sample, first answer,
                                      resident bytes before it
    {"do": "run", "seconds": 0.3}   → wall and processor seconds a step, repeats, and
                                      `spent`, processor seconds of all that the request took
    {"do": "memory"}                → the process's peak resident bytes
    {"do": "begin_peak"}            → resident bytes; the peak counts from here
    {"do": "peak"}                  → the peak since then
    {"do": "quit"}
"""

import importlib.metadata
import json
import math
import os
import platform
import resource
import sys
import time
import traceback

from resident_memory import begin_anew, resident, trimmed


class Worker:
    """Answers requests about one engine."""

    def __init__(self, jobs, packages):
        self.jobs, self.packages, self.step = jobs, packages, None
        self.resting = None

    def prepare(self, settings):
        """Build, and answer once; facts about the engine and its answer."""
        job = settings["job"]
        if job not in self.jobs:
            raise ValueError(f"expected a job of {sorted(self.jobs)}; received {job!r}")
        begin = time.perf_counter()
        self.step = self.jobs[job](settings)
        built = time.perf_counter()
        loaded = trimmed()
        begin += time.perf_counter() - built
        output = self.step()
        first = time.perf_counter() - begin
        versions = {name: importlib.metadata.version(name) for name in self.packages}
        versions["python"] = platform.python_version()
        facts = {"versions": versions, "sample": sample(output), "first_seconds": first}
        return facts | {"loaded_memory": loaded}

    def run(self, seconds):
        """Time one step, and if it is shorter than `seconds`, as many as fill them.

        The first of short steps brings the weights back into the caches and is not counted.
        """
        begin = time.process_time()
        wall, processor = self.timed(1)
        repeats = 1
        if wall < seconds:
            repeats = math.ceil(seconds / wall)
            wall, processor = self.timed(repeats)
        times = {"wall": wall / repeats, "processor": processor / repeats, "repeats": repeats}
        return times | {"spent": time.process_time() - begin}

    def timed(self, repeats):
        """Wall and processor seconds of so many steps."""
        processor, wall = time.process_time(), time.perf_counter()
        for _ in range(repeats):
            self.step()
        return time.perf_counter() - wall, time.process_time() - processor

    def memory(self):
        """Peak resident bytes of this process, its start and imports included."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"bytes": peak if sys.platform == "darwin" else peak * 1024}

    def begin_peak(self):
        """Resident bytes between steps; None where the system cannot begin the peak anew."""
        self.resting = begin_anew()
        return {"bytes": self.resting}

    def peak(self):
        """Peak resident bytes since `begin_peak`; None where it is unknown."""
        return {"bytes": None if self.resting is None else resident("VmHWM")}


def sample(output):
    """What engines are compared by: the first row's vector of unit length, or the number.

    None for NaN, by which an engine says that its weights are not the prepared ones.
    """
    import numpy as np

    output = np.asarray(output, "float64")
    if np.isnan(output).any():
        return None
    if output.ndim == 0:
        return [float(output)]
    row = output[0].mean(0) if output.ndim == 3 else output[0]  # every position is a token
    return (row / np.linalg.norm(row)).tolist()


def answer(jobs, packages, stream=None):
    """Answer requests from standard input until `quit` or its end."""
    # Libraries print; what they print must not end up among the answers.
    replies = stream or os.fdopen(os.dup(1), "w")
    if stream is None:
        os.dup2(2, 1)
    worker = Worker(jobs, packages)
    for line in sys.stdin:
        request = json.loads(line)
        verb = request.pop("do")
        if verb == "quit":
            return
        try:
            reply = {"result": getattr(worker, verb)(**request)}
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)
