"""`huggingface`: a folder that transformers, and of encoders sentence-transformers, loads."""

import argparse
import pathlib
from typing import Any

HELP = "safetensors, configuration and tokenizer for transformers and sentence-transformers"
OPTIONS: dict[str, dict[str, Any]] = {}


def export(arguments: argparse.Namespace) -> tuple[list[pathlib.Path], dict[str, Any]]:
    """Writes one folder; the facts are the class that loads it, its heads and its labels."""
    from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
    from keras_bert.checkpoints.huggingface import architecture_of
    from keras_bert.presets import resolve_preset

    checkpoint = read_checkpoint(resolve_preset(arguments.directory))
    folder = write_checkpoint(
        checkpoint, arguments.output, "huggingface", overwrite=arguments.overwrite
    )
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    return [folder], {
        "path": str(folder),
        "architecture": architecture_of(checkpoint),
        "sentence_transformers": "modules.json" in files,
        "heads": list(checkpoint.heads),
        "labels": checkpoint.labels,
    }
