"""Answers, as characters of a passage, to positions in its windows.

Source: `convert_examples_to_features` of google-research/bert `run_squad.py`.
Shapes: B records, W windows, S positions.
"""

from collections.abc import Sequence

import numpy as np

from keras_bert.text.windows import Windows


def label_spans(windows: Windows, spans: Sequence[tuple[int, int] | None]) -> np.ndarray:
    """Where the answer begins and ends in each window.

    The answer's pieces are all those that share a character with it. A window that holds
    them all gets the positions of the first and the last one; any other one, and all
    windows of a question without an answer, `[CLS]`.

    Args:
        windows: of B records.
        spans: start and limit of each record's answer in characters, or None.

    Returns:
        int32 [W, 2].

    Raises:
        ValueError: an answer that no word piece of its passage belongs to.
    """
    rows, pieces = windows.rows.numpy(), windows.pieces.numpy()  # [W], [W, S]
    starts, limits = np.array([span or (-1, -1) for span in spans], np.int64).reshape(-1, 2).T
    touched = (pieces >= 0) & (windows.char_limits.numpy() > starts[rows, None])
    touched &= windows.char_starts.numpy() < limits[rows, None]
    first, last = _extremes(rows, pieces, touched, len(spans))  # [B] each
    for row, span in enumerate(spans):
        if span is not None and last[row] < 0:
            text = windows.texts.numpy()[row].decode("utf-8", "ignore")
            raise ValueError(
                "expected an answer with a word piece; received "
                f"{text[span[0] : span[1]]!r} of the passage {text!r:.100}"
            )
    at_first, at_last = (pieces == ends[rows, None] for ends in (first, last))
    whole = at_first.any(axis=1) & at_last.any(axis=1) & (last[rows] >= 0)
    positions = np.stack([at_first.argmax(axis=1), at_last.argmax(axis=1)], axis=1)
    return np.where(whole[:, None], positions, 0).astype(np.int32)


def _extremes(
    rows: np.ndarray, pieces: np.ndarray, touched: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """First and last touched piece of each of `number` records; -1 as last if none."""
    first = np.full(number, np.iinfo(np.int32).max)
    last = np.full(number, -1)
    records = np.broadcast_to(rows[:, None], pieces.shape)[touched]
    np.minimum.at(first, records, pieces[touched])
    np.maximum.at(last, records, pieces[touched])
    return first, last
