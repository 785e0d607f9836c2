"""The accelerator as JAX has it: found or refused, waited for, described.

Import before JAX and Keras.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
# Several engines are on the card at once: none may take most of its memory beforehand.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

# What a product of float32 matrices is computed in.
PRECISIONS = {"float32": "float32", "tf32": "tensorfloat32", "bfloat16": None}


def begin(settings):
    """Choose the precision of products.

    Raises:
        ValueError: there is no accelerator, and settings do not allow `any_device`.
    """
    import jax

    device = jax.devices()[0]
    if device.platform == "cpu" and not settings.get("any_device"):
        raise ValueError(f"expected an accelerator; JAX {jax.__version__} received a CPU alone")
    jax.config.update("jax_default_matmul_precision", PRECISIONS[settings["dtype"]])


def finish(output):
    """Wait until `output`, an array, is there; a number, or its first row, as float32."""
    import jax
    import numpy as np

    jax.block_until_ready(output)
    return np.asarray(output[:1] if getattr(output, "ndim", 0) else output, "float32")


def facts():
    """The device's name and what drives it."""
    import jax

    device = jax.devices()[0]
    driver = " ".join(device.client.platform_version.split())[:80]
    return {"device": {"name": device.device_kind, "driver": f"JAX {jax.__version__}, {driver}"}}


def begin_peak():
    """Bytes in use; the peak is that of the process, which cannot be begun anew."""
    return _memory().get("bytes_in_use")


def peak():
    """The most bytes that were in use."""
    return _memory().get("peak_bytes_in_use")


def _memory():
    import jax

    return jax.devices()[0].memory_stats() or {}
