"""An engine for tests: its way says what it does; nothing but Python and NumPy."""

import os
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).parents[2] / "benchmarks" / "peers" / "workers"))

from answer_loop import answer


def forward(settings):
    """A step of the kind that `way` names."""
    way = settings["way"]
    if way == "refuse":
        raise ValueError("expected a dtype of ('float32',); received 'int7'")
    if way == "die":
        print("out of | memory", file=sys.stderr)
        os._exit(3)
    calls = []

    def step():
        calls.append(1)
        print("a library that prints")
        if way == "die later" and len(calls) > 2:
            os._exit(4)
        time.sleep({"slow": 0.02, "stuck": 60}.get(way, 0.002))
        return [[[3.0, 0.0], [3.0, 8.0]]] if way != "other weights" else float("nan")

    return step


def product(settings):
    """A product of no work."""
    return lambda: 1.0


if __name__ == "__main__":
    answer({"forward": forward, "product": product, "copy": product}, ("numpy",))
