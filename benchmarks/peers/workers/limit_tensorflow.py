"""The machine's limit as TensorFlow reaches it: large products, and NumPy's copies."""

from answer_loop import answer


def product(settings):
    """C = A B of square matrices of `size` in `dtype`."""
    import numpy as np
    import tensorflow as tf
    from rows import refuse_dtype

    refuse_dtype(settings, "float32", "bfloat16")
    size = settings["size"]
    a, b = (tf.cast(np.random.randn(size, size), settings["dtype"]) for _ in range(2))

    @tf.function(autograph=False)
    def multiply():
        return tf.cast(tf.matmul(a, b)[:1, :2], tf.float32)

    return lambda: multiply().numpy()


def copy(settings):
    """A copy of `bytes`, which are read once and written once."""
    import numpy as np

    a = np.ones(settings["bytes"] // 4, "float32")
    b = np.empty_like(a)

    def run():
        np.copyto(b, a)
        return b[None, :2]

    return run


if __name__ == "__main__":
    answer({"product": product, "copy": copy}, ("tensorflow",))
