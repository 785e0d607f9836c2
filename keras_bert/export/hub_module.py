"""What a TF Hub module is made of: objects that can be called once they are loaded again.

Knows no Keras model: functions and raw `tf.Variable`s go in. The roots are
`tf.train.Checkpoint`s, whose lists of variables come back as attributes; a Keras model in
their place would load in Python and fail in the C++ loader.

Source: https://www.tensorflow.org/hub/reusable_saved_models
"""

import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf


class HubCallable(tf.train.Checkpoint):
    """A function with the variables it reads, as `hub.KerasLayer` looks for them.

    Args:
        call: a `tf.function` whose traces are those to keep.
        trainable_variables: the variables it reads, in order.

    Attributes:
        trainable_variables, variables: the variables.
        regularization_losses: an empty list.
    """

    def __init__(
        self,
        call: tf.types.experimental.PolymorphicFunction,
        trainable_variables: Iterable[tf.Variable] = (),
    ) -> None:
        super().__init__()
        self.__call__ = call
        self.trainable_variables = list(trainable_variables)
        self.variables = list(trainable_variables)
        self.regularization_losses: list[Callable] = []


def traced(function: Callable[[Any, bool], Any], inputs: Any) -> Any:
    """`function(inputs, training)` as a graph function, traced for training and for not.

    Args:
        function: TensorFlow operations.
        inputs: a `tf.TensorSpec`, or a structure of them.
    """

    @tf.function(autograph=False)
    def call(inputs: Any, training: bool = False) -> Any:
        return function(inputs, training)

    for training in (True, False):
        call.get_concrete_function(inputs, training)
    return call


def save_module(
    root: HubCallable,
    folder: pathlib.Path,
    inputs: Any,
    outputs: Callable[[Any], Mapping[str, tf.Tensor]],
) -> None:
    """Writes a module, with its inference function as `serving_default`.

    Args:
        root: what `hub.load` will give.
        folder: where to.
        inputs: the structure of `tf.TensorSpec`s that `root` is called with.
        outputs: from what the call gives to a flat dict of tensors.
    """
    # Calling the object itself is for those who load it.
    infer = root.__call__.get_concrete_function(inputs, False)
    signature = tf.function(
        lambda inputs: outputs(infer(inputs, False)), input_signature=[inputs], autograph=False
    )
    tf.saved_model.save(root, str(folder), signatures={"serving_default": signature})
