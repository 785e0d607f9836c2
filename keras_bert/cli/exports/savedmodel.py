"""`savedmodel`: a fine-tuned task for TensorFlow Serving, strings in, answers out."""

import argparse
import pathlib
from typing import Any

HELP = "a fine-tuned task for servers: strings in, answers out"
OPTIONS: dict[str, dict[str, Any]] = {
    "--jit-compile": {"action": "store_true", "help": "compile with XLA (GPU, TPU)"},
}


def export(arguments: argparse.Namespace) -> tuple[list[pathlib.Path], dict[str, Any]]:
    """Writes one version folder; the facts are the task's card."""
    from keras_bert.models.task_presets import load_task

    task = load_task(arguments.directory)
    version = task.export(
        arguments.output, jit_compile=arguments.jit_compile, overwrite=arguments.overwrite
    )
    return [version], {"path": str(version), **task.card()}
