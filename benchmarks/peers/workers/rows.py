"""The rows that every engine is given: full rectangles of ids, or texts; nothing but NumPy."""

import json
import pathlib

import numpy as np


def texts_of_rows(settings):
    """Texts of exactly `length` tokens, a list of `batch`."""
    return _rows(settings)["texts"][: settings["batch"]]


def ids_of_rows(settings, dtype="int64"):
    """Ids and mask of the same texts, [batch, length] each; no position is padding."""
    ids = np.array(_rows(settings)["ids"][: settings["batch"]], dtype)
    return ids, np.ones_like(ids)


def _rows(settings):
    return json.loads((pathlib.Path(settings["folder"]) / "rows.json").read_text("utf-8"))


def given_texts(settings):
    """The texts of a `texts` job."""
    return json.loads((pathlib.Path(settings["folder"]) / "texts.json").read_text("utf-8"))


def refuse_dtype(settings, *known):
    """Raise a ValueError that the table can show when an engine has no such precision."""
    if settings["dtype"] not in known:
        raise ValueError(f"expected a dtype of {known}; received {settings['dtype']!r}")
