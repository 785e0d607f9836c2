"""`keras-bert convert`: a checkpoint from one format to another, with all that it holds."""

import argparse
import json
import sys
import warnings

HELP = "convert a checkpoint, with heads, labels and vocabulary, to another format"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument("source", metavar="SRC", help="a checkpoint folder, or a preset's name")
    parser.add_argument("destination", metavar="DST", help="the folder to write")
    parser.add_argument(
        "--to",
        required=True,
        choices=("google", "huggingface", "tf-models", "keras"),
        help="Google's TF1 checkpoint, Hugging Face's safetensors, the TensorFlow Model "
        "Garden's checkpoint, or keras_bert's own",
    )
    parser.add_argument(
        "--from",
        dest="source_format",
        choices=("google", "huggingface", "tf-models", "hub", "keras"),
        help="the format of SRC; found out by default",
    )
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=("float32", "float16"),
        help="of the weights in DST (default: %(default)s); float16 halves a folder of "
        "huggingface or keras",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what DST holds")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Converts, and prints what was carried over."""
    from keras_bert.checkpoints.formats import detect_format, read_checkpoint, write_checkpoint
    from keras_bert.presets import resolve_preset

    folder = resolve_preset(arguments.source)
    source_format = arguments.source_format or detect_format(folder)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        checkpoint = read_checkpoint(folder, source_format)
        write_checkpoint(
            checkpoint,
            arguments.destination,
            arguments.to,
            overwrite=arguments.overwrite,
            dtype=arguments.dtype,
        )
    for note in notes:
        print(f"keras-bert convert: note: {note.message}", file=sys.stderr)
    result = {
        "path": arguments.destination,
        "from": source_format,
        "to": arguments.to,
        "arrays": len(checkpoint.arrays),
        "heads": list(checkpoint.heads),
        "labels": checkpoint.labels,
        "vocabulary_size": checkpoint.vocabulary and len(checkpoint.vocabulary),
    }
    print(json.dumps(result, ensure_ascii=False) if arguments.json else _as_text(result))
    return 0


def _as_text(result: dict) -> str:
    parts = [f"{result['arrays']} arrays", f"heads: {', '.join(result['heads']) or 'none'}"]
    if result["labels"]:
        parts.append(f"labels: {', '.join(result['labels'])}")
    size = result["vocabulary_size"]
    parts.append(f"vocabulary: {size:,} word pieces" if size else "vocabulary: none")
    return f"{result['path']} ({result['from']} to {result['to']}): {'; '.join(parts)}"
