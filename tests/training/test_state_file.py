"""Whole or not at all: full disks, kills, damage."""

import errno
import os

import ml_dtypes
import numpy as np
import pytest

from keras_bert.checkpoints.atomic_file import remove_leftovers
from keras_bert.training.state_file import read_facts, read_state, write_state

ARRAYS = {
    "model/0": np.arange(6, dtype=np.float32).reshape(2, 3),
    "model/1": np.array(7, np.int64),
    "model/2": np.array([1.5, -2.0], ml_dtypes.bfloat16),
    "model/3": np.zeros((0, 3), np.float16),
    "optimizer/0": np.array([True, False]),
}
FACTS = {"epoch": 3, "losses": [0.1, 1e-300], "nested": {"é": None}}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "state.npz"
    write_state(path, ARRAYS, FACTS)
    return path


def assert_unchanged(path):
    arrays, facts = read_state(path)
    assert facts == FACTS
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(arrays[name], array)
    assert [found.name for found in path.parent.iterdir()] == ["state.npz"]


def test_what_is_written_is_read(path):
    assert_unchanged(path)
    assert read_facts(path) == FACTS
    write_state(path, {}, {"epoch": 4})
    assert read_state(path) == ({}, {"epoch": 4})


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_state(path, monkeypatch, function):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, full)
    message = f"expected room and permission to write {path}; received: No space left on device"
    with pytest.raises(OSError, match=message) as found:
        write_state(path, {"model/0": np.zeros(3)}, {})
    assert found.value.errno == errno.ENOSPC
    assert_unchanged(path)


def test_facts_that_json_cannot_hold_leave_the_old_state(path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_state(path, {}, {"bad": object()})
    assert_unchanged(path)


def test_leftovers_of_killed_writers_are_removed(path):
    (path.parent / ".state.npz.123.partial").write_bytes(b"half")
    remove_leftovers(path)
    assert_unchanged(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"something else",
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"losses", b"lossex"),
    ],
)
def test_damage_is_noticed(path, damage):
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"expected a whole training state in .*state\.npz; rec"):
        read_facts(path)
    with pytest.raises(ValueError, match=r"expected a whole training state in .*state\.npz; rec"):
        read_state(path)


def test_other_files_are_refused(path):
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match=r"expected a whole training state in .*'facts'"):
        read_state(path)
