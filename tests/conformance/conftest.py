"""Runs every test that takes `row` once per row (see row.py)."""

import pathlib
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER))

_ROWS = {}


def pytest_generate_tests(metafunc):
    if "row" not in metafunc.fixturenames:
        return
    from row import rows

    if not _ROWS:
        _ROWS.update({row.name: row for row in rows()})
    metafunc.parametrize("row", list(_ROWS.values()), ids=list(_ROWS))


@pytest.fixture(scope="session")
def jax_outputs(tmp_path_factory, jax_process):
    """The outputs of every row on the JAX backend."""
    path = tmp_path_factory.mktemp("jax") / "outputs.npz"
    jax_process(FOLDER / "jax_outputs.py", "write", path)
    return np.load(path)
