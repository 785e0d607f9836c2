"""A checkpoint for longer rows: its table of positions, with more of them.

    interpolate: new[i] = the old table, read at i · (P - 1) / (Q - 1), in straight lines
    extend:      new[i] = old[i mod P]

Extending leaves the first P positions as they were, so that the model answers the same for
rows that fitted before, and starts the others from positions that have learnt what is near;
interpolating keeps the whole of the row in the order that was learnt, at another scale. Both
are beginnings, to be trained further on long rows.

Sources: Beltagy et al. 2020, section 5 (copies of the table),
https://arxiv.org/abs/2004.05150; Dosovitskiy et al. 2021, section 3.2 (interpolation),
https://arxiv.org/abs/2010.11929

Shapes: P positions before, Q after, H hidden size.
"""

import dataclasses

import numpy as np

from keras_bert.checkpoints.checkpoint import Checkpoint

TABLE = "bert/embeddings/position_embeddings"


def with_positions(checkpoint: Checkpoint, positions: int, method: str) -> Checkpoint:
    """A copy whose table has Q rows; the given checkpoint stays as it is.

    Args:
        checkpoint: of a model with P positions.
        positions: Q, at least P.
        method: of `METHODS`.

    Raises:
        ValueError: an unknown method, or fewer positions than there are.
    """
    table = checkpoint.arrays[TABLE]  # [P, H]
    if method not in METHODS:
        raise ValueError(f"expected a method of {', '.join(METHODS)}; received {method!r}")
    if positions < len(table):
        raise ValueError(
            f"expected at least the {len(table)} positions that there are; received {positions}"
        )
    longer = _METHODS[method](table, positions)
    return dataclasses.replace(
        checkpoint,
        config=dataclasses.replace(checkpoint.config, max_position_embeddings=positions),
        arrays={**checkpoint.arrays, TABLE: longer},
    )


def interpolated(table: np.ndarray, rows: int) -> np.ndarray:
    """A table [P, H] read at Q equal distances, first and last row kept: [Q, H]."""
    places = np.linspace(0, len(table) - 1, rows)
    below = np.minimum(places.astype(int), max(len(table) - 2, 0))  # [Q]
    above = np.minimum(below + 1, len(table) - 1)
    part = (places - below)[:, None]  # [Q, 1]
    return ((1 - part) * table[below] + part * table[above]).astype(table.dtype)


def repeated(table: np.ndarray, rows: int) -> np.ndarray:
    """A table [P, H] over and over: [Q, H]."""
    return table[np.arange(rows) % len(table)]


_METHODS = {"interpolate": interpolated, "extend": repeated}
METHODS = tuple(_METHODS)
