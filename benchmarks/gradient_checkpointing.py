"""Measures what gradient checkpointing saves in memory and costs in time, in `fit`.

    python benchmarks/gradient_checkpointing.py [--layers 6] [--hidden 384] [--batch 16]

Each setting trains in a process of its own; memory is that process's peak, beyond
what it held before the first step.
"""

import argparse
import datetime
import json
import os
import resource
import statistics
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def parse():
    """Return the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = {"layers": 6, "hidden": 384, "heads": 12, "batch": 16, "length": 128, "steps": 5}
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--checkpointing", choices=("off", "on"), help=argparse.SUPPRESS)
    return parser.parse_args()


def megabytes():
    """Return this process's peak memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def train(args):
    """Fit a few steps; print the peak memory that they added, and a step's median time."""
    import keras
    import numpy as np

    from keras_bert.config import BertConfig
    from keras_bert.models.backbone import BertBackbone

    config = BertConfig(
        vocab_size=30522,
        hidden_size=args.hidden,
        num_hidden_layers=args.layers,
        num_attention_heads=args.heads,
        intermediate_size=4 * args.hidden,
    )
    backbone = BertBackbone(config, gradient_checkpointing=args.checkpointing == "on")
    outputs = keras.layers.Dense(2)(backbone.output["pooled_output"])
    model = keras.Model(backbone.input, outputs)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ids = np.random.default_rng(0).integers(0, 30522, (args.batch, args.length))
    features = {
        "input_word_ids": ids,
        "input_mask": np.ones_like(ids),
        "input_type_ids": np.zeros_like(ids),
    }
    before, times = megabytes(), []
    for _ in range(args.steps + 1):
        start = time.perf_counter()
        model.train_on_batch(features, ids[:, 0] % 2)
        times.append(time.perf_counter() - start)
    print(json.dumps({"megabytes": megabytes() - before, "step": statistics.median(times[1:])}))


def main():
    """Run both settings and print a table."""
    args = parse()
    if args.checkpointing:
        return train(args)
    print(f"{datetime.date.today()}, {vars(args)}\n")
    print("| checkpointing | peak memory of training, MB | step, s |\n|---|---|---|")
    for setting in ("off", "on"):
        command = [sys.executable, *sys.argv, "--checkpointing", setting]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        result = json.loads(done.stdout.splitlines()[-1])
        print(f"| {setting} | {result['megabytes']:.0f} | {result['step']:.2f} |")


if __name__ == "__main__":
    main()
