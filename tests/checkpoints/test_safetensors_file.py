import json

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from keras_bert.checkpoints.safetensors_file import read_tensors, write_tensors
from keras_bert.checkpoints.weight_types import as_float32

TENSORS = {
    "a": np.arange(6, dtype="float32").reshape(2, 3),
    "b": np.array([-0.0, np.inf, 1e-45], "float32"),
    "c": np.arange(4, dtype="int64"),
}


def write_shards(folder, shards, weight_map=None):
    for name, tensors in shards.items():
        save_file(tensors, folder / name)
    if weight_map is None:
        weight_map = {name: file for file, tensors in shards.items() for name in tensors}
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_tensors_come_back_to_the_bit(tmp_path):
    write_tensors(TENSORS, tmp_path)
    read = read_tensors(tmp_path)
    assert read.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert read[name].dtype == tensor.dtype
        assert read[name].tobytes() == tensor.tobytes()


def test_views_are_written_as_they_look(tmp_path):
    write_tensors({"a": TENSORS["a"].T}, tmp_path)
    np.testing.assert_array_equal(read_tensors(tmp_path)["a"], TENSORS["a"].T)


def test_the_file_says_that_it_is_pytorchs_and_can_be_read_by_all(tmp_path):
    write_tensors(TENSORS, tmp_path)
    path = tmp_path / "model.safetensors"
    header = path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")]
    assert json.loads(header)["__metadata__"] == {"format": "pt"}
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_shards_are_read_together(tmp_path):
    write_shards(tmp_path, {"one": {"a": TENSORS["a"]}, "two": {"b": TENSORS["b"]}})
    assert sorted(read_tensors(tmp_path)) == ["a", "b"]


def test_a_shard_that_is_not_there_is_named(tmp_path):
    write_shards(tmp_path, {"one": {"a": TENSORS["a"]}}, {"a": "one", "b": "two"})
    with pytest.raises(ValueError, match=r"expected the weights in .*two; received no such file"):
        read_tensors(tmp_path)


def test_a_shard_with_other_tensors_than_listed_is_named(tmp_path):
    write_shards(tmp_path, {"one": {"a": TENSORS["a"]}}, {"b": "one"})
    expected = r"expected in .*one the tensors .* without \['b'\] and with \['a'\]"
    with pytest.raises(ValueError, match=expected):
        read_tensors(tmp_path)


@pytest.mark.parametrize("weight_map", [{}, None, ["a"]])
def test_an_index_must_map_names(tmp_path, weight_map):
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(ValueError, match=r"expected a weight_map of file names in .*index.json"):
        read_tensors(tmp_path)


@pytest.mark.parametrize("missing_bytes", [1, 20])
def test_a_truncated_file_says_how_long_it_should_be(tmp_path, missing_bytes):
    write_tensors(TENSORS, tmp_path)
    path = tmp_path / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-missing_bytes])
    expected = (
        f"expected a whole safetensors file of {len(whole)} bytes; "
        rf"received .*model.safetensors of {len(whole) - missing_bytes} bytes"
    )
    with pytest.raises(ValueError, match=expected):
        read_tensors(tmp_path)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x05",
        b"\xff" * 40,
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        (12).to_bytes(8, "little") + b'{"a":[1,2]} ',
        (2).to_bytes(8, "little") + b"{]",
    ],
)
def test_a_damaged_header_is_an_error_that_names_the_file(tmp_path, damaged):
    (tmp_path / "model.safetensors").write_bytes(damaged)
    size = len(damaged)
    with pytest.raises(ValueError, match=rf"received .*model.safetensors of {size} bytes"):
        read_tensors(tmp_path)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_precision_becomes_float32_exactly(tmp_path, dtype):
    half = np.array([1 / 3, -65504.0, 6e-8, 0.0], "float32").astype(dtype)
    write_tensors({"a": half}, tmp_path)
    wide = as_float32(read_tensors(tmp_path)["a"], "a", "x")
    assert wide.dtype == np.float32
    assert wide.astype(dtype).tobytes() == half.tobytes()


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_types_that_float32_cannot_hold_are_refused(dtype):
    with pytest.raises(
        ValueError, match=rf"expected weights .* in here; received a of type {dtype}"
    ):
        as_float32(np.zeros(2, dtype), "a", "here")


def test_weights_are_rounded_to_half_precision(tmp_path):
    exact = np.array([1 / 3, -65504.0, 6e-8, 1e-9, np.inf, 0.0], "float32")
    write_tensors({"a": exact}, tmp_path, "float16")
    stored = read_tensors(tmp_path)["a"]
    assert stored.dtype == np.float16
    np.testing.assert_allclose(stored[:2], exact[:2], rtol=2**-11)
    np.testing.assert_allclose(stored[2:], [6e-8, 0, np.inf, 0], rtol=0.01)


def test_weights_too_large_for_half_precision_are_refused(tmp_path):
    message = r"expected weights of at most 65504.0 to write as float16; received 70000.0 in a"
    with pytest.raises(ValueError, match=message):
        write_tensors({"a": np.array([1.0, -70000.0], "float32")}, tmp_path, "float16")
    assert not list(tmp_path.iterdir())
