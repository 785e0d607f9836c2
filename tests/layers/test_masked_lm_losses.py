"""Losses in chunks against losses of all logits; on TensorFlow and on JAX."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_bert.layers.chunked_crossentropy import chunked_crossentropy
from keras_bert.layers.embeddings import BertEmbeddings
from keras_bert.layers.masked_lm_head import MaskedLMHead
from keras_bert.layers.masked_lm_losses import MaskedLMLosses

N, H, V = 11, 7, 29
CHUNKS = (1, 16)


def problem():
    random = np.random.default_rng(3)
    vectors, table, bias, weights = (
        random.normal(size=shape).astype("float32") for shape in ((N, H), (V, H), (V,), (N,))
    )
    return (vectors, table, bias), random.integers(0, V, N), weights


def plain(vectors, table, bias):
    labels = ops.convert_to_tensor(problem()[1])
    logits = ops.matmul(vectors, ops.transpose(table)) + bias
    losses = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    right = ops.cast(ops.equal(ops.cast(ops.argmax(logits, -1), "int64"), problem()[1]), "float32")
    return losses, right


def in_chunks(size):
    labels = problem()[1]
    return lambda *arrays: chunked_crossentropy(*arrays, ops.convert_to_tensor(labels), size)


def with_gradients(function, jit=False):
    """Losses, hits and the gradients of the weighted losses, as arrays."""
    arrays, _, weights = problem()

    def loss(*tensors):
        losses, right = function(*tensors)
        return ops.sum(losses * weights), (losses, right)

    if keras.backend.backend() == "jax":
        import jax

        graded = jax.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True)
        (_, found), gradients = (jax.jit(graded) if jit else graded)(*arrays)
    else:
        import tensorflow as tf

        def graded(*tensors):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                total, found = loss(*tensors)
            return found, tape.gradient(total, tensors)

        tensors = [tf.constant(array) for array in arrays]
        found, gradients = (tf.function(graded) if jit else graded)(*tensors)
    return [np.asarray(value).tolist() for value in (*found, *gradients)]


def all_chunks():
    found = {size: with_gradients(in_chunks(size)) for size in CHUNKS}
    return found | {"jit": with_gradients(in_chunks(4), jit=True)}


def check(found, expected):
    for size, values in found.items():
        for ours, theirs in zip(values, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=str(size))


def test_values_and_gradients():
    check(all_chunks(), with_gradients(plain))


def test_values_and_gradients_on_jax(jax_process):
    check(jax_process(__file__, "all_chunks"), with_gradients(plain))


def make(dtype="float32"):
    keras.utils.set_random_seed(5)
    embeddings = BertEmbeddings(V, H, 13, dtype=dtype)
    head = MaskedLMHead(embeddings, initializer_range=0.5, dtype=dtype)
    random = np.random.default_rng(1)
    hidden = random.normal(size=(3, 13, H)).astype("float32")
    return head, hidden, random.integers(0, 13, (3, 5)), random.integers(0, V, (3, 5))


@pytest.mark.parametrize(("dtype", "atol"), [("float32", 1e-5), ("mixed_bfloat16", 0.1)])
def test_the_head_s_losses(dtype, atol):
    head, hidden, positions, ids = make(dtype)
    found = ops.convert_to_numpy(MaskedLMLosses(head, 4)(hidden, positions, ids))
    logits = head(hidden, positions)
    expected = ops.sparse_categorical_crossentropy(ids, logits, from_logits=True)
    assert found.shape == (3, 5, 2)
    np.testing.assert_allclose(found[..., 0], expected, atol=atol)
    np.testing.assert_array_equal(found[..., 1], ops.argmax(logits, -1) == ids)


def test_no_rows_and_configuration():
    head, hidden, positions, ids = make()
    layer = MaskedLMLosses(head, 4)
    assert layer(hidden[:0], positions[:0], ids[:0]).shape == (0, 5, 2)
    again = MaskedLMLosses.from_config(layer.get_config())
    assert (again.chunk_size, type(again.head)) == (4, MaskedLMHead)
    symbolic = layer(
        keras.Input((None, H)), keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")
    )
    assert (symbolic.shape, symbolic.dtype) == ((None, 5, 2), "float32")


def test_refuses():
    head, hidden, positions, ids = make()
    with pytest.raises(ValueError, match="expected chunk_size of at least 1; received 0"):
        MaskedLMLosses(head, 0)
    with pytest.raises(ValueError, match="masked_lm_positions"):
        MaskedLMLosses(head)(hidden, positions, ids[:, :3])
