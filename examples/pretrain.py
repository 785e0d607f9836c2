"""Pretrains a small BERT from nothing: text, vocabulary, masked records, model, answers.

    python examples/pretrain.py [CORPUS …] [--steps N] [--out DIR]

Without a corpus it reads the documentation strings of Python's own library: 1.5 MB of
English on one subject, from which 2,000 steps of a model of 2 layers make a quarter of an
hour on two cores. Started again after an interruption it goes on where it was. `--smoke`
does the same with the docstrings of a few modules in seconds.

Each step is a command of its own, which the example prints as it would be typed.
"""

import argparse
import ast
import os
import pathlib
import shlex
import sys
import sysconfig
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_bert.cli.main import main as keras_bert
from keras_bert.models import BertMaskedLM

ASKED = [
    "Return a [MASK] of strings.",
    "If the file does not [MASK], an exception is raised.",
    "The default [MASK] is None.",
    "Read at most n [MASK] from the stream.",
]
KINDS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def documentation(modules: list[pathlib.Path]) -> str:
    """Docstrings, a paragraph a line; a blank line between modules."""
    documents = []
    for path in modules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        strings = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, KINDS)]
        paragraphs = [part for string in strings if string for part in string.split("\n\n")]
        documents.append("\n".join(" ".join(part.split()) for part in paragraphs if part.strip()))
    return "\n\n".join(document for document in documents if document) + "\n"


def standard_library() -> list[pathlib.Path]:
    """The modules of Python's library, without its tests."""
    root = pathlib.Path(sysconfig.get_path("stdlib"))
    paths = [*root.glob("*.py"), *root.glob("*/*.py")]
    left_out = {"test", "tests", "idlelib", "lib2to3", "site-packages"}
    return sorted(path for path in paths if path.parent.name not in left_out)


def run(command: str) -> None:
    """Prints a `keras-bert` command and runs it."""
    print(f"$ keras-bert {command}", flush=True)
    code = keras_bert(shlex.split(command))
    if code:
        sys.exit(code)


def main() -> None:
    """Makes what is not there yet, then fills in masks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="*", help="text, a sentence or paragraph a line")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/pretrained"))
    parser.add_argument("--smoke", action="store_true", help="a few modules, a tiny model")
    arguments = parser.parse_args()
    out = arguments.out
    vocabulary, records, model = out / "vocab.txt", out / "records", out / "model"
    out.mkdir(parents=True, exist_ok=True)
    corpus = shlex.join(arguments.corpus)
    if not corpus:
        modules = standard_library()
        corpus = shlex.quote(str(out / "corpus.txt"))
        warnings.simplefilter("ignore", SyntaxWarning)  # of other people's strings
        text = documentation(modules[:12] if arguments.smoke else modules)
        (out / "corpus.txt").write_text(text, encoding="utf-8", errors="ignore")
    size, layers, width, steps = 6000, 2, 128, arguments.steps
    if arguments.smoke:
        size, layers, width, steps = 500, 1, 22, 4
    if not vocabulary.exists():
        run(f"vocab {corpus} --size {size} --unused 0 --out {shlex.quote(str(vocabulary))}")
    folder = shlex.quote(str(records))
    data = f"{corpus} --vocab {shlex.quote(str(vocabulary))} --out {folder}"
    run(f"pretrain-data {data} --no-next-sentence --whole-word --sequence-length 64")
    if not model.exists():
        run(
            f"pretrain --data {folder} --vocab {shlex.quote(str(vocabulary))} "
            f"--num-hidden-layers {layers} --hidden-size {width} --num-attention-heads 2 "
            f"--hidden-dropout-prob 0 --attention-probs-dropout-prob 0 "
            f"--steps {steps} --batch-size {8 if arguments.smoke else 64} --learning-rate 1e-3 "
            f"--checkpoint {shlex.quote(str(out / 'state'))} --out {shlex.quote(str(model))}"
        )
    task = BertMaskedLM.from_preset(model)
    for answer, text in zip(task.answer(ASKED), ASKED, strict=True):
        best = ", ".join(f"{word['word']} {word['score']:.1%}" for word in answer["masks"][0])
        print(f"{text}\n    {best}")


if __name__ == "__main__":
    main()
