"""Records what seqeval finds in random tags, as a golden file.

Run with seqeval installed, from the repository's root:
    python tests/golden/record_seqeval.py
It writes `seqeval.json` beside this file: `sentences` of random tags, most of them
ill-formed, each with the entities [type, first word, last word] of the default mode and of
the strict mode of each scheme that has the prefixes; and `reports`, the scores of random
predictions (rows of precision, recall, f1, support). Recorded with seqeval 1.2.2.
"""

import json
import math
import pathlib
import random
import warnings

from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_scores
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, Entities

HERE = pathlib.Path(__file__).parent
TYPES = ("PER", "LOC", "R-ARG0")
SCHEMES = {"IOB1": (IOB1, "BI"), "IOB2": (IOB2, "BI"), "BIOES": (IOBES, "BIES")}
SCHEMES["BILOU"] = (BILOU, "BILU")


def random_tags(draw: random.Random, prefixes: str, length: int) -> list[str]:
    """Tags that often go on with the type before them, as real ones do."""
    tags, type = [], draw.choice(TYPES)
    for _ in range(length):
        type = draw.choice(TYPES) if draw.random() < 0.35 else type
        tags.append("O" if draw.random() < 0.3 else f"{draw.choice(prefixes)}-{type}")
    return tags


def entities(tags: list[str], prefixes: str) -> dict[str, list]:
    """Entities by mode."""
    found = {
        name: [[e.tag, e.start, e.end - 1] for e in Entities([tags], scheme).entities[0]]
        for name, (scheme, letters) in SCHEMES.items()
        if set(prefixes) <= set(letters)
    }
    if "U" not in prefixes:  # the default mode knows BIES alone
        found["default"] = [list(entity) for entity in get_entities(tags)]
    return found


def scores(truth: list, predicted: list, scheme_name: str | None) -> dict[str, list]:
    """Rows of precision, recall, f1, support: one a type, and the averages."""
    rows = {}
    for average in (None, "micro", "macro", "weighted"):
        if scheme_name:
            scheme = SCHEMES[scheme_name][0]
            columns = strict_scores(truth, predicted, average=average, scheme=scheme)
        else:
            columns = precision_recall_fscore_support(truth, predicted, average=average)
        if average is None:
            rows["types"] = [[float(c) for c in row] for row in zip(*columns, strict=True)]
        else:  # the mean over no types at all is not a number
            rows[average] = [None if math.isnan(column) else float(column) for column in columns]
    return rows


def report(draw: random.Random, scheme_name: str | None, size: int) -> dict:
    """Random sentences, predictions that agree with them in part, and their scores."""
    prefixes = SCHEMES[scheme_name][1] if scheme_name else "BIES"
    truth = [random_tags(draw, prefixes, draw.randint(1, 9)) for _ in range(size)]
    predicted = [
        [tag if draw.random() < 0.8 else random_tags(draw, prefixes, 1)[0] for tag in tags]
        for tags in truth
    ]
    joined = [[" ".join(tags) for tags in part] for part in (truth, predicted)]
    return {
        "scheme": scheme_name,
        "truth": joined[0],
        "predicted": joined[1],
        "scores": scores(truth, predicted, scheme_name),
    }


def main() -> None:
    """Records the file."""
    warnings.simplefilter("ignore")
    draw = random.Random(5)
    sentences = []
    for prefixes in ("BI", "BIES", "BILU"):
        for _ in range(150):
            tags = random_tags(draw, prefixes, draw.randint(1, 11))
            sentences.append({"tags": " ".join(tags), "entities": entities(tags, prefixes)})
    reports = [report(draw, name, size) for name in (None, *SCHEMES) for size in (1, 3, 40)]
    nothing = {"scheme": None, "truth": ["O O"], "predicted": ["O O"]}
    nothing["scores"] = scores([["O", "O"]], [["O", "O"]], None)
    data = {"sentences": sentences, "reports": [*reports, nothing]}
    rows = ",\n".join(json.dumps(row) for row in data["sentences"])
    tables = ",\n".join(json.dumps(row) for row in data["reports"])
    text = f'{{"sentences": [\n{rows}\n], "reports": [\n{tables}\n]}}\n'
    (HERE / "seqeval.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
