"""The worker's side of the conversation: JSON lines in, JSON lines out, nothing but Python.

A worker file calls `answer({"forward": …, …}, packages)`; each job's function takes the
settings and returns a step, which takes nothing and returns what the engine computed.
A step that is several has their number as its attribute `steps`. An engine on a device of
its own gives a module like `device_jax.py`, which waits for the device once after all steps
of a turn, and counts the device's memory instead of the process's. Requests, each answered
by `{"result": …}` or `{"error": "…"}`:

    {"do": "prepare", "settings": {"job": "forward", …}}  → versions, sample, seconds to the
                                      first answer and of the first step alone, resident
                                      bytes before it
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

    def __init__(self, jobs, packages, device=None):
        self.jobs, self.packages, self.device = jobs, packages, device
        self.step, self.resting = None, None

    def prepare(self, settings):
        """Build, and answer once; facts about the engine and its answer."""
        job = settings["job"]
        if job not in self.jobs:
            raise ValueError(f"expected a job of {sorted(self.jobs)}; received {job!r}")
        begin = time.perf_counter()
        self.step = self.jobs[job](settings)
        built = time.perf_counter()
        loaded = trimmed()
        stepping = time.perf_counter()
        output = self.finished(self.step())
        end = time.perf_counter()
        versions = {name: importlib.metadata.version(name) for name in self.packages}
        versions["python"] = platform.python_version()
        facts = {"versions": versions, "sample": sample(output), "loaded_memory": loaded}
        facts |= {"first_seconds": built - begin + end - stepping}
        facts |= {"first_step_seconds": end - stepping}
        return facts | (self.device.facts() if self.device else {})

    def finished(self, output):
        """What a step gave, once it is there."""
        return self.device.finish(output) if self.device else output

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
        repeats *= getattr(self.step, "steps", 1)
        times = {"wall": wall / repeats, "processor": processor / repeats, "repeats": repeats}
        return times | {"spent": time.process_time() - begin}

    def timed(self, repeats):
        """Wall and processor seconds of so many calls of the step."""
        processor, wall = time.process_time(), time.perf_counter()
        output = None
        for _ in range(repeats):
            output = self.step()
        self.finished(output)
        return time.perf_counter() - wall, time.process_time() - processor

    def memory(self):
        """Peak resident bytes of this process, its start and imports included."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"bytes": peak if sys.platform == "darwin" else peak * 1024}

    def begin_peak(self):
        """Resident bytes between steps; None where the system cannot begin the peak anew."""
        self.resting = self.device.begin_peak() if self.device else begin_anew()
        return {"bytes": self.resting}

    def peak(self):
        """Peak resident bytes since `begin_peak`; None where it is unknown."""
        if self.resting is None:
            return {"bytes": None}
        return {"bytes": self.device.peak() if self.device else resident("VmHWM")}


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


def answer(jobs, packages, device=None, stream=None):
    """Answer requests from standard input until `quit` or its end."""
    # Libraries print; what they print must not end up among the answers.
    replies = stream or os.fdopen(os.dup(1), "w")
    if stream is None:
        os.dup2(2, 1)
    worker = Worker(jobs, packages, device)
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
