"""Fine-tunes a BERT with keras_bert on the rows of `rows.py`.

    python benchmarks/finetuning/with_keras_bert.py MODEL ROWS.json PREDICTIONS.json [--served]

The recipe is that of `with_transformers.py`. Writes a prediction a held-out row and prints
one JSON line: times are wall and processor seconds, prediction from strings to answers,
the first time with the tracing of the model's functions.
`--served` exports the task too, asks the SavedModel in a process that imports TensorFlow
and tensorflow-text alone, and prints how far its answers are from these.
`--int8` predicts once more as an export with `int8` does, in steps that fit the first rows of
training, into a file PREDICTIONS.int8.json.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

import keras
import numpy as np

from keras_bert.layers.products import computed_by
from keras_bert.models.classifier import BertClassifier
from keras_bert.models.int8_calibration import calibrated_products
from keras_bert.models.question_answerer import BertQuestionAnswerer
from keras_bert.models.regressor import BertRegressor
from keras_bert.models.role_labeler import BertRoleLabeler
from keras_bert.models.serving import serving_signatures
from keras_bert.models.token_classifier import BertTokenClassifier

SERVE = """
import json, sys
import numpy as np
import tensorflow as tf
import tensorflow_text
loaded = tf.saved_model.load(sys.argv[1])
signature = loaded.signatures["serving_default"]
inputs = json.load(open(sys.argv[2], encoding="utf-8"))
specs = signature.structured_input_signature[1]
number = len(next(iter(inputs.values())))
for start in range(0, number, 32):
    part = {k: tf.constant(v[start:start + 32], specs[k].dtype) for k, v in inputs.items()}
    answers = {k: v.numpy() for k, v in signature(**part).items()}
    print(json.dumps({k: np.char.decode(v.astype(bytes), "utf-8").tolist()
                      if v.dtype == object else v.tolist() for k, v in answers.items()}))
