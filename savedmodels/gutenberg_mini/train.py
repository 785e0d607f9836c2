"""Pretrains the weights of this entry: a vocabulary and a BERT, from nothing, on books.

    python savedmodels/gutenberg_mini/train.py CORPUS.txt.gz FOLDER [--smoke]

CORPUS is UTF-8 text: a paragraph a line, a blank line between chapters. FOLDER receives the
data, the state of each phase, and `source/`, the weights in float16 with vocabulary and
settings. The same command goes on after an interruption where it was. `--smoke` trains a
tiny model for a few steps.

Rows of 16 word pieces come first: on longer ones a new model of this size stands still for
thousands of steps (docs/pretraining.md). Another machine may round otherwise, and so end at
other weights.
"""

import argparse
import json
import pathlib
import sys
from typing import NamedTuple

from keras_bert.cli.main import main as keras_bert
from keras_bert.data.corpus import read_documents
from keras_bert.models import BertMaskedLM

SIZES = {
    "vocab_size": 8192,
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 1024,
    "max_position_embeddings": 64,
    "initializer_range": 0.05,
}
SMOKE = {
    "vocab_size": 331,
    "hidden_size": 22,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 26,
}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
DROPOUT = dict.fromkeys(NO_DROPOUT, 0.1)  # of fine-tuning


class Phase(NamedTuple):
    """A stretch of training on rows of one length."""

    length: int
    batch: int
    steps: int
    warmup: int
    rate: float
    passes: int  # through the text, each with other masks
    characters: int | None = None  # of the text that is used


PHASES = (
    Phase(16, 128, 6000, 300, 1e-3, passes=1, characters=23_000_000),
    Phase(64, 32, 12000, 400, 7e-4, passes=3),
)


def run(*arguments: object) -> None:
    """One command of keras-bert, which says itself what is wrong."""
    if status := keras_bert([str(argument) for argument in arguments]):
        raise SystemExit(status)


def split(corpus: pathlib.Path, folder: pathlib.Path) -> None:
    """Writes train.txt and valid.txt: of 60 chapters one is held out."""
    parts: dict[str, list[str]] = {"train": [], "valid": []}
    for number, document in enumerate(read_documents(corpus)):
        parts["valid" if number % 60 == 17 else "train"].append("\n".join(document.lines))
    if not parts["valid"]:
        raise SystemExit(
            f"expected 18 chapters or more in {corpus}; received {len(parts['train'])}"
        )
    for name, documents in parts.items():
        (folder / f"{name}.txt").write_text("\n\n".join(documents) + "\n", encoding="utf-8")


def records(folder: pathlib.Path, phase: Phase) -> pathlib.Path:
    """The rows of a phase, from both parts."""
    out = folder / f"records{phase.length}"
    for part, passes in (("valid", 1), ("train", phase.passes)):
        text = folder / f"{part}.txt"
        if phase.characters and part == "train":
            text = folder / f"train{phase.length}.txt"
            whole = (folder / "train.txt").read_text("utf-8")
            text.write_text(whole[: phase.characters], encoding="utf-8")
        run(
            *("pretrain-data", text, "--out", out / part, "--vocab", folder / "vocab.txt"),
            *("--sequence-length", phase.length, "--dupe-factor", passes),
            *("--no-next-sentence", "--cross-documents"),
        )
    return out


def train(folder: pathlib.Path, phase: Phase, before: pathlib.Path | None) -> pathlib.Path:
    """The model after a phase, which goes on from the one `before`."""
    out, data = folder / f"phase{phase.length}", records(folder, phase)
    if out.is_dir():
        return out
    start = ("--init", before) if before else ("--vocab", folder / "vocab.txt")
    config = () if before else ("--config", folder / "config.json")
    run(
        *("pretrain", "--data", data / "train", "--valid", data / "valid", *start, *config),
        *("--steps", phase.steps, "--batch-size", phase.batch, "--warmup-steps", phase.warmup),
        *("--learning-rate", phase.rate, "--beta-2", 0.98, "--dtype", "mixed_bfloat16"),
        *("--evaluate-every", min(phase.steps, 500)),
        *("--checkpoint", folder / f"state{phase.length}", "--out", out, "--json"),
    )
    return out


def main(arguments: list[str]) -> int:
    """Vocabulary, data, phases, and what is released of the last one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--smoke", action="store_true", help="a tiny model, a few steps")
    options = parser.parse_args(arguments)
    folder = options.folder
    sizes, phases = SIZES, PHASES
    if options.smoke:
        sizes = SIZES | SMOKE
        phases = tuple(p._replace(batch=4, steps=2, warmup=1, passes=1) for p in PHASES)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(sizes | NO_DROPOUT), encoding="utf-8")
    split(options.corpus, folder)
    if not (folder / "vocab.txt").exists():
        size = ("--size", sizes["vocab_size"])
        run("vocab", folder / "train.txt", *size, "--out", folder / "vocab.txt")
    model = None
    for phase in phases:
        model = train(folder, phase, model)
    task = BertMaskedLM.from_preset(model, sequence_length=64, **DROPOUT)
    task.save_to_preset(folder / "exact", overwrite=True)
    to = ("--to", "keras", "--dtype", "float16", "--overwrite")
    run("convert", folder / "exact", folder / "source", *to)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
