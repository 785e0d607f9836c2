"""Asks transformers, in whichever Python has it with torch."""

import atexit
import functools
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

WORKER = pathlib.Path(__file__).with_name("transformers_worker.py")
PYTHON_VARIABLE = "KERAS_BERT_TRANSFORMERS_PYTHON"
THEIR_NAMES = {
    "input_word_ids": "input_ids",
    "input_mask": "attention_mask",
    "input_type_ids": "token_type_ids",
}


def oracle_python() -> str | None:
    """The interpreter to ask: the variable's, else this one if it has both packages."""
    if os.environ.get(PYTHON_VARIABLE):
        return os.environ[PYTHON_VARIABLE]
    here = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))
    return sys.executable if here else None


@functools.cache
def _worker():
    worker = subprocess.Popen(
        [oracle_python(), str(WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(worker.communicate)  # closes its input, at which it ends
    return worker


def ask(**order):
    """Does what `transformers_worker` describes and returns its answer."""
    worker = _worker()
    worker.stdin.write(json.dumps(order, default=str) + "\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


def run(folder, model_class, features, scratch):
    """What a class of transformers computes from the dict of three, and its loading report."""
    arrays = {THEIR_NAMES[name]: np.asarray(value) for name, value in features.items()}
    np.savez(scratch / "features.npz", **arrays)
    report = ask(
        **{"do": "run", "folder": folder, "class": model_class},
        features=scratch / "features.npz",
        outputs=scratch / "outputs.npz",
    )
    return dict(np.load(scratch / "outputs.npz")), report
