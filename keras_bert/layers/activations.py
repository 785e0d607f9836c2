"""Activations by the names that released BERT configurations use.

`gelu` is the exact form x·Φ(x) and `gelu_new` its tanh approximation, both from
Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415. The exact form is
written with `erf`, which every runtime that models are exported to understands, and in
the order of operations that TensorFlow joins with the product before it.
"""

import math
from collections.abc import Callable

import keras
from keras import ops


def gelu(x):
    """Return x·Φ(x), Φ being the standard normal distribution function.

    Args:
        x: Float tensor of any shape.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    return x * ((ops.erf(x * math.sqrt(0.5)) + 1.0) * 0.5)


def gelu_tanh(x):
    """Return the tanh approximation of `gelu`, which Google's BERT code computes.

    Args:
        x: Float tensor of any shape.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    return keras.activations.gelu(x, approximate=True)


_ACTIVATIONS: dict[str, Callable] = {
    "gelu": gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "gelu_tanh": gelu_tanh,
    "linear": keras.activations.linear,
    "relu": keras.activations.relu,
    "silu": keras.activations.silu,
    "swish": keras.activations.silu,
    "tanh": keras.activations.tanh,
}


def get_activation(hidden_act: str) -> Callable:
    """Return the activation that a configuration's `hidden_act` names.

    Args:
        hidden_act: A name such as `gelu` (erf) or `gelu_new` (tanh).

    Returns:
        A function from a float tensor to a tensor of its shape and dtype.

    Raises:
        ValueError: No activation has this name.
    """
    if hidden_act not in _ACTIVATIONS:
        raise ValueError(f"expected hidden_act in {sorted(_ACTIVATIONS)}; received {hidden_act!r}")
    return _ACTIVATIONS[hidden_act]
