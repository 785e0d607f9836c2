"""What the inputs of the encoder's products reach on given records, for 8-bit kernels.

Shapes: R rows, K width that is summed over, M width of the output.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_bert.export.records import Record, ask, batch_of_one, inputs_of, refuse_one_record
from keras_bert.layers.products import (
    as_matrix,
    computed_by,
    float_products,
    kernel_and_bias,
    output_axes,
)
from keras_bert.models.int8_products import Int8Kernel, Int8Products, LayersKey, layers_key


class SharedInputs(NamedTuple):
    """What is known of layers that read the same inputs, side by side.

    Attributes:
        kernel: float32 [K, M].
        bias: float32 [M].
        axes: of each layer's output, instead of its part of M.
        greatest: variable [K], the greatest size of each channel so far; None of uneven inputs.
    """

    kernel: np.ndarray
    bias: np.ndarray
    axes: list[tuple[int, ...]]
    greatest: tf.Variable | None


class InputRanges:
    """A way of `keras_bert.layers.products` that computes in float32 and keeps what it sees.

    Attributes:
        seen: by `layers_key`, what an 8-bit kernel is made from.
        replaced: the layers' own variables.
    """

    def __init__(self) -> None:
        self.seen: dict[LayersKey, SharedInputs] = {}
        self.replaced: list[keras.Variable] = []

    def __call__(
        self,
        denses: Sequence[keras.layers.Layer],
        inputs: tf.Tensor,
        activation: Callable | None = None,
        uneven: bool = False,
    ) -> list[Any]:
        """As `keras_bert.layers.products.float_products`."""
        key = layers_key(denses)
        if key not in self.seen:
            with tf.init_scope():
                self.seen[key] = self._begun(denses, inputs, uneven)
        greatest = self.seen[key].greatest
        if greatest is not None:
            sizes = tf.abs(as_matrix(inputs))  # [R, K]
            greatest.assign(tf.maximum(greatest, tf.reduce_max(sizes, axis=0)))
        return float_products(denses, inputs, activation)

    def _begun(
        self, denses: Sequence[keras.layers.Layer], inputs: Any, uneven: bool
    ) -> SharedInputs:
        parts = []
        for dense in denses:
            if dense.compute_dtype != "float32":
                raise ValueError(
                    f"expected a float32 model for int8; received {dense.compute_dtype}"
                )
            if dense.quantization_mode is not None:
                raise ValueError(
                    "expected a model that Keras has not quantized for int8; received "
                    f"{dense.quantization_mode!r} in {dense.path}"
                )
            self.replaced += dense.variables
            parts.append([part.numpy() for part in kernel_and_bias(dense, inputs)])
        kernels, biases = zip(*parts, strict=True)
        kernel = np.concatenate(kernels, axis=1)
        greatest = None if uneven else tf.Variable(tf.zeros(len(kernel)), trainable=False)
        axes = [output_axes(dense, inputs) for dense in denses]
        return SharedInputs(kernel, np.concatenate(biases), axes, greatest)


def calibrated_products(
    function: Any, records: Sequence[Record], variables: Sequence[tf.Variable]
) -> tuple[Int8Products, list[tf.Variable]]:
    """Kernels in 8 bits for a model, by what it computes for records.

    Args:
        function: a `tf.function` with an input signature, not traced yet, that asks the model.
        records: records like those to come, as in `keras_bert.export.records`.
        variables: those of the model.

    Returns:
        The way to compute products, and the variables that the model reads with it.

    Raises:
        ValueError: no records, one that the model does not answer, or a model that is
            quantized already or of another dtype than float32.
    """
    refuse_one_record(records, "int8")
    if not len(records):
        raise ValueError("expected at least one int8 record; received none")
    ranges = InputRanges()
    with computed_by(ranges):
        concrete = function.get_concrete_function()
    specs = inputs_of(concrete)
    for number, record in enumerate(records):
        name = f"int8 record {number}"
        ask(concrete, batch_of_one(record, specs, name), name)
    kernels = {
        key: Int8Kernel(kernel, bias, axes, None if greatest is None else greatest.numpy())
        for key, (kernel, bias, axes, greatest) in ranges.seen.items()
    }
    replaced = {id(variable.value) for variable in ranges.replaced}
    kept = [variable for variable in variables if id(variable) not in replaced]
    return Int8Products(kernels), kept + [kernel.integers for kernel in kernels.values()]
