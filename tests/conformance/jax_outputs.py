"""Writes what every row computes on the JAX backend; run as a script by conftest.py."""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
import numpy as np
from row import rows

if __name__ == "__main__":
    if keras.config.backend() != "jax":
        raise SystemExit("expected the JAX backend")
    outputs = {}
    for row in rows():
        layer = row.built()
        compiled = jax.jit(lambda inputs, row=row, layer=layer: row.call(layer, inputs))
        for index, output in enumerate(jax.tree.leaves(compiled(row.inputs))):
            outputs[f"{row.name}/{index}"] = output
    np.savez(sys.argv[1], **outputs)
