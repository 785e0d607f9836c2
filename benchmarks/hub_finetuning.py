"""Fine-tunes one encoder twice: as our TF Hub module in Keras 2, and as our model in Keras 3.

    python benchmarks/hub_finetuning.py [--epochs 4] [--seeds 3] [--preset all-minilm-l6-v2]

Both learn the requests to a library of `examples/intents` (576 to learn from, 12 intents) on
raw strings with the same optimizer, rate, batches and head; prints a dated table of the
accuracy on the test file. Processor time counts all threads.
"""

import argparse
import datetime
import os
import pathlib
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras

from keras_bert.data import read_records
from keras_bert.models import BertClassifier
from keras_bert.models.hub_modules import HubModules, export_hub_modules

INTENTS = pathlib.Path(__file__).parents[1] / "examples" / "intents"
DROPOUT, RANGE = 0.1, 0.02


def with_hub(modules: HubModules, arguments, data) -> float:
    """The accuracy of `hub.KerasLayer`s under a dense layer in tf_keras."""
    (texts, labels), (test_texts, test_labels), names = data
    sentences = tf_keras.Input([], dtype=tf.string)
    features = hub.KerasLayer(str(modules.preprocess))(sentences)
    pooled = hub.KerasLayer(str(modules.encoder), trainable=True)(features)["pooled_output"]
    start = tf_keras.initializers.TruncatedNormal(stddev=RANGE)
    dropped = tf_keras.layers.Dropout(DROPOUT)(pooled)
    logits = tf_keras.layers.Dense(len(names), kernel_initializer=start)(dropped)
    model = tf_keras.Model(sentences, logits)
    model.compile(
        tf_keras.optimizers.legacy.Adam(arguments.learning_rate),
        tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    numbers = np.array([names.index(label) for label in labels])
    model.fit(
        np.array(texts, "O"),
        numbers,
        batch_size=arguments.batch_size,
        epochs=arguments.epochs,
        verbose=0,
    )
    chosen = model.predict(np.array(test_texts, "O"), verbose=0).argmax(-1)
    return float(np.mean([names[number] for number in chosen] == np.array(test_labels)))


def with_keras(arguments, data) -> float:
    """The accuracy of a `BertClassifier`."""
    (texts, labels), (test_texts, test_labels), names = data
    classifier = BertClassifier.from_preset(
        arguments.preset, labels=names, sequence_length=arguments.sequence_length
    )
    classifier.compile(
        keras.optimizers.Adam(arguments.learning_rate), loss=classifier.default_loss()
    )
    classifier.fit(
        texts, labels, batch_size=arguments.batch_size, epochs=arguments.epochs, verbose=0
    )
    return float(
        np.mean(classifier.predict(test_texts, verbose=0)["label"] == np.array(test_labels))
    )


def main() -> None:
    """Measures both, seed by seed, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="all-minilm-l6-v2")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--sequence-length", type=int, default=24)
    arguments = parser.parse_args()
    train, test = (read_records(INTENTS / f"{part}.tsv") for part in ("train", "test"))
    names = sorted(set(train.labels))
    data = (train.texts, train.labels), (test.texts, test.labels), names
    with tempfile.TemporaryDirectory() as folder:
        length = arguments.sequence_length
        modules = export_hub_modules(
            arguments.preset, folder, name="benchmarked", sequence_length=length
        )
        ways = {
            "our module, `hub.KerasLayer` in tf_keras": lambda: with_hub(modules, arguments, data),
            "`BertClassifier` in Keras 3": lambda: with_keras(arguments, data),
        }
        scores = {way: [] for way in ways}
        times = {way: [] for way in ways}
        for seed in range(arguments.seeds):
            for way, run in ways.items():
                keras.utils.set_random_seed(seed)
                tf_keras.utils.set_random_seed(seed)
                began = time.process_time()
                scores[way].append(run())
                times[way].append(time.process_time() - began)
                print(f"seed {seed}, {way}: {scores[way][-1]:.4f}", flush=True)
    print(f"\n{datetime.date.today()}, tensorflow {tf.__version__}, {arguments.preset}, ", end="")
    print(f"{len(train)} training and {len(test)} test records, {arguments.epochs} epochs\n")
    print("| way | accuracy, seed by seed | mean | processor time, s |\n|---|---|---|---|")
    for way, found in scores.items():
        each = ", ".join(f"{score:.3f}" for score in found)
        seconds = statistics.median(times[way])
        print(f"| {way} | {each} | {statistics.mean(found):.3f} | {seconds:.0f} |")


if __name__ == "__main__":
    main()
