"""Reads labelled files of every kind of task into one JSON file, with a part held out.

    python benchmarks/finetuning/rows.py KIND OUT.json FILE [FILE …]

Both engines then learn from the same rows and are scored on the same ones. Rows of one
passage stay on one side of the split. Files after `--also` are held out whole, to score a
model on text of another kind; their rows name their file in `part`. Kinds and their rows:

- classify, regress: `text`, `pair` (or null), `label`
- tag: `words`, `tags`
- srl: `words`, `predicate` (its position), `tags`
- squad: `id`, `question`, `context`, `answers` (`text` and `answer_start`, lists)

Standard library alone.
"""

import argparse
import csv
import gzip
import json
import pathlib
import random
from collections.abc import Iterator


def lines_of(path: str) -> Iterator[str]:
    """Lines of a plain or gzipped UTF-8 file."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        yield from (line.rstrip("\r\n") for line in lines)


def table_rows(path: str, columns: list[str], header: bool) -> Iterator[dict]:
    """Rows of a TSV (without quoting) or CSV: text, pair and label by name or position."""
    lines = lines_of(path)
    table = csv.reader(lines) if ".csv" in path else (line.split("\t") for line in lines)
    names = next(table) if header else []
    places = [names.index(c) if c in names else int(c) for c in columns]
    for cells in table:
        text, *pair, label = (cells[place] for place in places)
        yield {"group": None, "text": text, "pair": pair[0] if pair else None, "label": label}


def tagged_rows(path: str, word: int, tag: int) -> Iterator[dict]:
    """Sentences of a column file, a blank line after each."""
    words, tags = [], []
    for line in [*lines_of(path), ""]:
        if line.startswith("# "):
            continue
        cells = line.replace(" ", "\t").split("\t") if line.strip() else []
        if cells:
            words.append(cells[word])
            tags.append(cells[tag])
        elif words:
            yield {"group": None, "words": words, "tags": tags}
            words, tags = [], []


def role_rows(path: str) -> Iterator[dict]:
    """A row for each predicate of sentences in JSON lines."""
    for line in lines_of(path):
        sentence = json.loads(line)
        for predicate in sentence["predicates"]:
            yield {
                "group": sentence["id"],
                "words": sentence["words"],
                "predicate": predicate["index"],
                "tags": predicate["tags"],
            }


def squad_rows(path: str) -> Iterator[dict]:
    """A row for each question of a SQuAD file; the passage is the group."""
    for article in json.loads("\n".join(lines_of(path)))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                answers = question.get("answers") or []
                yield {
                    "group": paragraph["context"],
                    "id": str(question["id"]),
                    "question": question["question"],
                    "context": paragraph["context"],
                    "answers": {
                        "text": [answer["text"] for answer in answers],
                        "answer_start": [answer["answer_start"] for answer in answers],
                    },
                }


def split(rows: list[dict], held_out: float) -> tuple[list[dict], list[dict]]:
    """Shuffles groups by a fixed seed; the first part of them is held out."""
    groups: dict = {}
    for number, row in enumerate(rows):
        groups.setdefault(number if row["group"] is None else row["group"], []).append(row)
    keys = list(groups)
    random.Random(7).shuffle(keys)
    cut = int(len(keys) * held_out)
    parts = ([row for key in part for row in groups[key]] for part in (keys[cut:], keys[:cut]))
    train, test = (
        [{k: v for k, v in row.items() if k != "group"} for row in part] for part in parts
    )
    return train, test


def main() -> None:
    """Reads, splits and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=("classify", "regress", "tag", "srl", "squad"))
    parser.add_argument("out")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--columns", nargs="+", help="text, pair if any, label; or word, tag")
    parser.add_argument("--header", action="store_true")
    parser.add_argument("--held-out", type=float, default=0.1)
    parser.add_argument("--train-limit", type=int, help="keep so many training rows")
    parser.add_argument("--test-limit", type=int, help="keep so many held-out rows of a part")
    parser.add_argument("--also", nargs="+", default=[], help="more files, held out whole")
    a = parser.parse_args()
    read = {
        "tag": lambda path: tagged_rows(path, *map(int, a.columns)),
        "srl": role_rows,
        "squad": squad_rows,
    }.get(a.kind, lambda path: table_rows(path, a.columns, a.header))
    train, test = split([row for path in a.files for row in read(path)], a.held_out)
    train, test = train[: a.train_limit], test[: a.test_limit]
    for path in a.also:
        _, others = split(list(read(path)), 1.0)
        part = pathlib.Path(path).name.partition(".")[0]
        test += [{"part": part, **row} for row in others[: a.test_limit]]
    content = {"kind": a.kind, "train": train, "test": test}
    pathlib.Path(a.out).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    print(json.dumps({"out": a.out, "train": len(train), "test": len(test)}))


if __name__ == "__main__":
    main()
