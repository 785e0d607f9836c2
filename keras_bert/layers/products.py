"""Products with the kernels of the encoder's blocks: one way for all, which may be changed.

Layers ask `products` for them. Whoever traces a model for another arithmetic puts a way of
its own in place with `computed_by`.

Shapes: B batch, S positions, K width that is summed over, M width of the output.
"""

import contextlib
import contextvars
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
from keras import ops

Way = Callable[..., list[Any]]


def products(
    denses: Sequence[keras.layers.Layer],
    inputs: Any,
    activation: Callable | None = None,
    uneven: bool = False,
) -> list[Any]:
    """`activation(dense(inputs))` for each of `denses`, in the way that is in place.

    Args:
        denses: Built `Dense` or `EinsumDense` layers that sum over the last axis
            of rank 3 inputs, or of a matrix, and over the last two of rank 4 inputs.
        inputs: Float tensor [B, S, K], or with K as two axes, or a matrix [B · S, K].
        activation: Function of a tensor, by element; none by default.
        uneven: Whether rows may differ much in size, as what an activation or attention
            gives, and what a layer norm gives does not. Ways that round the inputs go by it.

    Returns:
        A tensor for each layer, of the shape that the layer itself would give.
    """
    return _WAY.get()(denses, inputs, activation, uneven)


def float_products(denses, inputs, activation=None, uneven=False):
    """The way that is in place by default: products in the layers' compute dtype."""
    del uneven
    outputs = [_project(dense, inputs) for dense in denses]
    return outputs if activation is None else [activation(output) for output in outputs]


_WAY: contextvars.ContextVar[Way] = contextvars.ContextVar("products", default=float_products)


@contextlib.contextmanager
def computed_by(way: Way) -> Iterator[None]:
    """Puts `way`, a function like `float_products`, in place while the context lasts."""
    token = _WAY.set(way)
    try:
        yield
    finally:
        _WAY.reset(token)


def as_matrix(inputs):
    """The inputs of `products` as a matrix [B · S, K]."""
    return ops.reshape(inputs, (-1, math.prod(_summed(inputs))))


def output_axes(dense, inputs):
    """The sizes of the axes that `dense(inputs)` has in place of K; their product is M."""
    return tuple(dense.kernel.shape[len(_summed(inputs)) :])


def from_matrix(matrix, axes, inputs):
    """A product [B · S, M] in the shape of the layer's own output, with M as `axes`."""
    rank = len(_summed(inputs))
    return ops.reshape(matrix, (-1, *ops.shape(inputs)[1:-rank], *axes))


def kernel_and_bias(dense, inputs):
    """The kernel [K, M] for `inputs`, and the bias [M], None if there is none."""
    bias = None if dense.bias is None else ops.reshape(dense.bias, (-1,))
    return ops.reshape(dense.kernel, (math.prod(_summed(inputs)), -1)), bias


def _summed(inputs):
    return inputs.shape[-2:] if len(inputs.shape) == 4 else inputs.shape[-1:]


def _project(dense, inputs):
    """`dense(inputs)`; of an `EinsumDense` as a product of two matrices.

    TensorFlow computes that faster than a product of tensors, and joins it with the
    addition of the bias.
    """
    if isinstance(dense, keras.layers.Dense) or dense.quantization_mode is not None:
        return dense(inputs)
    kernel, bias = kernel_and_bias(dense, inputs)
    product = ops.matmul(as_matrix(inputs), kernel)
    product = product if bias is None else product + bias
    return from_matrix(product, output_axes(dense, inputs), inputs)
