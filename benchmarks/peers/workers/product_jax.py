"""The accelerator's limit as JAX reaches it: large products, and large copies."""

import device_jax
from answer_loop import answer


def product(settings):
    """C = A B of square matrices of `size` in `dtype`."""
    import jax

    device_jax.begin(settings)
    size = settings["size"]
    dtype = "bfloat16" if settings["dtype"] == "bfloat16" else "float32"
    a, b = (jax.random.normal(jax.random.key(seed), (size, size), dtype) for seed in (0, 1))
    multiply = jax.jit(jax.numpy.matmul)
    return lambda: multiply(a, b)


def copy(settings):
    """A pass over `bytes`, which are read once and written once."""
    import jax

    device_jax.begin(settings)
    a = jax.numpy.ones((settings["bytes"] // 4,), "float32")
    negative = jax.jit(lambda values: -values)  # of a mere copy XLA would make nothing
    return lambda: negative(a)


if __name__ == "__main__":
    answer({"product": product, "copy": copy}, ("jax",), device_jax)
