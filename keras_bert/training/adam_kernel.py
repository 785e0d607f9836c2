"""Adam's update of a variable in one pass over it, on TensorFlow.

Written in single operations the update passes some twelve times over arrays of the
variable's size; TensorFlow has a kernel for it, which Keras does not use.

Source: Kingma and Ba 2015, section 2 (the form with the bias correction in the rate),
https://arxiv.org/abs/1412.6980
"""

from typing import Any

import keras


def has_adam_kernel() -> bool:
    """Whether `apply_adam` works: on TensorFlow, outside of the strategies for several devices."""
    if keras.config.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.distribute.has_strategy()


def apply_adam(
    variable: Any,
    m: Any,
    v: Any,
    gradient: Any,
    rate: Any,
    beta_1: Any,
    beta_2: Any,
    epsilon: float,
    powers: tuple[Any, Any],
) -> None:
    """m, v and then `variable`, less `rate` times c m / (sqrt(v) + epsilon).

    Args:
        variable: `tf.Variable` of any shape.
        m: Keras variable of its shape, the mean of gradients.
        v: Keras variable of its shape, the mean of their squares.
        gradient: tensor of its shape and dtype.
        rate: scalar of that dtype.
        beta_1: scalar, the decay of m.
        beta_2: scalar, the decay of v.
        epsilon: added to sqrt(v).
        powers: of beta_1 and beta_2 by the number of steps, with this one: p and q of the
            correction c = sqrt(1 - q) / (1 - p).
    """
    import tensorflow as tf

    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=m.value.handle,
        v=v.value.handle,
        beta1_power=powers[0],
        beta2_power=powers[1],
        lr=rate,
        beta1=beta_1,
        beta2=beta_2,
        epsilon=tf.cast(epsilon, gradient.dtype),
        grad=gradient,
        use_locking=True,
    )
