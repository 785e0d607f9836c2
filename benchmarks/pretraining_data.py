"""Pretraining data: megabytes a second, peak memory and statistics of the records.

    python benchmarks/pretraining_data.py CORPUS --vocab vocab.txt --megabytes 1 10
    … --tf-models PYTHON     # the same text through tf-models-official's script, in that Python

Each run is a process of its own, whose peak memory the system tells. Both read the same
first megabytes of the corpus, cut between documents, and write the same number of copies.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from library_text import library_text

from keras_bert.data.corpus import read_documents
from keras_bert.data.pretraining_records import read_pretraining_records
from keras_bert.presets import resolve_preset

RECIPE = {"sequence_length": 128, "predictions": 20, "dupe_factor": 2}


def parse():
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", help="Python's own docstrings if not given")
    parser.add_argument("--vocab", help="that of all-MiniLM-L6-v2 if not given")
    parser.add_argument("--megabytes", type=float, nargs="+", default=[0.3, 1.5])
    parser.add_argument("--processes", type=int, nargs="+", default=[1])
    parser.add_argument("--block-megabytes", type=float, default=2.0)
    parser.add_argument("--tf-models", metavar="PYTHON")
    parser.add_argument("--tf-models-up-to", type=float, default=3.0, metavar="MEGABYTES")
    return parser.parse_args()


def first_part(corpus, path, megabytes):
    """Whole documents of about so much text."""
    size = 0
    with open(path, "w", encoding="utf-8") as stream:
        for document in read_documents([corpus]):
            size += stream.write("\n".join(document.lines) + "\n\n")
            if size >= megabytes * 1e6:
                break
    return os.path.getsize(path) / 1e6


def measured(command):
    """Seconds of the wall, seconds of the processor, and peak memory in GB of one process."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    words = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed: {words.decode()[-1000:]}")
    wall = time.monotonic() - started
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def our_command(corpus, out, options, processes):
    """`keras-bert pretrain-data`."""
    return [
        *(sys.executable, "-m", "keras_bert", "pretrain-data", str(corpus), "--out", str(out)),
        *("--vocab", options.vocab, "--sequence-length", str(RECIPE["sequence_length"])),
        *("--max-predictions", str(RECIPE["predictions"])),
        *("--dupe-factor", str(RECIPE["dupe_factor"]), "--processes", str(processes)),
        *("--block-megabytes", str(options.block_megabytes)),
    ]


def their_command(corpus, out, options):
    """The Model Garden's script, with the same recipe."""
    out.mkdir()
    return [
        *(options.tf_models, "-m", "official.nlp.data.create_pretraining_data"),
        *(f"--input_file={corpus}", f"--output_file={out}/pretraining-00000.tfrecord"),
        *(f"--vocab_file={options.vocab}", "--do_lower_case=True"),
        f"--max_seq_length={RECIPE['sequence_length']}",
        f"--max_predictions_per_seq={RECIPE['predictions']}",
        f"--dupe_factor={RECIPE['dupe_factor']}",
    ]


def statistics(folder):
    """What the records of a folder are like."""
    totals, lengths = collections.Counter(), []
    for batch in read_pretraining_records(folder, 1024, shuffle=False):
        batch = {name: np.asarray(value) for name, value in batch.items()}
        used = batch["input_mask"].sum(1)
        lengths.append(used)
        totals["records"] += len(used)
        totals["predictions"] += int(batch["masked_lm_weights"].sum())
        totals["not next"] += int(batch["next_sentence_labels"].sum())
        totals["second"] += int(batch["input_type_ids"].sum())
    lengths = np.concatenate(lengths)
    records, tokens = totals["records"], int(lengths.sum())
    return {
        "records": records,
        "tokens": tokens,
        "predicted %": round(100 * totals["predictions"] / tokens, 3),
        "not next %": round(100 * totals["not next"] / records, 2),
        "in B %": round(100 * totals["second"] / tokens, 2),
        "mean length": round(float(lengths.mean()), 2),
        "full %": round(100 * float((lengths == RECIPE["sequence_length"]).mean()), 2),
        "under 64 %": round(100 * float((lengths < 64).mean()), 2),
    }


def main():
    """Prints a JSON line for each run."""
    options = parse()
    options.vocab = options.vocab or str(resolve_preset("all-minilm-l6-v2") / "vocab.txt")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    given = contextlib.nullcontext(options.corpus) if options.corpus else library_text()
    with tempfile.TemporaryDirectory() as temporary, given as corpus:
        place = pathlib.Path(temporary)
        for wanted in options.megabytes:
            size = first_part(corpus, place / "corpus.txt", wanted)
            runs = {
                f"keras-bert, {n} processes": our_command(
                    place / "corpus.txt", place / f"ours-{wanted}-{n}", options, n
                )
                for n in options.processes
            }
            if options.tf_models and wanted <= options.tf_models_up_to:
                out = place / f"theirs-{wanted}"
                runs["tf-models"] = their_command(place / "corpus.txt", out, options)
            for name, command in runs.items():
                wall, processor, memory = measured(command)
                row = {"what": name, "MB": round(size, 2), "seconds": round(wall, 1)}
                row |= {"processor seconds": round(processor, 1), "peak GB": round(memory, 2)}
                out = next(word for word in command if "ours-" in word or "theirs-" in word)
                folder = out.partition("=")[2].rpartition("/")[0] if "=" in out else out
                print(json.dumps(row | statistics(folder)), flush=True)


if __name__ == "__main__":
    main()
