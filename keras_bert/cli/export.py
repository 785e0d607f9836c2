"""`keras-bert export`: a fine-tuned model becomes a SavedModel that takes strings."""

import argparse
import json

HELP = "export a fine-tuned model as a SavedModel: strings in, answers out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument("directory", metavar="DIR", help="what finetune wrote")
    parser.add_argument(
        "output",
        metavar="OUT",
        help="a version folder (models/intents/3), or its parent for the next version",
    )
    parser.add_argument("--jit-compile", action="store_true", help="compile with XLA (GPU, TPU)")
    parser.add_argument("--overwrite", action="store_true", help="replace a version that is there")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exports and prints the version folder."""
    from keras_bert.models.task_presets import load_task

    task = load_task(arguments.directory)
    version = task.export(
        arguments.output, jit_compile=arguments.jit_compile, overwrite=arguments.overwrite
    )
    size = sum(file.stat().st_size for file in version.rglob("*") if file.is_file())
    if arguments.json:
        print(json.dumps({"path": str(version), "bytes": size, **task.card()}))
    else:
        print(f"{version} ({size / 1e6:.1f} MB)")
    return 0
