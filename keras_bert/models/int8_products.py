"""The encoder's products in 8-bit integers, for graphs that run on x86 processors.

A kernel has a step for each column. What a layer norm gives has one for all rows, since no
row reaches much farther than another; its channels are first divided by a factor each, which
the kernel is multiplied by: a few of them are ten times as large as the others, which would
have few steps left (SmoothQuant). What attention or an activation gives differs from row to
row; there every row has a step of its own, taken when it comes (decision 0098).

Source: Xiao et al. 2022, equations 3 and 4, https://arxiv.org/abs/2211.10438

Shapes: R rows, K width that is summed over, M width of the output.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_library

from keras_bert.layers.activations import gelu, gelu_tanh
from keras_bert.layers.products import as_matrix, from_matrix

_STEPS = 127.0  # to each side of zero
_SMOOTHNESS = 0.75  # how much of the channels' difference the kernel takes over (equation 4)
_LEAST = 1e-5  # a channel or row of zeros has steps too
# What oneDNN computes with a product.
_JOINED = {gelu: "GeluExact", gelu_tanh: "GeluApproximate"}


LayersKey = tuple[int, ...]


class Int8Kernel:
    """Kernels that read the same inputs, side by side in 8 bits.

    Args:
        kernel: Float32 [K, M].
        bias: Float32 [M].
        axes: Those of the output of each of them, instead of its part of M.
        greatest: Float32 [K], the greatest size of each channel of the inputs; None for
            steps by row.

    Attributes:
        integers: variable int8 [K, M]. The vectors beside it are constants of the graph.
    """

    def __init__(
        self,
        kernel: np.ndarray,
        bias: np.ndarray,
        axes: Sequence[tuple[int, ...]],
        greatest: np.ndarray | None,
    ) -> None:
        self.axes, self.by_row = axes, greatest is None
        factors = np.ones(len(kernel), np.float32)
        if greatest is not None:
            greatest = np.maximum(greatest, _LEAST)
            rows = np.maximum(np.abs(kernel).max(axis=1), _LEAST)
            smooth = greatest**_SMOOTHNESS / rows ** (1 - _SMOOTHNESS)
            factors = smooth * (greatest / smooth).max() / _STEPS  # inputs / factors: to 127
        kernel = kernel * factors[:, None]
        columns = np.maximum(np.abs(kernel).max(axis=0), np.finfo("f").tiny)
        integers = np.round(kernel / columns * _STEPS)
        self._inverse = (1 / factors).astype("f")  # [K]
        self.integers = tf.Variable(integers, dtype=tf.int8, trainable=False)  # [K, M]
        self._columns = columns.astype("f")  # [M]
        self._bias = bias.astype("f")  # [M]

    def __call__(self, inputs: tf.Tensor, activation: Callable | None) -> tf.Tensor:
        """Float32 [R, K] to float32 [R, M]."""
        if self.by_row:
            reach = tf.maximum(
                tf.reduce_max(inputs, axis=1, keepdims=True),
                -tf.reduce_min(inputs, axis=1, keepdims=True),
            )  # [R, 1]
            reach = tf.maximum(reach, _LEAST) / _STEPS
            product = self._product(
                inputs * tf.math.reciprocal(reach), tf.zeros(self._bias.shape), None
            )
            product = product * reach + self._bias
        else:
            joined = _JOINED.get(activation)
            product = self._product(inputs * self._inverse, self._bias, joined)
            activation = None if joined else activation
        return product if activation is None else activation(product)

    def _product(self, inputs: tf.Tensor, bias: tf.Tensor, joined: str | None) -> tf.Tensor:
        rounded, *_ = tf.raw_ops.QuantizeV2(
            input=inputs,
            min_range=-_STEPS,
            max_range=_STEPS,
            T=tf.qint8,
            mode="SCALED",
            round_mode="HALF_TO_EVEN",
            narrow_range=True,
        )
        kernel = tf.bitcast(self.integers, tf.qint8)
        outputs, _ = op_def_library.apply_op(
            "_QuantizedMatMul",
            name="quantized_matmul",
            device_inputs=[rounded, kernel, bias],
            host_inputs=[-_STEPS, _STEPS, -self._columns, self._columns],
            Tdevice_outputs=[tf.float32],
            Thost_outputs=[],
            T1=tf.qint8,
            T2=tf.qint8,
            Tbias=tf.float32,
            U=tf.float32,
            Tout=tf.float32,
            fused_ops=["BiasAdd", *([joined] if joined else []), "Dequantize"],
            transpose_a=False,
            transpose_b=False,
            is_weight_const=True,
            is_bias_const=True,
            leakyrelu_alpha=0.2,
            input_quant_mode="SCALED",
            output_quant_mode="SCALED",
        )
        return outputs[0]


class Int8Products:
    """A way of `keras_bert.layers.products`, with kernels that were made before.

    Args:
        kernels: by the layers that read the same inputs.
    """

    def __init__(self, kernels: Mapping[LayersKey, Int8Kernel]) -> None:
        self._kernels = kernels

    def __call__(
        self,
        denses: Sequence[keras.layers.Layer],
        inputs: tf.Tensor,
        activation: Callable | None = None,
        uneven: bool = False,
    ) -> list[Any]:
        """As `keras_bert.layers.products.float_products`, but for the rounding."""
        del uneven
        kernel = self._kernels[layers_key(denses)]
        product = kernel(as_matrix(inputs), activation)
        parts = tf.split(product, [math.prod(axes) for axes in kernel.axes], axis=1)
        pairs = zip(parts, kernel.axes, strict=True)
        return [from_matrix(part, axes, inputs) for part, axes in pairs]


def layers_key(denses: Sequence[keras.layers.Layer]) -> LayersKey:
    """What tells layers that read the same inputs from others."""
    return tuple(map(id, denses))
