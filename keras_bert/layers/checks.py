"""Checks of tensor arguments that are wrong in ways which would pass silently."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np


def check_rank(name: str, shape: Sequence, *ranks: int) -> None:
    """Refuse a shape whose rank is none of `ranks`.

    Raises:
        ValueError: The rank differs; the message gives the shape.
    """
    if len(shape) not in ranks:
        expected = " or ".join(str(rank) for rank in ranks)
        raise ValueError(f"expected {name} of rank {expected}; received shape {tuple(shape)}")


def check_same_shape(shapes: Mapping) -> None:
    """Refuse shapes whose known dimensions differ, which could broadcast.

    Args:
        shapes: By the names of their tensors; each is compared with the first.

    Raises:
        ValueError: Ranks or known dimensions differ; the message gives the shapes.
    """
    shapes = {name: tuple(shape) for name, shape in shapes.items()}
    first = next(iter(shapes.values()))
    for shape in shapes.values():
        dimensions = zip(first, shape, strict=False)
        if len(shape) != len(first) or any(a != b and None not in (a, b) for a, b in dimensions):
            raise ValueError(f"expected equal shapes; received {shapes}")


def check_integer(name: str, ids) -> None:
    """Refuse ids of a float dtype, which Keras would cut to integers.

    Raises:
        ValueError: The dtype is neither an integer nor boolean.
    """
    dtype = keras.backend.standardize_dtype(ids.dtype)
    if "int" not in dtype and dtype != "bool":
        raise ValueError(f"expected integer {name}; received dtype {dtype}")


def check_ids(name: str, ids, count: int) -> None:
    """Refuse ids that are not integers or, where values are known, not in [0, count).

    Args:
        name: What the message calls the ids.
        ids: Integer tensor of any shape.
        count: Number of rows that the ids choose from.

    Raises:
        ValueError: A float dtype, or an id outside of the table.
    """
    check_integer(name, ids)
    values = known_values(ids)
    if values is None or not values.size:
        return
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= count:
        wrong = low if low < 0 else high
        raise ValueError(f"expected {name} in [0, {count}); received {wrong}")


def known_values(tensor) -> np.ndarray | None:
    """Return the values of an eager tensor or array; None while tracing a graph."""
    if isinstance(tensor, keras.KerasTensor):
        return None
    try:
        return keras.ops.convert_to_numpy(tensor)
    except (NotImplementedError, TypeError, AttributeError):
        # Symbolic tensors of TensorFlow, and tracers of JAX, in this order.
        return None
