"""`savedmodel`: a fine-tuned task for TensorFlow Serving, strings in, answers out."""

import argparse
import json
import pathlib
from typing import Any

HELP = "a fine-tuned task for servers: strings in, answers out"
OPTIONS: dict[str, dict[str, Any]] = {
    "--jit-compile": {"action": "store_true", "help": "compile with XLA (GPU, TPU)"},
    "--whole-batches": {
        "action": "store_true",
        "help": "compute all texts of a request at once, also those of unlike lengths (GPU)",
    },
    "--dtype": {
        "choices": ("float32", "bfloat16"),
        "default": "float32",
        "help": "of weights and products (default: %(default)s); bfloat16 is half as large and "
        "faster where the processor has it, with scores that differ in the third digit",
    },
    "--int8": {
        "metavar": "FILE",
        "help": "multiply in 8-bit integers on x86 processors, in steps that fit the records of "
        "this file, some dozens like those to come: JSON lines as for --warmup",
    },
    "--warmup": {
        "metavar": "FILE",
        "help": "records that the server answers while it loads the model: JSON lines by the "
        'names of its inputs, such as {"text": "…"}',
    },
}


def export(arguments: argparse.Namespace) -> tuple[list[pathlib.Path], dict[str, Any]]:
    """Writes one version folder; the facts are the task's card."""
    from keras_bert.models.task_presets import load_task

    warmup, int8 = (
        None if path is None else read_served_records(path)
        for path in (arguments.warmup, arguments.int8)
    )
    task = load_task(arguments.directory, dtype=arguments.dtype)
    version = task.export(
        arguments.output,
        jit_compile=arguments.jit_compile,
        whole_batches=arguments.whole_batches,
        int8=int8,
        warmup=warmup,
        overwrite=arguments.overwrite,
    )
    return [version], {"path": str(version), **task.card()}


def read_served_records(path: str) -> list[dict[str, Any]]:
    """The records of a file of JSON lines; empty lines are left out.

    Raises:
        ValueError: a line that is no JSON object.
    """
    from keras_bert.data.lines import read_lines, source_name

    records = []
    for number, text in read_lines(path):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except json.JSONDecodeError as error:
            record = error
        if not isinstance(record, dict):
            raise ValueError(
                'expected a JSON object such as {"text": "…"} on line '
                f"{number} of {source_name(path)}; received {record}"
            )
        records.append(record)
    return records
