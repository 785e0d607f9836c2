"""Measures what saves memory in training and what it costs in time, ours and the peers'.

    python benchmarks/peers/memory.py                              some eight minutes
    python benchmarks/peers/memory.py --sizes 8x256 --shape base --engines keras_bert,transformers
    python benchmarks/peers/memory.py --predictions 2560,10240 --chunks 0,256
    python benchmarks/peers/memory.py --table        write the page from stored results anew

Training steps: plain, with gradient checkpointing, with products in bfloat16, and with both,
where an engine has them. Then the masked language model's loss, whole and in chunks, by
`benchmarks/masked_lm_loss.py`. Results are kept in `benchmarks/results/memory/DATE.json`;
`memory.md` shows the newest.
"""

import argparse
import pathlib
import sys
import tempfile

import history
import prepared_files
from chunked_loss import measure_loss
from environments import pythons
from measurement import say
from memory_tables import page
from model_shapes import SHAPES
from point_measurement import measure_point
from run import add_shared, several

RESULTS = history.RESULTS.with_name("memory")
CHECKPOINTING, BFLOAT16 = {"checkpointing": True}, {"dtype": "bfloat16"}
WAYS = {
    "plain": {},
    "checkpointing": CHECKPOINTING,
    "bfloat16": BFLOAT16,
    "bfloat16, checkpointing": BFLOAT16 | CHECKPOINTING,
}
# keras-hub's backbone recomputes nothing.
WAYS_OF = {
    "keras_bert": list(WAYS),
    "keras_hub": ["plain", "bfloat16"],
    "transformers": list(WAYS),
}


def size(text: str) -> tuple[int, int]:
    """Rows and tokens of `16x128`."""
    rows, _, tokens = text.partition("x")
    if not (rows.isdigit() and tokens.isdigit() and int(rows) > 0 and int(tokens) > 2):
        raise argparse.ArgumentTypeError(f"expected ROWSxTOKENS, as 16x128; received {text!r}")
    return int(rows), int(tokens)


def parsed(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--shape", choices=list(SHAPES), default="minilm")
    option("--sizes", type=several(size), default=[(16, 128), (4, 512)], help="ROWSxTOKENS,…")
    option("--dropout", type=float, default=0.1)
    option("--engines", type=several(str, WAYS_OF), default=list(WAYS_OF))
    option("--predictions", type=several(int), default=[2560], help="of the loss; 0: none")
    option("--chunks", type=several(int), default=[0, 256, 1024], help="logits at a time; 0: all")
    option("--rounds", type=int, default=3)
    option("--seconds", type=float, default=0.2, help="of each engine's turn")
    add_shared(option, RESULTS)
    found = parser.parse_args(arguments)
    if found.rounds < 1 or found.threads < 1 or min(*found.predictions, *found.chunks, 0) < 0:
        parser.error("expected --rounds and --threads of 1 or more, other numbers of 0 or more")
    return found


def rows_of(engines: list[str]) -> dict[str, tuple[str, dict]]:
    """Each engine in each of its ways, by the row's name."""
    return {
        name if way == "plain" else f"{name}, {way}": (name, WAYS[way])
        for name in engines
        for way in WAYS_OF[name]
    }


def measure_steps(arguments):
    """An entry for each size."""
    known, rows = pythons(arguments.environments), rows_of(arguments.engines)
    common = {"job": "train", "shape": arguments.shape, "dtype": "float32"}
    common |= {"dropout": arguments.dropout, "threads": arguments.threads}
    if len(arguments.engines) < len(WAYS_OF):  # a table of its own, beside that of all engines
        common["engines"] = ", ".join(arguments.engines)
    batch, length = (max(numbers) for numbers in zip(*arguments.sizes, strict=True))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        say("writing files")
        most = common | {"batch": batch, "length": length}
        failed, _, _ = prepared_files.write(known, most, {"weights"}, folder)
        for batch, length in arguments.sizes:
            settings = common | {"batch": batch, "length": length}
            yield measure_point(
                settings, rows, {}, (folder, failed), known, arguments.rounds, arguments.seconds
            )


def measure_losses(arguments):
    """An entry for each number of predictions."""
    for number in arguments.predictions:
        if number:
            chunks = [chunk for chunk in arguments.chunks if chunk < number]
            yield measure_loss(number, chunks, arguments.rounds, arguments.threads)


def main(given=None) -> int:
    """Do what the command line says; the exit status."""
    arguments = parsed(given)
    if not arguments.table:
        for study in (measure_steps, measure_losses):
            for entry in study(arguments):
                history.add(entry, arguments.results)
    history.write_page(arguments.results, page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
