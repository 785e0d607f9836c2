"""`hub`: an encoder and its preprocessing as modules of TF Hub's text API."""

import argparse
import os
import pathlib
from typing import Any

from keras_bert.cli.record_arguments import positive

HELP = "modules for TF Hub: OUT/NAME_encoder/1 and OUT/NAME_preprocess/1"
OPTIONS: dict[str, dict[str, Any]] = {
    "--name": {"help": "NAME; the last part of DIR by default"},
    "--sequence-length": {
        "type": positive,
        "metavar": "N",
        "help": "tokens that the preprocessing gives for a text; the model's own, or 128",
    },
    "--module-version": {
        "type": positive,
        "metavar": "N",
        "help": "the modules' version; the next one that is free by default",
    },
}


def export(arguments: argparse.Namespace) -> tuple[list[pathlib.Path], dict[str, Any]]:
    """Writes both modules."""
    from keras_bert.models.hub_modules import export_hub_modules

    name = arguments.name or os.path.basename(os.path.abspath(arguments.directory))
    modules = export_hub_modules(
        arguments.directory,
        arguments.output,
        name=name,
        sequence_length=arguments.sequence_length,
        version=arguments.module_version,
        overwrite=arguments.overwrite,
    )
    return [*modules], {part: str(folder) for part, folder in modules._asdict().items()}
