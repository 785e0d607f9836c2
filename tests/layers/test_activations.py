import math

import keras
import numpy as np
import pytest

from keras_bert.config import HIDDEN_ACTS
from keras_bert.layers.activations import get_activation

X = np.linspace(-5, 5, 23).astype("float32")

FORMULAS = {
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "linear": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "tanh": math.tanh,
}
ALIASES = {"gelu_tanh": "gelu_new", "gelu_pytorch_tanh": "gelu_new", "swish": "silu"}


@pytest.mark.parametrize("name", HIDDEN_ACTS)
def test_every_name_of_a_config_has_its_formula(name):
    expected = [FORMULAS[ALIASES.get(name, name)](float(x)) for x in X]
    actual = keras.ops.convert_to_numpy(get_activation(name)(keras.ops.convert_to_tensor(X)))
    np.testing.assert_allclose(actual, expected, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", HIDDEN_ACTS)
def test_keeps_the_dtype(name, dtype):
    outputs = get_activation(name)(keras.ops.cast(X, dtype))
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    assert np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32"))).all()


def test_unknown_name():
    with pytest.raises(ValueError, match=r"expected hidden_act in \[.*\]; received 'geglu'"):
        get_activation("geglu")
