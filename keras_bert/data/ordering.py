"""Which rows make a batch, and in which order batches come.

Rows of like length go together, so that little is padded; what order remains
random depends on the seed and the epoch alone, so that a run repeats and resumes.

Shapes: N rows, B rows a batch.
"""

import numpy as np

# Sorting within this many batches keeps nearly all of the saving, and the
# composition of a batch still changes from epoch to epoch.
SHUFFLE_WINDOW = 50


def shuffled_batches(
    lengths: np.ndarray, batch_size: int, seed: int, epoch: int, window: int = SHUFFLE_WINDOW
) -> list[np.ndarray]:
    """Random batches of rows of like length.

    A permutation of the rows is cut into windows of `window` batches; each window
    is sorted by length and cut into batches; their order is shuffled. The rows
    that fill no whole batch are drawn before sorting, so that they are not always
    the longest ones, and come last.

    Args:
        lengths: `[N]`.
        batch_size: B.
        seed: any non-negative integer.
        epoch: from 0.
        window: batches that are sorted together.

    Returns:
        ceil(N / B) arrays of row numbers.
    """
    random = np.random.default_rng([seed, epoch])
    rows = random.permutation(len(lengths))
    whole = len(rows) - len(rows) % batch_size
    windows = np.arange(whole) // (window * batch_size)
    by_length = np.lexsort((lengths[rows[:whole]], windows))  # window first, then length
    batches = list(rows[:whole][by_length].reshape(-1, batch_size))
    batches = [batches[i] for i in random.permutation(len(batches))]
    return batches + ([rows[whole:]] if whole < len(rows) else [])


def sorted_batches(lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Longest rows first, so that a batch too large for the memory fails at once."""
    return _cut(np.argsort(-lengths, kind="stable"), batch_size)


def plain_batches(lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Rows as they come."""
    return _cut(np.arange(len(lengths)), batch_size)


def _cut(rows: np.ndarray, batch_size: int) -> list[np.ndarray]:
    return [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
