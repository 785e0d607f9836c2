"""Holds a pair of modules by `hub.KerasLayer` in Keras 2 models; prints what happened as JSON.

python keras_layer.py ENCODER PREPROCESS FOLDER

FOLDER receives a model that holds both. ENCODER and PREPROCESS are deleted on the way.
"""

import json
import pathlib
import shutil
import sys

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub
import tensorflow_text  # noqa: F401, the operations of the preprocessing
import tf_keras

# Not tensors: the devices are still to be set.
TEXTS = np.array(
    ["Ada lives in Café!", "", "狗unable ADAS?", "die Stadt", "bell met ada", "?"], "O"
)
OTHERS = np.array(["met", "ada " * 40, "", "猫", "in", "die"], "O")
LABELS = np.array([0, 1, 1, 0, 0, 1])
LENGTH = 11


def classifier(encoder: hub.KerasLayer, features, texts) -> tf_keras.Model:
    outputs = encoder(features)
    logits = tf_keras.layers.Dense(2)(outputs["pooled_output"])
    model = tf_keras.Model(texts, logits)
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.legacy.Adam(3e-3), loss)
    return model


def of_one_text(encoder: hub.KerasLayer, preprocess: str) -> tf_keras.Model:
    texts = tf_keras.Input([], dtype=tf.string)
    return classifier(encoder, hub.KerasLayer(preprocess)(texts), texts)


def of_pairs(encoder: hub.KerasLayer, preprocess: str) -> tf_keras.Model:
    module = hub.load(preprocess)
    texts = [tf_keras.Input([], dtype=tf.string) for _ in range(2)]
    tokenize = hub.KerasLayer(module.tokenize)
    pack = hub.KerasLayer(module.bert_pack_inputs, arguments={"seq_length": LENGTH})
    return classifier(encoder, pack([tokenize(one) for one in texts]), texts)


def train(model: tf_keras.Model, encoder: hub.KerasLayer, inputs, epochs: int) -> dict:
    before = [weight.numpy() for weight in encoder.trainable_weights]
    fitted = model.fit(inputs, LABELS, batch_size=6, epochs=epochs, shuffle=False, verbose=0)
    moved = [
        bool(np.abs(weight.numpy() - old).max() > 0)
        for weight, old in zip(encoder.trainable_weights, before, strict=True)
    ]
    return {"weights": len(moved), "moved": sum(moved), "losses": fitted.history["loss"]}


def main(encoder_path: str, preprocess_path: str, folder: pathlib.Path) -> dict:
    found = {}
    frozen = hub.KerasLayer(encoder_path)
    found["weights_when_frozen"] = len(frozen.trainable_weights)
    encoder = hub.KerasLayer(encoder_path, trainable=True)
    model = of_one_text(encoder, preprocess_path)
    found["fit"] = train(model, encoder, TEXTS, epochs=40)
    two = of_pairs(encoder, preprocess_path)
    found["pairs"] = train(two, encoder, [TEXTS, OTHERS], epochs=1)
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        mirrored = hub.KerasLayer(encoder_path, trainable=True)
        shared = of_one_text(mirrored, preprocess_path)
    found["mirrored"] = train(shared, mirrored, TEXTS, epochs=2)

    answers = model.predict(TEXTS, verbose=0)
    model.save(folder / "saved", save_format="tf", include_optimizer=False)
    for path in (encoder_path, preprocess_path):
        shutil.rmtree(path)
    again = tf_keras.models.load_model(folder / "saved", compile=False)
    found["answers"] = answers.tolist()
    found["answers_of_saved"] = again.predict(TEXTS, verbose=0).tolist()
    return found


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    print(json.dumps(main(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]))))
