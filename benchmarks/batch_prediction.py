"""Records a second of `keras-bert batch-predict` beside `keras-bert predict`, the same texts.

    python benchmarks/batch_prediction.py [--texts 40000] [--processes 2]

The texts are the library intents of examples/, over and over, some of them joined so that
lengths differ. Times are of whole commands, with and without the start of a process: each is
timed for few texts too, and the difference is what a text costs.
"""

import argparse
import datetime
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[1]
COMMAND = str(pathlib.Path(sys.executable).with_name("keras-bert"))
FEW = 64


def write_texts(path, number):
    """Texts of one to five questions each."""
    rows = (ROOT / "examples/intents/train.tsv").read_text("utf-8").splitlines()[1:]
    texts = [row.split("\t")[0] for row in rows]
    lines = (
        " and ".join(texts[(n * 7 + k * 13) % len(texts)] for k in range(1 + n % 5))
        for n in range(number)
    )
    path.write_text("\n".join(lines) + "\n", "utf-8")


def seconds(*arguments):
    """Of a whole command."""
    started = time.monotonic()
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [COMMAND, *map(str, arguments)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=40_000)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    entry = ROOT / "savedmodels/library_intents"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_texts(folder / "few.txt", FEW)
        write_texts(folder / "many.txt", arguments.texts)

        def predict(file):
            return seconds("predict", entry / "source", file, "--out", folder / "answers.jsonl")

        def batch(file, processes):
            out = folder / f"{file.stem}-{processes}"
            options = ["--processes", processes, "--block-lines", arguments.texts // 8]
            return seconds("batch-predict", entry / "1", file, "--out", out, *options)

        cases = {"predict": predict, "batch-predict": lambda file: batch(file, 1)}
        several = arguments.processes
        if several > 1:
            cases[f"batch-predict --processes {several}"] = lambda file: batch(file, several)
        print(f"{datetime.date.today()}, {arguments.texts} texts, {os.cpu_count()} cores\n")
        print("| command | start, s | all, s | texts/s, all | texts/s, without the start |")
        print("|---|---|---|---|---|")
        for label, run in cases.items():
            start, whole = run(folder / "few.txt"), run(folder / "many.txt")
            rate = (arguments.texts - FEW) / max(whole - start, 1e-9)
            print(
                f"| `{label}` | {start:.1f} | {whole:.1f} | {arguments.texts / whole:,.0f} "
                f"| {rate:,.0f} |"
            )


if __name__ == "__main__":
    main()
