"""The accelerator's limit: the rate of large products and of copies, in JAX and in torch.

The processes are kept for a whole study; rates are measured in the rounds of each point, and
the best that any of them saw counts.
"""

from engine_process import WORKERS, EngineError, EngineProcess

WAYS = {"JAX": ("product_jax.py", "own"), "torch": ("product_torch.py", "torch")}


class DeviceLimit:
    """Multiplies and copies on the accelerator.

    Args:
        pythons: the interpreter of each environment by its name.
        settings: `threads` and `any_device`.
        sizes: of square matrices.
        copy_bytes: of what is copied.

    Attributes:
        devices: facts about the accelerator by who found it.
        reasons: why others did not.
    """

    def __init__(self, pythons: dict, settings: dict, sizes: list[int], copy_bytes: int):
        self.settings, self.sizes, self.copy_bytes = settings, sizes, copy_bytes
        self.processes: dict[str, EngineProcess] = {}
        self.devices: dict[str, dict] = {}
        self.reasons: dict[str, str] = {}
        self.begin("float32")
        for name, (worker, environment) in WAYS.items():
            try:
                python, threads = pythons[environment], settings["threads"]
                process = EngineProcess(python, WORKERS / worker, threads=threads)
                self.processes[name] = process
                small = self.settings | {"job": "product", "size": 64, "dtype": "float32"}
                self.devices[name] = process.ask("prepare", settings=small)["device"]
            except EngineError as failure:
                self._drop(name, failure)

    def begin(self, dtype: str) -> None:
        """Forget the rates; those of `dtype` come next."""
        self.dtype = dtype
        self.products: dict[str, float] = {}
        self.copies: dict[str, float] = {}

    def measure(self, seconds: float) -> None:
        """One round: every product and copy once more."""
        for name in list(self.processes):
            try:
                for size in self.sizes:
                    job = {"job": "product", "size": size}
                    self._keep(self.products, name, job, 2 * size**3, seconds)
                job = {"job": "copy", "bytes": self.copy_bytes}
                self._keep(self.copies, name, job, 2 * self.copy_bytes, seconds)
            except EngineError as failure:
                self._drop(name, failure)

    def _keep(self, rates, name, job, amount, seconds) -> None:
        process = self.processes[name]
        process.ask("prepare", settings=self.settings | job | {"dtype": self.dtype})
        rate = amount / process.ask("run", seconds=seconds)["wall"]
        rates[name] = max(rate, rates.get(name, 0.0))

    def _drop(self, name, failure) -> None:
        self.reasons[name] = str(failure)
        if name in self.processes:
            self.processes.pop(name).close()

    def found(self) -> dict:
        """The best rates, those of each way, and why a way gave none."""
        limit: dict = {"products": self.products}
        if self.products:
            limit["operations_per_second"] = max(self.products.values())
        if self.copies:
            limit["bytes_per_second"] = max(self.copies.values())
        return limit | ({"reasons": dict(self.reasons)} if self.reasons else {})

    def close(self) -> None:
        """End the processes."""
        while self.processes:
            self.processes.popitem()[1].close()
