"""Writes the texts of a `texts` job, and how many real tokens they have.

    write_texts.py '{"file": … or null, "column": …, "folder": …, "length": …, "count": …}'

Without a file they are paragraphs of the documentation strings of Python's library.
`texts.json` is a list of strings, `texts_facts.json` has `count` and `tokens`: those that are
left of each text at `length`, `[CLS]` and `[SEP]` included; `reference.json` becomes the
vector of the first. Texts are a sample of `count` in
the order of the file, or all with 0.
"""

import json
import pathlib
import sys

import numpy as np
from write_own_files import write_reference

from keras_bert.data.records import read_records
from keras_bert.text.preprocessor import BertPreprocessor

BENCHMARKS = pathlib.Path(__file__).parents[2]


def library_paragraphs():
    """Paragraphs of documentation strings, as `benchmarks/library_text.py` gives them."""
    sys.path.insert(0, str(BENCHMARKS))
    from library_text import library_text

    with library_text() as path:
        lines = pathlib.Path(path).read_text("utf-8").splitlines()
    return [line for line in lines if line.strip()]


def chosen(texts, count):
    """Of all texts a random sample, in their order."""
    if not count or count >= len(texts):
        return texts
    numbers = np.random.default_rng(0).choice(len(texts), count, replace=False)
    return [texts[number] for number in sorted(numbers)]


def main():
    """Write both files."""
    settings = json.loads(sys.argv[1])
    folder, path = pathlib.Path(settings["folder"]), settings["file"]
    if path:
        column = settings["column"]
        column = int(column) if column and column.isdigit() else column
        texts = read_records(path, text_column=column, require_labels=False).texts
    else:
        texts = library_paragraphs()
    texts = chosen(texts, settings["count"])
    write_reference(folder, texts[0], settings["length"])
    preprocessor = BertPreprocessor.from_preset(
        folder / "weights", sequence_length=settings["length"]
    )
    parts = (texts[i : i + 1000] for i in range(0, len(texts), 1000))
    tokens = sum(int(preprocessor(part)["input_mask"].numpy().sum()) for part in parts)
    facts = {"count": len(texts), "tokens": tokens}
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
    (folder / "texts_facts.json").write_text(json.dumps(facts), "utf-8")


if __name__ == "__main__":
    main()
