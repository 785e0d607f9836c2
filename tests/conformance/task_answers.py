"""Run as a process of its own: answers of tasks where this package's TensorFlow side is not.

    python task_answers.py served FOLDER    exported tasks, by TensorFlow alone
    python task_answers.py jax FOLDER       presets of tasks, on Keras's JAX backend

FOLDER holds a folder for each row of `task_rows.py` and `inputs.json`. Prints JSON.
"""

import json
import os
import pathlib
import sys


def served(folder: pathlib.Path) -> dict:
    """What `serving_default` of every exported task answers."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401

    answers = {}
    for name, inputs in json.loads((folder / "inputs.json").read_text("utf-8")).items():
        loaded = tf.saved_model.load(str(folder / name / "1"))
        signature = loaded.signatures["serving_default"]
        specs = signature.structured_input_signature[1]
        tensors = {key: tf.constant(value, specs[key].dtype) for key, value in inputs.items()}
        answers[name] = {key: plain(value.numpy()) for key, value in signature(**tensors).items()}
    assert not [name for name in sys.modules if name.startswith("keras_bert")]
    return answers


def jax(folder: pathlib.Path) -> dict:
    """What every task's `predict` answers, loaded from its preset."""
    import task_rows

    from keras_bert.models import load_task

    return {
        name: {
            key: plain(value)
            for key, value in load_task(folder / name).predict(row.asked, verbose=0).items()
        }
        for name, row in task_rows.ROWS.items()
    }


def plain(array):
    """An array as JSON takes it."""
    if array.dtype.kind == "O":
        return [plain(x) for x in array] if array.ndim > 1 else [x.decode() for x in array]
    return array.tolist()


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    mode, path = sys.argv[1:]
    print(json.dumps({"served": served, "jax": jax}[mode](pathlib.Path(path))))
