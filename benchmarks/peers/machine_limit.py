"""The machine's limit, measured in the run that it judges: product rate and memory bandwidth.

Square products of two sizes in torch and in TensorFlow; the best that any round saw counts,
since other work on the machine can only slow a product down.
"""

import pathlib

from engine_process import WORKERS, EngineError, EngineProcess

SIZES = (1024, 2048)
COPY_BYTES = 2**28


class MachineLimit:
    """Processes that multiply and copy, kept for the whole run.

    Args:
        pythons: the interpreter of each environment by its name.
        dtype: of the products; int8 gives sums in int32.
        threads: as the engines have.
    """

    def __init__(self, pythons: dict[str, pathlib.Path], dtype: str, threads: int):
        self.dtype, self.threads = dtype, threads
        self.processes, self.reasons = {}, {}
        self.best: dict[str, float] = {}
        providers = {} if dtype == "int8" else {"limit_tensorflow": "own"}  # has no such product
        for name, environment in ({"limit_torch": "torch"} | providers).items():
            try:
                process = EngineProcess(
                    pythons[environment], WORKERS / f"{name}.py", threads=threads
                )
            except EngineError as failure:
                self.reasons[name] = str(failure)
            else:
                self.processes[name] = process

    def measure(self, seconds: float) -> None:
        """One round: every product and copy once more."""
        for name, process in list(self.processes.items()):
            try:
                for size in SIZES:
                    job = {"job": "product", "size": size, "dtype": self.dtype}
                    self._keep(process, job, "operations_per_second", 2 * size**3, seconds)
                job = {"job": "copy", "bytes": COPY_BYTES}
                self._keep(process, job, "bytes_per_second", 2 * COPY_BYTES, seconds)
            except EngineError as failure:
                self.reasons[name] = str(failure)
                self.processes.pop(name).close()

    def _keep(self, process, job, unit, amount, seconds) -> None:
        process.ask("prepare", settings=job | {"threads": self.threads})
        rate = amount / process.ask("run", seconds=seconds)["wall"]
        self.best[unit] = max(rate, self.best.get(unit, 0.0))

    def close(self) -> dict:
        """The best rates, and why a provider gave none."""
        while self.processes:
            self.processes.popitem()[1].close()
        return self.best | ({"reasons": self.reasons} if self.reasons else {})
