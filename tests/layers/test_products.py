import keras
import numpy as np
import pytest

from keras_bert.layers.products import (
    as_matrix,
    computed_by,
    float_products,
    from_matrix,
    kernel_and_bias,
    output_axes,
    products,
)

# A layer, and inputs with K as one axis or two.
CASES = {
    "to heads": (
        keras.layers.EinsumDense("abc,cde->abde", (None, 2, 5), bias_axes="de"),
        (3, 7, 11),
    ),
    "from heads": (
        keras.layers.EinsumDense("abcd,cde->abe", (None, 13), bias_axes="e"),
        (3, 7, 2, 5),
    ),
    "without bias": (keras.layers.EinsumDense("abc,cd->abd", (None, 5)), (3, 7, 11)),
    "matrix": (keras.layers.Dense(5, bias_initializer="uniform"), (3, 11)),
}


@pytest.fixture(params=CASES)
def case(request):
    dense, shape = CASES[request.param]
    dense = type(dense).from_config(dense.get_config())
    inputs = np.random.default_rng(2).normal(size=shape).astype("f")
    dense.build(shape)
    return dense, inputs


def test_products_are_those_of_the_layer(case):
    dense, inputs = case
    for activation in (None, keras.ops.tanh):
        expected = dense(inputs) if activation is None else activation(dense(inputs))
        one, other = products([dense, dense], inputs, activation)
        np.testing.assert_allclose(one, expected, atol=1e-6)
        np.testing.assert_array_equal(one, other)


def test_parts_of_a_way_make_the_product(case):
    dense, inputs = case
    kernel, bias = kernel_and_bias(dense, inputs)
    matrix = as_matrix(inputs) @ kernel + (0 if bias is None else bias)
    outputs = from_matrix(matrix, output_axes(dense, inputs), inputs)
    np.testing.assert_allclose(outputs, dense(inputs), atol=1e-6)


def test_a_way_is_in_place_while_its_context_lasts(case):
    dense, inputs = case

    def twice(denses, inputs, activation, uneven):
        assert uneven
        return [2 * output for output in float_products(denses, inputs, activation)]

    (before,) = products([dense], inputs)
    with pytest.raises(KeyError), computed_by(twice):
        (within,) = products([dense], inputs, uneven=True)
        raise KeyError
    np.testing.assert_array_equal(within, 2 * before)
    np.testing.assert_array_equal(products([dense], inputs)[0], before)
