"""The rows that every engine is given: full rectangles of ids, or texts; nothing but NumPy.

The files may hold longer and more rows than a measurement asks for.
"""

import json
import pathlib

import numpy as np


def texts_of_rows(settings):
    """Texts of exactly `length` tokens, a list of `batch`."""
    words = (text.split() for text in _rows(settings)["texts"][: settings["batch"]])
    return [" ".join(row[: settings["length"] - 2]) for row in words]


def ids_of_rows(settings, dtype="int64"):
    """Ids and mask of the same texts, [batch, length] each; no position is padding."""
    rows = np.array(_rows(settings)["ids"][: settings["batch"]], dtype)
    ids = np.concatenate([rows[:, : settings["length"] - 1], rows[:, -1:]], axis=1)  # [SEP] ends
    return ids, np.ones_like(ids)


def masked_positions(settings):
    """Positions int32 [batch, predictions] to predict: of each row its own, in order."""
    random = np.random.default_rng(1)
    inner, count = settings["length"] - 2, settings["predictions"]
    rows = [random.choice(inner, count, replace=False) for _ in range(settings["batch"])]
    return np.sort(np.array(rows, "int32"), axis=1) + 1


def _rows(settings):
    return json.loads((pathlib.Path(settings["folder"]) / "rows.json").read_text("utf-8"))


def given_texts(settings):
    """The texts of a `texts` job: `count` of those in the file, from all parts of it."""
    texts = json.loads((pathlib.Path(settings["folder"]) / "texts.json").read_text("utf-8"))
    count = settings["count"]
    return [texts[number * len(texts) // count] for number in range(count)]


def refuse_dtype(settings, *known):
    """Raise a ValueError that the table can show when an engine has no such precision."""
    if settings["dtype"] not in known:
        raise ValueError(f"expected a dtype of {known}; received {settings['dtype']!r}")
