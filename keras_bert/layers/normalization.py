"""Layer normalisation in float32 whatever the policy, in fewer passes than Keras's.

BERT's epsilon of 1e-12 is 0 in float16, and a variance over hundreds of
half-precision values is coarse, so this layer never computes below float32.
It keeps the centred inputs for the variance and for the result, where Keras's
passes over its inputs once more.

Source: Ba et al. 2016, https://arxiv.org/abs/1607.06450
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_bert")
class Float32LayerNormalization(keras.layers.LayerNormalization):
    """(x - mean) / sqrt(variance + epsilon) · gamma + beta over the last axis.

    Args:
        epsilon: Constant added to the variance.
        **kwargs: Of `keras.layers.LayerNormalization`. A `dtype` below float32 is
            replaced by float32; float64 stays.

    Call arguments:
        inputs: Float tensor [..., H] of any float dtype.

    Returns:
        Float tensor [..., H] in float32 (float64 under a float64 policy).

    Attributes:
        gamma: Scale [H].
        beta: Offset [H].
    """

    def __init__(self, epsilon=1e-12, dtype=None, **kwargs):
        policy = keras.dtype_policies.get(dtype)
        dtype = keras.backend.result_type(policy.compute_dtype, "float32")
        super().__init__(epsilon=epsilon, dtype=dtype, **kwargs)

    def call(self, inputs):
        """Normalise [..., H]."""
        inputs = ops.cast(inputs, self.compute_dtype)
        centred = inputs - ops.mean(inputs, axis=-1, keepdims=True)  # [..., H]
        variance = ops.mean(centred * centred, axis=-1, keepdims=True)  # [..., 1]
        return centred * ops.rsqrt(variance + self.epsilon) * self.gamma + self.beta
