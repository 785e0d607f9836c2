"""What a SavedModel answers where Keras and this package were never imported."""

import sys

import tensorflow as tf
import tensorflow_text  # noqa: F401


def answers(version, inputs, signature="serving_default"):
    """The outputs of a signature, by name, as JSON holds them."""
    return asked(tf.saved_model.load(str(version)).signatures[signature], inputs)


def answers_and_shapes(version, inputs):
    """What `serving_default` answers to records and to none, and what it says of itself."""
    signature = tf.saved_model.load(str(version)).signatures["serving_default"]
    specs = signature.structured_input_signature[1]
    outputs = signature.structured_outputs
    nothing = {
        name: tf.zeros([0, *(1 for _ in spec.shape[1:])], spec.dtype)
        for name, spec in specs.items()
    }
    return {
        "answers": asked(signature, inputs),
        "to_no_records": asked(signature, nothing),
        "inputs": list(specs),
        "outputs": {name: tensor.shape.as_list() for name, tensor in outputs.items()},
    }


def asked(signature, inputs):
    specs = signature.structured_input_signature[1]
    tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
    found = {name: plain(tensor.numpy()) for name, tensor in signature(**tensors).items()}
    assert not [name for name in sys.modules if name.startswith("keras_bert")]
    return found


def plain(array):
    if array.dtype.kind == "O":
        return [plain(x) for x in array] if array.ndim > 1 else [x.decode() for x in array]
    return array.tolist()
