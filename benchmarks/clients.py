"""Answers a second of an export to clients that ask at once, by threads a request and precision.

    python benchmarks/clients.py [--preset all-minilm-l6-v2] [--rounds 3]

Every client asks for one text of 128 tokens after the other, of the `embed` signature, in a
process for each number of threads; TensorFlow Serving's `--tensorflow_intra_op_parallelism`
is TensorFlow's `TF_NUM_INTRAOP_THREADS`. The rounds alternate; medians. Prints Markdown.
"""

import argparse
import concurrent.futures
import datetime
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

TEXT = " ".join(["word"] * 126)
CLIENTS = (1, 2, 4)
REQUESTS = 200


def answers_a_second(version: str) -> list[float]:
    """By the number of clients, in a process of TensorFlow alone."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  # its operations are part of the graph

    loaded = tf.saved_model.load(version)
    text = tf.constant([TEXT])

    def ask(count):
        for _ in range(count):
            loaded.signatures["embed"](text=text)["embedding"].numpy()

    ask(5)
    rates = []
    for clients in CLIENTS:
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            begun = time.perf_counter()
            list(pool.map(ask, [REQUESTS // clients] * clients))
            rates.append(REQUESTS / (time.perf_counter() - begun))
    return rates


def main() -> None:
    """Exports, asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="all-minilm-l6-v2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.child:
        print(json.dumps(answers_a_second(a.child)))
        return
    from keras_bert.models.sentence_encoder import BertSentenceEncoder

    encoder = BertSentenceEncoder.from_preset(a.preset, pooling="mean", sequence_length=128)
    ways = list(itertools.product(("float32", "int8"), ("default", "1")))
    rates: dict[tuple[str, str], list[list[float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        for precision in ("float32", "int8"):
            path = pathlib.Path(folder) / precision / "1"
            encoder.export(path, int8=[TEXT] if precision == "int8" else None)
        for _, way in itertools.product(range(a.rounds), ways):
            precision, threads = way
            variables = {} if threads == "default" else {"TF_NUM_INTRAOP_THREADS": threads}
            child = [sys.executable, __file__, "--child", str(pathlib.Path(folder, precision, "1"))]
            done = subprocess.run(
                child, env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True
            )
            rates[way].append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{datetime.date.today()}, {a.preset}, {os.cpu_count()} cores, answers a second\n")
    print("| precision | threads a request |", " | ".join(f"{n} clients" for n in CLIENTS), "|")
    print("|" + "---|" * (2 + len(CLIENTS)))
    for (precision, threads), found in rates.items():
        medians = [f"{statistics.median(column):.0f}" for column in zip(*found, strict=True)]
        print("|", " | ".join([precision, threads, *medians]), "|")


if __name__ == "__main__":
    main()
