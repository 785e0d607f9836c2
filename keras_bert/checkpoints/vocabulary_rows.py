"""Gives a checkpoint another vocabulary: new rows of whatever has one row a word piece.

Those are the word embeddings, and the bias of the masked LM's logits (its weights are the
word embeddings). A row that stands for one old piece is that row, to the bit; one that
stands for several is their mean, a first guess from which training goes on.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.rows import ROWS, V


def with_vocabulary(
    checkpoint: Checkpoint, vocabulary: Sequence[str], sources: Sequence[Sequence[int]]
) -> Checkpoint:
    """The checkpoint with other word pieces; all else is shared with the old one.

    Args:
        checkpoint: the old one.
        vocabulary: the new word pieces by id.
        sources: for each new row the old ids that it is the mean of, never none. As many
            as `vocabulary`, or more: rows beyond it are padding.

    Raises:
        ValueError: a row without sources, fewer rows than word pieces, or an id beyond the
            old embeddings.
    """
    if len(sources) < len(vocabulary):
        raise ValueError(
            f"expected sources for each of {len(vocabulary)} word pieces; received {len(sources)}"
        )
    old_size = checkpoint.config.vocab_size
    for number, ids in enumerate(sources):
        if not ids or min(ids) < 0 or max(ids) >= old_size:
            raise ValueError(
                f"expected ids in 0..{old_size - 1} as sources of row {number}; "
                f"received {list(ids)}"
            )
    sized = {row.google for row in ROWS if row.shape[:1] == (V,)}
    arrays = {
        name: _rows_from(array, sources) if name in sized else array
        for name, array in checkpoint.arrays.items()
    }
    config = dataclasses.replace(checkpoint.config, vocab_size=len(sources))
    return dataclasses.replace(
        checkpoint, config=config, arrays=arrays, vocabulary=list(vocabulary)
    )


def _rows_from(array: np.ndarray, sources: Sequence[Sequence[int]]) -> np.ndarray:
    rows = array[[ids[0] for ids in sources]]
    for number, ids in enumerate(sources):
        if len(ids) > 1:
            rows[number] = array[list(ids)].mean(axis=0, dtype=np.float64)
    return rows
