"""What every BERT layer initialises and normalises with.

Layer normalisation runs in float32 whatever the policy: BERT's epsilon of 1e-12
is 0 in float16, and a variance over hundreds of half-precision values is coarse.
"""

import keras


def truncated_normal(initializer_range: float) -> keras.initializers.Initializer:
    """Return BERT's initialiser: a normal cut at two standard deviations.

    Args:
        initializer_range: The standard deviation, 0.02 in released models.
    """
    return keras.initializers.TruncatedNormal(stddev=initializer_range)


def layer_normalization(epsilon: float, dtype_policy, name: str) -> keras.layers.Layer:
    """Return a layer norm over the last axis, in float32 or better.

    Args:
        epsilon: Constant added to the variance.
        dtype_policy: The policy of the layer that holds the normalisation.
        name: Name of the normalisation layer.

    Returns:
        A layer from [..., H] of any float dtype to [..., H] in float32 (float64
        under a float64 policy).
    """
    dtype = keras.backend.result_type(dtype_policy.compute_dtype, "float32")
    return keras.layers.LayerNormalization(epsilon=epsilon, dtype=dtype, name=name)
