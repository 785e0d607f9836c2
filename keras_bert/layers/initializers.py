"""The initialiser of BERT's weights."""

import keras


def truncated_normal(initializer_range: float) -> keras.initializers.Initializer:
    """Return a normal initialiser that is cut at two standard deviations.

    Args:
        initializer_range: The standard deviation, 0.02 in released models.
    """
    return keras.initializers.TruncatedNormal(stddev=initializer_range)
