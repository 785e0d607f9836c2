"""Exports of every task in the TensorFlow and TensorFlow Text that TensorFlow Serving carries.

Needs the Python of an environment with tensorflow-cpu 2.12.1 and tensorflow-text 2.12.1, which
KERAS_BERT_OLDER_TENSORFLOW_PYTHON names: Serving 2.13 to 2.19 link that release of TensorFlow
Text. The models of savedmodels/ are asked there too.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))
OLDER = os.environ.get("KERAS_BERT_OLDER_TENSORFLOW_PYTHON")
pytestmark = pytest.mark.skipif(not OLDER, reason="KERAS_BERT_OLDER_TENSORFLOW_PYTHON is not set")

ASK = """
import json, sys
import tensorflow as tf, tensorflow_text

def plain(array):
    if array.dtype.kind != "O":
        return array.tolist()
    return [plain(x) if array.ndim > 1 else x.decode() for x in array]

answers = []
for path, inputs in json.load(sys.stdin):
    loaded = tf.saved_model.load(path)
    signature = loaded.signatures["serving_default"]
    specs = signature.structured_input_signature[1]
    found = signature(**{key: tf.constant(x, specs[key].dtype) for key, x in inputs.items()})
    answers.append({key: plain(value.numpy()) for key, value in found.items()})
print(json.dumps({"version": tf.__version__, "answers": answers}))
"""


def ask(models: list) -> list[dict]:
    """What older TensorFlow answers to `(version folder, inputs)`."""
    done = subprocess.run(
        [OLDER, "-c", ASK],
        input=json.dumps([(str(path), inputs) for path, inputs in models]),
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert tuple(map(int, result["version"].split(".")[:2])) < (2, 14), result["version"]
    return result["answers"]


def greatest_difference(found: dict, expected: dict) -> float:
    """Of the floats; anything else has to be equal."""
    assert found.keys() == expected.keys()
    distances = [0.0]
    for key, column in expected.items():
        column = np.asarray(column)
        if column.dtype.kind == "f":
            distances.append(float(np.max(np.abs(np.array(found[key]) - column), initial=0)))
        else:
            np.testing.assert_array_equal(found[key], column, err_msg=key)
    return max(distances)


def test_every_task(tmp_path):
    import task_rows

    models, expected = [], []
    for name, row in task_rows.ROWS.items():
        task = row.make(*task_rows.parts())
        models.append((task.export(tmp_path / name / "1"), row.served))
        expected.append(task.predict(row.asked, verbose=0))
    distances = map(greatest_difference, ask(models), expected)
    found = dict(zip(task_rows.ROWS, distances, strict=True))
    print(found)
    assert max(found.values()) <= 1e-5


def test_kept_models():
    entries = [path.parent for path in (ROOT / "savedmodels").glob("*/golden.json")]
    golden = [json.loads((entry / "golden.json").read_text("utf-8")) for entry in entries]
    inputs = [each["inputs"]["serving_default"] for each in golden]
    found = ask([(entry / "1", each) for entry, each in zip(entries, inputs, strict=True)])
    for answers, each in zip(found, golden, strict=True):
        assert greatest_difference(answers, each["answers"]["serving_default"]) <= 1e-5
