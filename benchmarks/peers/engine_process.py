"""The driver's side of the conversation with an engine's process.

See `workers/answer_loop.py` for the requests. Idle engines sleep in a read; how their
threads wait between parallel regions is left to each engine's default, and the driver
rests a moment between engines until spinning threads have gone to sleep.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import threading

WORKERS = pathlib.Path(__file__).parent / "workers"


class EngineError(Exception):
    """An engine could not do what it was asked; the text says why."""


def settings_of_threads(threads: int) -> dict[str, str]:
    """Environment variables that keep every engine to as many threads."""
    names = (
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "RAYON_NUM_THREADS"),
    )
    return dict.fromkeys(names, str(threads))


def environment_variables(threads: int) -> dict[str, str]:
    """Of every process of a benchmark: threads, silence, and no downloads."""
    quiet = {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true",
        "PYTHONWARNINGS": "ignore",
    }
    return os.environ | quiet | settings_of_threads(threads)


class EngineProcess:
    """A worker: `process.ask("prepare", settings=…)`.

    Args:
        python: the interpreter of the engine's environment.
        worker: the file to run.
        threads: that it may use.
        timeout: seconds to wait for any one answer.
    """

    def __init__(self, python, worker, *, threads: int = 2, timeout: float = 900):
        self.timeout = timeout
        self.log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 (until `close`)
        try:
            self.process = subprocess.Popen(
                [str(python), str(worker)],
                env=environment_variables(threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                text=True,
            )
        except OSError as error:
            self.log.close()
            raise EngineError(f"{python} does not start: {error.strerror}") from error

    def ask(self, verb: str, **request) -> dict:
        """The result of one request.

        Raises:
            EngineError: the engine answered with an error, died, or took too long.
        """
        late = threading.Event()
        timer = threading.Timer(self.timeout, lambda: (late.set(), self.process.kill()))
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                print(json.dumps({"do": verb} | request), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        if late.is_set():
            raise EngineError(f"{verb} took longer than {self.timeout:g} s")
        if not line:
            raise EngineError(f"the process ended at {verb}: {self.last_words()}")
        reply = json.loads(line)
        if "error" in reply:
            raise EngineError(reply["error"])
        return reply["result"]

    def last_words(self) -> str:
        """The last line that the process wrote to standard error, and its exit status."""
        status = self.process.wait()
        self.log.seek(0)
        lines = [line for line in self.log.read().splitlines() if line.strip()]
        return f"exit status {status}; {lines[-1] if lines else 'it said nothing'}"

    def close(self) -> None:
        """End the process, by its own means if it listens."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            print('{"do": "quit"}', file=self.process.stdin, flush=True)
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()
