"""Products on a device for tests, which has nothing to wait for; some are refused."""

import pathlib
import sys
import types

sys.path.append(str(pathlib.Path(__file__).parents[2] / "benchmarks" / "peers" / "workers"))

from answer_loop import answer


def product(settings):
    """A product of no work."""
    if settings["dtype"] == "int7":
        raise ValueError("expected a dtype of ('float32',); received 'int7'")
    return lambda: 1.0


if __name__ == "__main__":
    facts = {"device": {"name": "Fake 1", "driver": "none"}}
    device = types.SimpleNamespace(finish=lambda output: output, facts=lambda: facts)
    answer({"product": product, "copy": product}, (), device)
