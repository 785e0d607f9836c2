"""What the text layers share: they take strings, on TensorFlow, under any Keras backend."""

from typing import Any

import keras


class TextLayer(keras.layers.Layer):
    """A layer without weights whose inputs Keras leaves as they are.

    Keras would otherwise convert inputs to tensors of its backend, which has no strings
    when it is JAX, and would refuse Python lists.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """Makes tensors of texts before Keras sees them, unless they are symbolic."""
        if not any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten(inputs)):
            inputs = self.prepare(inputs)
        return super().__call__(inputs, **kwargs)

    def prepare(self, inputs: Any) -> Any:
        """Returns the inputs of `call` as string tensors; for subclasses to say how."""
        return inputs
