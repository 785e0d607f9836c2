"""safetensors files, one or several shards, as arrays by name.

Source: https://github.com/huggingface/safetensors#format : eight bytes with the length N of
the header, N bytes of JSON, then the tensors without gaps.
"""

import json
import pathlib
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from keras_bert.checkpoints.json_file import read_json
from keras_bert.checkpoints.weight_types import as_stored

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"


def read_tensors(folder: pathlib.Path) -> dict[str, np.ndarray]:
    """Every tensor of a folder's `model.safetensors`, or of the shards that its index lists.

    Raises:
        ValueError: a file is damaged or not there, or holds other tensors than the index says.
    """
    if (folder / WEIGHTS_FILE).exists():
        return _read_file(folder / WEIGHTS_FILE)
    index = folder / INDEX_FILE
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ValueError(f"expected a weight_map of file names in {index}; received {weight_map!r}")
    tensors: dict[str, np.ndarray] = {}
    for shard in sorted(set(weight_map.values())):
        listed = {name for name, file in weight_map.items() if file == shard}
        held = _read_file(folder / shard)
        if held.keys() != listed:
            raise ValueError(
                f"expected in {folder / shard} the tensors that {INDEX_FILE} lists; received it "
                f"without {sorted(listed - held.keys())} and with {sorted(held.keys() - listed)}"
            )
        tensors |= held
    return tensors


def write_tensors(
    tensors: Mapping[str, np.ndarray], folder: pathlib.Path, dtype: str | None = None
) -> None:
    """Writes `model.safetensors`, marked as PyTorch's (`format: pt`), which readers ask for.

    Args:
        tensors: by name.
        folder: where.
        dtype: of `weight_types.STORED`, to round them to; None leaves them as they are.

    Raises:
        ValueError: a weight that is too large for `dtype`.
    """
    path = folder / WEIGHTS_FILE
    # safetensors writes the memory of an array as it lies, whatever its strides say.
    contiguous = {
        name: np.ascontiguousarray(as_stored(array, name, dtype) if dtype else array)
        for name, array in tensors.items()
    }
    path.touch()
    mode = path.stat().st_mode
    save_file(contiguous, path, metadata={"format": "pt"})
    path.chmod(mode)  # it would be readable to its owner only, whatever the umask says


def _read_file(path: pathlib.Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise ValueError(f"expected the weights in {path}; received no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(
            f"expected a whole safetensors file of {_stated_size(path)}; received {path} "
            f"of {path.stat().st_size} bytes: {error}"
        ) from error


def _stated_size(path: pathlib.Path) -> str:
    """How large the header says the file is."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length) if length < path.stat().st_size else b"")
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name[:2] != "__"]
        return f"{8 + length + max(ends, default=0)} bytes"
    except (ValueError, LookupError, TypeError, AttributeError):
        return "unknown size (the header cannot be read)"
