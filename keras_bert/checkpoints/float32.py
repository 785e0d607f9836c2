"""Weights as float32, where float32 holds them exactly."""

import numpy as np

_EXACT = ("float16", "bfloat16", "float32")


def as_float32(array: np.ndarray, name: str, source: str) -> np.ndarray:
    """The array itself if it is float32, a wider copy of a half-precision one.

    Raises:
        ValueError: a type whose values float32 cannot hold.
    """
    if array.dtype.name not in _EXACT:
        raise ValueError(
            f"expected weights of type {', '.join(_EXACT)} in {source}; "
            f"received {name} of type {array.dtype.name}"
        )
    return array.astype(np.float32, copy=False)
