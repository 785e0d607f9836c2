import keras
import numpy as np
import pytest

from keras_bert.training.run_state import put_variables, take_variables


def make_model(units):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])
    model.compile("sgd", "mse")
    return model


def test_variables_that_do_not_fit_are_refused_and_nothing_is_assigned():
    model, other = make_model(2), make_model(5)
    before = model.get_weights()
    message = r"saved model to fit this one, with float32\[3, 2\]; received float32\[3, 5\]"
    with pytest.raises(ValueError, match=message):
        put_variables(model, take_variables(other))
    saved = take_variables(model)
    fewer = {name: array for name, array in saved.items() if name != "model/1"}
    with pytest.raises(ValueError, match=r"saved model to fit .* with 2 variables; received 1"):
        put_variables(model, fewer)
    half = {**saved, "optimizer/1": saved["optimizer/1"].astype("float64")}
    half["model/0"] = saved["model/0"] + 1
    with pytest.raises(ValueError, match=r"saved optimizer .* float32\[\]; received float64\[\]"):
        put_variables(model, half)
    for weight, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_what_was_taken_is_a_copy():
    model = make_model(2)
    saved = take_variables(model)
    kernel = saved["model/0"].copy()
    model.layers[0].kernel.assign(kernel + 1)
    np.testing.assert_array_equal(saved["model/0"], kernel)
    put_variables(model, saved)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), kernel)
