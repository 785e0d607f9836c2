"""Run by tests where Keras is on JAX: the step of `on_keras_bert_jax.py` on a small model."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parents[2] / "benchmarks" / "peers" / "workers"))

import device_jax
import keras
import numpy as np
from on_keras_bert_jax import steps_of


def compiled():
    """A model of known weights."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def losses():
    """Of three steps, the mean so far, and of `train_on_batch`."""
    data = np.ones((3, 2), "float32"), np.ones((3, 1), "float32"), np.ones(3, "float32")
    step, plain = steps_of(compiled(), *data), compiled()
    mine = [float(device_jax.finish(step())) for _ in range(3)]
    return mine, [float(plain.train_on_batch(*data)) for _ in range(3)]


def refusal():
    """What a device that is a processor is refused with."""
    try:
        device_jax.begin({"dtype": "bfloat16"})
    except ValueError as error:
        return str(error)
    return None


def first_row():
    """Of an array in bfloat16, when it is there."""
    return device_jax.finish(keras.ops.ones((3, 2), "bfloat16")).tolist()
