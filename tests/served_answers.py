"""What a SavedModel answers where Keras and this package were never imported."""

import sys

import tensorflow as tf
import tensorflow_text  # noqa: F401


def answers(version, inputs, signature="serving_default"):
    """The outputs of a signature, by name, as JSON holds them."""
    served = tf.saved_model.load(str(version)).signatures[signature]
    specs = served.structured_input_signature[1]
    tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
    found = {name: plain(tensor.numpy()) for name, tensor in served(**tensors).items()}
    assert not [name for name in sys.modules if name.startswith("keras_bert")]
    return found


def plain(array):
    if array.dtype.kind == "O":
        return [plain(x) for x in array] if array.ndim > 1 else [x.decode() for x in array]
    return array.tolist()
