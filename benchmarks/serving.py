"""What a server loads: operations, size, and times of loading and of the first answers.

    python benchmarks/serving.py [--preset all-minilm-l6-v2] [TASK ...]

Every task is exported twice, with warm-up records and without. A process that has TensorFlow
imported and has run nothing loads an export, does its warm-up as a server does, and asks
`serving_default` six times for one record. Prints Markdown.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow_text  # noqa: F401  # its operations are part of the graph

QUESTION, TEXT = "who opened the library", "The library was opened by the queen, in the old town."
LABELS = ["fees", "hours"]
# Task → settings, and a record by the names of its inputs.
TASKS = {
    "BertClassifier": ({"labels": LABELS}, {"text": TEXT}),
    "BertRegressor": ({}, {"text": TEXT}),
    "BertSentenceEncoder": ({}, {"text": TEXT}),
    "BertMaskedLM": ({}, {"text": "the [MASK] was opened by the queen"}),
    "BertTokenClassifier": ({"labels": ["PER", "LOC"]}, {"text": TEXT}),
    "BertRoleLabeler": (
        {"labels": ["ARG0", "ARG1"]},
        {"text": TEXT, "predicate_start": 16, "predicate_end": 22},
    ),
    "BertQuestionAnswerer": ({}, {"question": QUESTION, "context": TEXT}),
    "BertMultipleChoice": ({}, {"context": TEXT, "choices": ["A queen did.", "It rained."]}),
    "BertMultiTask": (
        {"heads": {"topic": {"task": "classify", "labels": LABELS}, "worth": {"task": "regress"}}},
        {"text": TEXT},
    ),
    "BertPretrainer": ({}, {"text": TEXT, "text_pair": QUESTION}),
}


def in_child(function, *arguments):
    """What a function returns, run in a process of its own that is forked from this one."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(send, "w") as stream:
            json.dump(function(*arguments), stream)
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as stream:
        content = stream.read()
    if os.waitpid(child, 0)[1]:
        raise RuntimeError(f"expected an answer of {function.__name__}; the process died")
    return json.loads(content)


def export(name: str, preset: str, folder: str) -> dict:
    """Exports a task into `FOLDER/cold/1` and `FOLDER/warm/1`; facts about the export."""
    import importlib

    from keras_bert.export.serving_operations import graph_operations
    from keras_bert.models.task_presets import TASKS as CLASSES

    settings, record = TASKS[name]
    task = getattr(importlib.import_module(CLASSES[name]), name)
    task = task.from_preset(preset, sequence_length=128, **settings)
    version = task.export(pathlib.Path(folder) / "cold" / "1")
    task.export(pathlib.Path(folder) / "warm" / "1", warmup=[record])
    signatures = sorted(tf.saved_model.load(version).signatures)
    size = {path.name: path.stat().st_size for path in version.rglob("*") if path.is_file()}
    return {
        "operations": sorted(graph_operations(version)),
        "signatures": signatures,
        "graph": size["saved_model.pb"],
        "bytes": sum(size.values()),
    }


def ask(name: str, folder: str) -> list[float]:
    """Seconds: to load, to warm up, to the first answer, to later ones (median)."""
    from keras_bert.export.warmup import replay_warmup

    begin = time.perf_counter()
    loaded = tf.saved_model.load(folder)
    serve = loaded.signatures["serving_default"]
    times = [time.perf_counter() - begin]
    begin = time.perf_counter()
    replay_warmup(folder, loaded)
    times.append(time.perf_counter() - begin)
    specs = serve.structured_input_signature[1]
    tensors = {key: tf.constant([x], specs[key].dtype) for key, x in TASKS[name][1].items()}
    answers = []
    for _ in range(6):
        begin = time.perf_counter()
        serve(**tensors)
        answers.append(time.perf_counter() - begin)
    return [*times, answers[0], statistics.median(answers[1:])]


def main() -> None:
    """Measures the tasks that are named, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--preset", default="all-minilm-l6-v2")
    parser.add_argument("tasks", nargs="*", default=list(TASKS))
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {options.preset}, TensorFlow {tf.__version__}\n")
    print(
        "| task | signatures | operations | graph MB | all MB | load s | first ms | later ms ",
        end="",
    )
    print("| warm-up s | first ms after it |\n|---|---|---|---|---|---|---|---|---|---|")
    operations = {}
    for name in options.tasks:
        with tempfile.TemporaryDirectory() as folder:
            facts = in_child(export, name, options.preset, folder)
            load, _, first, later = in_child(ask, name, f"{folder}/cold/1")
            _, warmup, first_warm, _ = in_child(ask, name, f"{folder}/warm/1")
        operations[name] = set(facts["operations"])
        sizes = f"{facts['graph'] / 1e6:.1f} | {facts['bytes'] / 1e6:.1f}"
        print(
            f"| {name} | {len(facts['signatures'])} | {len(operations[name])} | {sizes} "
            f"| {load:.1f} | {first * 1e3:.0f} | {later * 1e3:.0f} | {warmup:.1f} "
            f"| {first_warm * 1e3:.0f} |",
            flush=True,
        )
    common = set.intersection(*operations.values())
    print(f"\nOperations of every graph: {', '.join(sorted(common))}.\n\nBeside them:\n")
    for name, found in operations.items():
        print(f"- {name}: {', '.join(sorted(found - common)) or 'none'}.")


if __name__ == "__main__":
    main()
