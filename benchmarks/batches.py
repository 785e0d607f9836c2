"""What batches of like lengths save, on a file of texts with labels.

    python benchmarks/batches.py FILE [--text-column 0 --label-column 1] [--rows 320]

Prints a dated table: for each way to batch the texts (32 a batch, at most 128 word
pieces), how much of the batches is padding, how many lengths there are (each costs a
compilation under XLA), and the processor and wall time that training steps of MiniLM
(all-minilm-l6-v2, 6 layers of 384) take for a thousand texts. Padding is counted over the
whole file, time is taken over `--rows` of it after a first pass. Processor time counts all
threads, and holds on a machine that is busy with other things.
"""

import argparse
import datetime
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import PackedFeatures
from keras_bert.data.records import read_records
from keras_bert.models.classifier import BertClassifier

PRESET, LENGTH, BATCH = "all-minilm-l6-v2", 128, 32
WAYS = {
    "all at 128": {"keep_order": True, "fixed_length": LENGTH},
    "batch's longest, random order": {"keep_order": True},
    "like lengths, multiples of 8": {"shuffle": True, "length_multiple": 8},
    "like lengths, 16/32/48/64/128": {"shuffle": True, "bucket_lengths": (16, 32, 48, 64, LENGTH)},
    "like lengths, their longest (default)": {"shuffle": True},
}


def shapes(batches):
    """Padded shapes of an epoch's batches."""
    return [batches[i][0]["input_mask"].shape for i in range(len(batches))]


def seconds(task, batches):
    """Processor and wall time of one epoch, after a first one."""
    for _ in range(2):
        processor, wall = time.process_time(), time.perf_counter()
        keras.Model.fit(task, batches, shuffle=False, verbose=0)
    return time.process_time() - processor, time.perf_counter() - wall


def main():
    """Reads the file, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", default="examples/intents/train.tsv")
    parser.add_argument("--text-column")
    parser.add_argument("--label-column")
    parser.add_argument("--rows", type=int, default=320)
    arguments = parser.parse_args()
    records = read_records(
        arguments.file, text_column=arguments.text_column, label_column=arguments.label_column
    )
    names = sorted(set(records.labels))
    task = BertClassifier.from_preset(PRESET, labels=names, sequence_length=LENGTH)
    features = PackedFeatures.concatenate(
        [
            PackedFeatures.from_padded(task.preprocessor(records.texts[i : i + 1000]))
            for i in range(0, len(records), 1000)
        ]
    ).take(np.random.default_rng(0).permutation(len(records)))
    some = features.take(np.arange(min(arguments.rows, len(features))))
    labels = np.arange(len(some)) % len(names)
    task.compile_for(len(some))
    print(
        f"{datetime.date.today()}, {len(features)} texts of {arguments.file.split('/')[-1]}, "
        f"mean length {features.lengths.mean():.1f}, longest {features.lengths.max()}\n"
    )
    print("| batches | padding | lengths | processor s / 1000 | wall s / 1000 |")
    print("|---|---|---|---|---|")
    for name, options in WAYS.items():
        padded = shapes(FeatureBatches(features, batch_size=BATCH, **options))
        share = 1 - features.lengths.sum() / sum(rows * length for rows, length in padded)
        times = seconds(task, FeatureBatches(some, labels, batch_size=BATCH, **options))
        processor, wall = (1000 * value / len(some) for value in times)
        count = len({length for _, length in padded})
        print(f"| {name} | {share:.0%} | {count} | {processor:.1f} | {wall:.1f} |", flush=True)


if __name__ == "__main__":
    main()
