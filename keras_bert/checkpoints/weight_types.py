"""Types of weights: float32 to compute with, and half as many bytes to keep them in."""

import numpy as np

_EXACT = ("float16", "bfloat16", "float32")

STORED = ("float32", "float16")


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


def as_stored(array: np.ndarray, name: str, dtype: str) -> np.ndarray:
    """The array rounded to a type of `STORED`; weights below 6e-8 become 0 in float16.

    Raises:
        ValueError: a finite weight that is infinite in this type.
    """
    with np.errstate(over="ignore"):
        rounded = np.asarray(array).astype(dtype, copy=False)
    if (np.isinf(rounded) & np.isfinite(array)).any():
        raise ValueError(
            f"expected weights of at most {np.finfo(dtype).max} to write as {dtype}; "
            f"received {np.abs(array).max()} in {name}"
        )
    return rounded
