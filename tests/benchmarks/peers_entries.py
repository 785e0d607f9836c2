"""An entry of results for tests, with the times that are given."""

SETTINGS = {"job": "forward", "shape": "tiny", "batch": 3, "length": 7, "dtype": "float32"}


def made_up(seconds, limit=1e9, **settings):
    """An entry of one round; `seconds` by engine."""
    engines = {name: {"wall": [s], "processor": [s], "about": "x"} for name, s in seconds.items()}
    return {
        "time": "2026-01-02T03:04:05+00:00",
        "commit": "abc",
        "machine": {"processor": "P", "cores": 2},
        "settings": SETTINGS | {"threads": 2} | settings,
        "rounds": 1,
        "limit": {"operations_per_second": limit},
        "operations": 5e8,
        "engines": engines,
    }
