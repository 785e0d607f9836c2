"""Runs a saved backbone on the JAX backend, for test_backbone_jax.py."""

import pathlib

import keras
import numpy as np

import keras_bert
from keras_bert.models.backbone import BertBackbone


def flat(outputs, prefix):
    paths = keras.tree.flatten_with_path(outputs)
    return {f"{prefix}/{'/'.join(map(str, path))}": np.asarray(x) for path, x in paths}


def message(call):
    try:
        call()
    except ValueError as error:
        return str(error)
    return "no error"


def fitted(config, inputs, **kwargs):
    """Return the losses of a short fit with dropout, compiled as Keras does on JAX."""
    keras.utils.set_random_seed(3)
    backbone = BertBackbone(config.to_dict() | {"num_hidden_layers": 1}, **kwargs)
    outputs = keras.layers.Dense(2)(backbone.output["pooled_output"])
    model = keras.Model(backbone.input, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    labels = inputs["input_word_ids"][:, 0] % 2
    return model.fit(inputs, labels, epochs=2, shuffle=False, verbose=0).history["loss"]


def main(folder):
    """Reads `model.keras` and `inputs.npz` of the folder and writes `outputs.npz`."""
    folder = pathlib.Path(folder)
    backbone = keras.models.load_model(folder / "model.keras")
    inputs = dict(np.load(folder / "inputs.npz"))
    ids = {"input_word_ids": inputs["input_word_ids"]}
    results = flat(backbone.predict(inputs, verbose=0), "all_inputs")
    results |= flat(backbone.predict(ids, verbose=0), "ids_alone")
    results["beyond"] = message(lambda: backbone({"input_word_ids": ids["input_word_ids"] + 999}))
    for on in (False, True):
        results[f"fit/{on}"] = fitted(backbone.config, inputs, gradient_checkpointing=on)
    np.savez(folder / "outputs.npz", version=keras_bert.__version__, **results)
