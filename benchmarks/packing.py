"""What packed rows save, beside padding and beside batches of like lengths.

    python benchmarks/packing.py FILE [--text-column 0] [--sentences] [--texts 192]

Prints a dated table: for each way to batch the texts (32 a step on average), how much of the
batches is padding, how many shapes they have (each costs a compilation under XLA), and how
many real word pieces a training step gets through in a second of processor time and of wall
time, with and without `jit_compile`. Padding is of the whole file, time of `--texts` of it:
the first epoch, which traces and compiles, stands apart from the second, which is the rate.
The model is MiniLM (all-minilm-l6-v2, 6 layers of 384) with a classifier's head. Processor
time counts all threads, and holds on a machine that is busy with other things.
"""

import argparse
import datetime
import os
import re
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import PackedFeatures
from keras_bert.data.lines import read_lines
from keras_bert.data.packed_batches import PackedBatches
from keras_bert.data.packed_rows import PackedRows
from keras_bert.models.classifier import BertClassifier
from keras_bert.models.packed_model import MeanOverTexts, packed_model

PRESET, LENGTH, BATCH = "all-minilm-l6-v2", 128, 32
POWERS = (16, 32, 64, LENGTH)


def read_texts(arguments):
    """The texts of a column, or the sentences of the lines."""
    lines = (line for _, line in read_lines(arguments.file))
    texts = (line.split("\t")[arguments.text_column] for line in lines if line.strip())
    if not arguments.sentences:
        return list(texts)
    return [part for text in texts for part in re.split(r"(?<=[.!?]) ", text) if part.strip()]


def tokenised(preprocessor, texts):
    """The texts in random order, without padding."""
    texts = [texts[i] for i in np.random.default_rng(0).permutation(len(texts))]
    return PackedFeatures.concatenate(
        [
            PackedFeatures.from_padded(preprocessor(texts[i : i + 1000]))
            for i in range(0, len(texts), 1000)
        ]
    )


def padded(features, **options):
    """Batches of single texts."""
    labels = np.arange(len(features)) % 2
    return FeatureBatches(features, labels, batch_size=BATCH, **options)


def packed(features, length):
    """Batches of packed rows."""
    rows = PackedRows(features, length)
    size = max(1, round(BATCH * len(rows) / len(features)))
    return PackedBatches(rows, np.arange(len(features)) % 2, batch_size=size, shuffle=True)


WAYS = {
    "all at 128": lambda features: padded(features, shuffle=True, fixed_length=LENGTH),
    "like lengths, multiples of 8": lambda features: padded(features, shuffle=True),
    "like lengths, powers of two": lambda features: padded(
        features, shuffle=True, bucket_lengths=POWERS
    ),
    "packed rows of 128": lambda features: packed(features, LENGTH),
    "packed rows of 256": lambda features: packed(features, 2 * LENGTH),
}


def share_of_padding(features, batches):
    """Of all positions of an epoch, and the number of shapes."""
    shapes = [batches[i][0]["input_word_ids"].shape for i in range(len(batches))]
    places = sum(rows * length for rows, length in shapes)
    return 1 - features.lengths.sum() / places, len(set(shapes))


def epochs(task, batches, jit):
    """Processor and wall seconds of two epochs."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = task
    if isinstance(batches, PackedBatches):
        model, loss = packed_model(task), MeanOverTexts(loss)
    model.compile(task.optimizer, loss, jit_compile=jit)
    times = []
    for _ in range(2):
        processor, wall = time.process_time(), time.perf_counter()
        keras.Model.fit(model, batches, shuffle=False, verbose=0)
        times.append((time.process_time() - processor, time.perf_counter() - wall))
    return times


def main():
    """Reads the file, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", default="examples/intents/train.tsv")
    parser.add_argument("--text-column", type=int, default=0)
    parser.add_argument("--sentences", action="store_true")
    parser.add_argument("--texts", type=int, default=192)
    parser.add_argument("--xla", choices=("no", "yes"), nargs="*", default=("no", "yes"))
    parser.add_argument("--ways", nargs="*", default=WAYS, help="the first words of some ways")
    parser.add_argument("--most", type=int, default=20_000, help="texts whose padding is counted")
    arguments = parser.parse_args()
    task = BertClassifier.from_preset(PRESET, labels=["a", "b"], sequence_length=LENGTH)
    task.compile_for(arguments.texts)
    features = tokenised(task.preprocessor, read_texts(arguments)[: arguments.most])
    some = features.take(np.arange(min(arguments.texts, len(features))))
    print(
        f"{datetime.date.today()}, {len(features)} texts of {arguments.file.split('/')[-1]}, mean "
        f"length {features.lengths.mean():.1f}, longest {features.lengths.max()}; time of "
        f"{len(some)} texts, {some.lengths.sum()} word pieces\n"
    )
    columns = ("batches", "XLA", "padding", "shapes", "first epoch, processor s")
    print(f"| {' | '.join(columns)} | pieces / processor s | pieces / wall s |")
    print("|---" * (len(columns) + 2) + "|")
    for xla in arguments.xla:
        for name, make in WAYS.items():
            if not name.startswith(tuple(arguments.ways)):
                continue
            share, shapes = share_of_padding(features, make(features))
            first, second = epochs(task, make(some), xla == "yes")
            processor, wall = (some.lengths.sum() / seconds for seconds in second)
            print(
                f"| {name} | {xla} | {share:.1%} | {shapes} | {first[0]:.0f} "
                f"| {processor:.0f} | {wall:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
