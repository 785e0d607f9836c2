"""TensorFlow's tensor bundles (`PREFIX.index`, `PREFIX.data-00000-of-00001`) as arrays.

Source: tensorflow/core/util/tensor_bundle; `tf.train.Saver` writes the same files.
"""

import contextlib
import glob
import math
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np


def bundle_prefix(folder: pathlib.Path, pattern: str = "*.index") -> pathlib.Path:
    """The one bundle in a folder, such as `bert_model.ckpt` or `ckpt-1234`.

    Args:
        folder: where it lies.
        pattern: of the index's file name.

    Raises:
        ValueError: there is none, or more than one.
    """
    found = sorted(path.with_suffix("") for path in folder.glob(pattern))
    if len(found) != 1:
        names = [path.name for path in found] or "none"
        raise ValueError(f"expected one checkpoint ({pattern}) in {folder}; received {names}")
    return found[0]


def read_bundle(prefix: pathlib.Path, skip: Callable[[str], bool]) -> dict[str, np.ndarray]:
    """Every array of a checkpoint, by name, in the type that it has there.

    Args:
        prefix: the path without `.index`.
        skip: says of a name whether it is left out.

    Raises:
        ValueError: the files are damaged or incomplete.
    """
    with _reader(prefix) as reader:
        names = sorted(name for name in reader.get_variable_to_shape_map() if not skip(name))
        return {name: _as_array(reader.get_tensor(name)) for name in names}


def bundle_shapes(prefix: pathlib.Path) -> dict[str, tuple[int, ...]]:
    """The shape of every array of a checkpoint, by name.

    Raises:
        ValueError: the files are damaged or incomplete.
    """
    with _reader(prefix) as reader:
        shapes = reader.get_variable_to_shape_map()
        return {name: tuple(shape) for name, shape in shapes.items()}


@contextlib.contextmanager
def _reader(prefix: pathlib.Path) -> Iterator[Any]:
    import tensorflow as tf

    stated = "a readable index"
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        stated = f"{_stated_size(reader)} bytes of data"
        yield reader
    # IndexError is how the reader's binding passes on a read beyond the end of a file.
    except (tf.errors.OpError, IndexError) as error:
        raise ValueError(
            f"expected a whole checkpoint {prefix} with {stated}; "
            f"received {_received(prefix)}: {error}"
        ) from error


def write_bundle(arrays: Mapping[str, np.ndarray], prefix: pathlib.Path) -> None:
    """Writes arrays as `tf.train.Saver` does, under their own names."""
    import tensorflow as tf

    names = sorted(arrays)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[arrays[name] for name in names],
    )


def _as_array(value: Any) -> np.ndarray:
    """Bytes as they are: NumPy's own string type loses zeros at their end."""
    return np.asarray(value, object) if isinstance(value, bytes) else np.asarray(value)


def _stated_size(reader: Any) -> int:
    """How many bytes of data the index describes."""
    types = reader.get_variable_to_dtype_map()
    shapes = reader.get_variable_to_shape_map()
    return sum(math.prod(shapes[name]) * kind.size for name, kind in types.items())


def _received(prefix: pathlib.Path) -> str:
    files = sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}.*"))
    return ", ".join(f"{path.name} of {path.stat().st_size} bytes" for path in files)
