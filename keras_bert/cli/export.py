"""`keras-bert export`: a model becomes what other programs load, in one of several formats."""

import argparse
import importlib
import json
import pathlib
from types import ModuleType
from typing import Any

HELP = "export a model for other programs: a SavedModel for servers, and other formats"

# format → the module of `keras_bert.cli.exports` that writes it; the first is the default.
FORMATS = {
    "savedmodel": "savedmodel",
    "huggingface": "huggingface",
    "hub": "hub",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument(
        "directory",
        metavar="DIR",
        help="what finetune wrote, or a fine-tuned model of Hugging Face; for formats of an "
        "encoder any checkpoint; a folder or a preset's name",
    )
    parser.add_argument(
        "output",
        metavar="OUT",
        help="the folder to write; of savedmodel a version (models/intents/3), or its parent "
        "for the next version",
    )
    helps = "; ".join(f"{name}: {_module(name).HELP}" for name in FORMATS)
    default = next(iter(FORMATS))
    parser.add_argument(
        "--format", choices=FORMATS, default=default, help=f"{helps} (default: {default})"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(options={name: _add_options(parser, name) for name in FORMATS})


def run(arguments: argparse.Namespace) -> int:
    """Exports and prints the folders.

    Raises:
        ValueError: an option of another format.
    """
    _refuse_options_of_others(arguments)
    folders, facts = _module(arguments.format).export(arguments)
    sizes = [_size(folder) for folder in folders]
    if arguments.json:
        print(json.dumps({"bytes": sum(sizes), **facts}))
    else:
        for folder, size in zip(folders, sizes, strict=True):
            print(f"{folder} ({size / 1e6:.1f} MB)")
    return 0


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"keras_bert.cli.exports.{FORMATS[name]}")


def _add_options(parser: argparse.ArgumentParser, name: str) -> dict[str, tuple[str, Any]]:
    """The options of one format in a group of their own: flag → (attribute, default)."""
    options: dict[str, dict[str, Any]] = _module(name).OPTIONS
    group = parser.add_argument_group(f"options of --format {name}") if options else parser
    actions = {flag: group.add_argument(flag, **settings) for flag, settings in options.items()}
    return {flag: (action.dest, action.default) for flag, action in actions.items()}


def _refuse_options_of_others(arguments: argparse.Namespace) -> None:
    for name, options in arguments.options.items():
        for flag, (attribute, default) in options.items():
            if name != arguments.format and getattr(arguments, attribute) != default:
                raise ValueError(
                    f"expected {flag} with --format {name} alone; "
                    f"received --format {arguments.format}"
                )


def _size(folder: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
