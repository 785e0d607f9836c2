"""Answers of several chunks of records, whose lists are of unlike length, as one.

Shapes: N records of all chunks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# What fills lists of unlike length: no text, no offset, no score.
_FILL: dict[str, Any] = {"U": "", "i": -1, "f": 0.0}


def join_chunks(chunks: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Joins columns [B, ...] of the chunks along their first axis, [N, ...].

    The other axes are filled up to the longest: with "", -1 or 0.
    """
    return {name: _joined([chunk[name] for chunk in chunks]) for name in chunks[0]}


def _joined(columns: list[np.ndarray]) -> np.ndarray:
    longest = np.max([column.shape[1:] for column in columns], axis=0)
    return np.concatenate([_filled_up(column, longest) for column in columns])


def _filled_up(column: np.ndarray, shape: np.ndarray) -> np.ndarray:
    missing = [(0, int(size - own)) for size, own in zip(shape, column.shape[1:], strict=True)]
    return np.pad(column, [(0, 0), *missing], constant_values=_FILL[column.dtype.kind])
