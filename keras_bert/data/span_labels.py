"""Entities given by characters, checked and laid onto the tokens of texts.

Shapes: B records, N tokens of all records in order.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_bert.data.tag_set import TagSet
from keras_bert.data.tagging_schemes import Span


def check_spans(entities: Any, text: str | bytes, row: int) -> list[Span]:
    """The entities of one text, in order.

    Args:
        entities: dicts of `start`, `end` (characters, exclusive) and `type`, or `Span`s.
        text: where they stand.
        row: its number, for messages.

    Raises:
        ValueError: something else, empty or overlapping entities, or ends beyond the text.
    """
    length = len(text.decode("utf-8", "ignore") if isinstance(text, bytes) else text)
    spans = sorted((_span(entity, row) for entity in entities), key=lambda span: span.start)
    limit = 0
    for span in spans:
        if not limit <= span.start < span.limit <= length:
            raise ValueError(
                f"expected entities of one or more characters that do not overlap within the "
                f"{length} characters of row {row}; received {tuple(span)}"
                + (f" behind one that ends at {limit}" if limit else "")
            )
        limit = span.limit
    return spans


def _span(entity: Any, row: int) -> Span:
    if isinstance(entity, Mapping) and {"start", "end", "type"} <= entity.keys():
        entity = (entity["type"], entity["start"], entity["end"])
    if isinstance(entity, tuple) and len(entity) == 3:
        type, start, limit = entity
        if isinstance(type, str) and all(_is_whole(offset) for offset in (start, limit)):
            return Span(type, int(start), int(limit))
    raise ValueError(
        "expected an entity as a dict of start, end and type, two whole numbers and a str, "
        f"in row {row}; received {entity!r}"
    )


def _is_whole(number: Any) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def token_classes(
    tags: TagSet,
    spans: Sequence[Sequence[Span]],
    rows: np.ndarray,
    starts: np.ndarray,
    limits: np.ndarray,
) -> np.ndarray:
    """The class of each token: that of the entity that it touches.

    Warns of entities that have parts of tokens, which get the whole ones, or no token.

    Args:
        tags: the classes.
        spans: the entities of each of B records, in order.
        rows: int [N], the record of each token, rising.
        starts: int [N], first characters.
        limits: int [N], behind the last ones.

    Returns:
        int32 [N].
    """
    entities = [(row, *span) for row, own in enumerate(spans) for span in own]
    types = np.array([tags.type_number(entity[1], entity[0]) for entity in entities], np.int64)
    owner = np.array([entity[0] for entity in entities], np.int64)
    begin, end = (np.array([entity[i] for entity in entities], np.int64) for i in (2, 3))
    if not entities or not len(rows):
        return np.full(len(rows), tags.outside, np.int32)
    # One number line for all records: an entity, and a token, begins at row · stride + offset.
    stride = 1 + max(int(end.max()), int(limits.max()))
    index = np.searchsorted(owner * stride + end, rows * stride + starts, side="right")  # [N]
    found = np.minimum(index, len(entities) - 1)
    inside = (owner[found] == rows) & (begin[found] < limits) & (starts < end[found])
    number = np.where(inside, found, -1)  # the entity of each token
    _warn_of_parts(number, begin, end, starts, limits)
    first, last = np.ones(len(rows), bool), np.ones(len(rows), bool)
    first[1:] = last[:-1] = number[1:] != number[:-1]
    return tags.classes(np.where(inside, types[found], -1), first, last)


def _warn_of_parts(
    number: np.ndarray, begin: np.ndarray, end: np.ndarray, starts: np.ndarray, limits: np.ndarray
) -> None:
    inside = number >= 0
    own = number[inside]
    parted = np.unique(own[(starts[inside] < begin[own]) | (limits[inside] > end[own])]).size
    absent = begin.size - np.unique(own).size
    if parted or absent:
        warnings.warn(
            f"expected {begin.size} entities of whole tokens; received {parted} with parts of "
            f"tokens, which are labelled whole, and {absent} without a token, which are lost",
            stacklevel=2,
        )