"""


INT8_RECORDS = 64


def column(rows: list[dict], name: str) -> list:
    """One field of all rows."""
    return [row[name] for row in rows]


def texts_of(rows: list[dict]) -> Any:
    """Texts, or pairs of texts."""
    first, second = column(rows, "text"), column(rows, "pair")
    return first if second[0] is None else (first, second)


def make(a: argparse.Namespace, kind: str, train: list[dict]) -> tuple[Any, Any, Any]:
    """The task of a kind, and functions from rows to its records and to its labels."""
    options: dict[str, Any] = {"sequence_length": a.sequence_length}
    if kind == "squad":
        may_lack = any(not row["answers"]["text"] for row in train)
        task = BertQuestionAnswerer.from_preset(
            a.model, stride=a.stride, squad_v2=may_lack, **options
        )
        pairs = lambda rows: (column(rows, "question"), column(rows, "context"))  # noqa: E731
        return task, pairs, lambda rows: column(rows, "answers")
    if kind in ("tag", "srl"):
        labels = sorted({tag for row in train for tag in row["tags"]})
        made = BertRoleLabeler if kind == "srl" else BertTokenClassifier
        options |= {"decoding": a.decoding, "label_all_tokens": not a.first_tokens}
        task = made.from_preset(a.model, labels=labels, **options)
        words = lambda rows: column(rows, "words")  # noqa: E731
        marked = lambda rows: (words(rows), column(rows, "predicate"))  # noqa: E731
        return task, marked if kind == "srl" else words, lambda rows: column(rows, "tags")
    options["pairs"] = train[0]["pair"] is not None
    if kind == "regress":
        task = BertRegressor.from_preset(a.model, **options)
        return task, texts_of, lambda rows: [float(row["label"]) for row in rows]
    task = BertClassifier.from_preset(a.model, labels=sorted({*column(train, "label")}), **options)
    return task, texts_of, lambda rows: column(rows, "label")


def predictions(task: Any, kind: str, asked: Any) -> list:
    """What `score.py` reads."""
    if kind in ("tag", "srl"):
        return task.predict_tags(asked)
    if kind == "squad" and task.spans.squad_v2:
        found = task.predict(asked, verbose=0)
        best = found["answers"][:, 0].tolist(), found["null_score_difference"].tolist()
        return [{"text": text, "null": null} for text, null in zip(*best, strict=True)]
    name = {"squad": "answer", "regress": "score"}.get(kind, "label")
    return task.predict(asked, verbose=0)[name].tolist()


def served_difference(task: Any, columns: tuple[list, ...], asked: Any) -> dict[str, Any]:
    """How many answers differ in a fresh process, and by how much each output's numbers do."""
    here = task.predict(asked, verbose=0)
    names = [spec.name for spec in task.serving_inputs]
    with tempfile.TemporaryDirectory() as folder:
        version = task.export(pathlib.Path(folder) / "task")
        inputs = pathlib.Path(folder) / "inputs.json"
        values = [[plain(value) for value in column] for column in columns]
        inputs.write_text(json.dumps(dict(zip(names, values, strict=True))), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", SERVE, str(version), str(inputs)],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    unlike, start = 0, 0
    furthest = {name: 0.0 for name, column in here.items() if column.dtype.kind == "f"}
    for line in done.stdout.splitlines():
        for name, values in json.loads(line).items():
            there = np.asarray(values)
            own = here[name][start : start + len(there)]
            own = own[tuple(slice(size) for size in there.shape)]
            if own.dtype.kind == "f":
                furthest[name] = max(furthest[name], float(np.abs(own - there).max(initial=0)))
            else:
                unlike += int((own != there).sum())
        start += len(there)
    return {"served_unlike": unlike, "served_furthest": furthest}


def served_columns(task: Any, kind: str, asked: Any) -> tuple[list, ...]:
    """The records as a server takes them: a column for each input."""
    if kind in ("tag", "srl"):  # a server takes texts
        asked = task.joined(asked)[0]
    columns = task.columns_of(asked) if hasattr(task, "columns_of") else asked
    return columns if isinstance(columns, tuple) else (columns,)


def int8_predictions(task: Any, kind: str, learnt: Any, asked: Any) -> list:
    """`predictions` with the products of an int8 export; `learnt` are records of training."""
    names = [spec.name for spec in task.serving_inputs]
    columns = [column[:INT8_RECORDS] for column in served_columns(task, kind, learnt)]
    records = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    function = serving_signatures(task, whole_batches=True)["serving_default"]
    way, _ = calibrated_products(function, records, [])
    with computed_by(way):
        task.make_predict_function(force=True)
        return predictions(task, kind, asked)


def plain(value: Any) -> Any:
    """Bytes as text."""
    return value.decode("utf-8") if isinstance(value, bytes) else value


def main() -> None:
    """Fine-tunes, predicts and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a preset's name or a folder")
    parser.add_argument("rows")
    parser.add_argument("predictions")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--sequence-length", type=int, default=128)
    parser.add_argument("--stride", type=int, default=128)
    parser.add_argument("--decoding", choices=("argmax", "viterbi"), default="viterbi")
    parser.add_argument("--first-tokens", action="store_true", help="learn no others of a word")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--served", action="store_true")
    parser.add_argument("--int8", action="store_true")
    a = parser.parse_args()
    content = json.loads(pathlib.Path(a.rows).read_text(encoding="utf-8"))
    kind, train, test = content["kind"], content["train"], content["test"]
    keras.utils.set_random_seed(a.seed)
    task, records, labels = make(a, kind, train)
    started = time.monotonic(), time.process_time()
    recipe = {"epochs": a.epochs, "batch_size": a.batch_size}
    batches = task.batches(
        records(train), labels(train), batch_size=a.batch_size, shuffle=True, seed=a.seed
    )
    task.compile_for(batches.records, **recipe, learning_rate=a.learning_rate)
    task.fit(batches, **recipe, verbose=2)
    trained = time.monotonic(), time.process_time()
    predictions(task, kind, records(test))
    traced = time.monotonic(), time.process_time()
    found = predictions(task, kind, records(test))
    ended = time.monotonic(), time.process_time()
    pathlib.Path(a.predictions).write_text(json.dumps(found), encoding="utf-8")
    facts: dict[str, Any] = {
        "train_seconds": [round(trained[i] - started[i], 1) for i in (0, 1)],
        "first_call": [round(traced[i] - trained[i], 2) for i in (0, 1)],
        "seconds_per_1000": [round(1000 * (ended[i] - traced[i]) / len(test), 2) for i in (0, 1)],
    }
    if a.served:
        asked = records(test)
        facts |= served_difference(task, served_columns(task, kind, asked), asked)
    if a.int8:
        found = int8_predictions(task, kind, records(train), records(test))
        path = pathlib.Path(a.predictions).with_suffix(".int8.json")
        path.write_text(json.dumps(found), encoding="utf-8")
    print(json.dumps({"engine": "keras_bert", **vars(a), **facts}))


if __name__ == "__main__":
    main()
