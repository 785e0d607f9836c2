"""`keras-bert inspect`: what a checkpoint folder holds.

Not named after its verb: a module `inspect` would stand before the standard library's
for a script that runs in this folder.
"""

import argparse
import json

HELP = "print the configuration, parameters, vocabulary, heads and names of a checkpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument(
        "directory",
        metavar="DIR",
        help="a folder in Google's, Hugging Face's or keras_bert's format, or a preset's name",
    )
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Prints the table, or the same as JSON with every layer's arrays."""
    from keras_bert.checkpoints.formats import detect_format, read_checkpoint
    from keras_bert.checkpoints.summary import describe, summarise
    from keras_bert.presets import resolve_preset

    folder = resolve_preset(arguments.directory)
    format = detect_format(folder)
    checkpoint = read_checkpoint(folder, format)
    if arguments.json:
        facts = {"folder": str(folder), "format": format, **summarise(checkpoint)}
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(f"{folder} ({format})\n\n{describe(checkpoint)}")
    return 0
