"""Semantic roles from JSON lines: a sentence's words, and tags of them for each predicate.

    {"id": "a-1", "words": ["Ada", "wrote", "it"],
     "predicates": [{"index": 1, "sense": "write.01", "tags": ["B-ARG0", "B-V", "B-ARG1"]}]}

`sense` and `id` may be left out, and `tags` where the roles are to be found. Tags are BIO over
PropBank's roles; `V` is the predicate itself.

Source: Palmer, Gildea & Kingsbury 2005, doi:10.1162/0891201053630264 (PropBank).
"""

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from keras_bert.data.lines import read_lines, source_name
from keras_bert.data.rows import json_rows
from keras_bert.data.tagging_schemes import parse_tag


class Proposition(NamedTuple):
    """A predicate, the word at `index`, and the tags of its sentence's words or None."""

    id: str
    words: list[str]
    index: int
    sense: str
    tags: list[str] | None


def read_propbank(path: str | os.PathLike[str], *, labelled: bool = True) -> list[Proposition]:
    """Reads the predicates of all sentences of a file, plain or gzipped, in their order.

    Args:
        path: a file, or `-` for standard input.
        labelled: whether every predicate must have tags.

    Raises:
        ValueError: with the line's number, for what is not such an object: words that are no
            strings, a predicate outside of the sentence, another number of tags than words,
            unknown tags; or for a file without predicates.
    """
    propositions = list(iter_propbank(path, labelled=labelled))
    if not propositions:
        raise ValueError(f"expected at least one predicate in {source_name(path)}; received none")
    return propositions


def iter_propbank(path: str | os.PathLike[str], *, labelled: bool = True) -> Iterator[Proposition]:
    """As `read_propbank`, one predicate at a time; a file may have none."""
    name = source_name(path)
    for row in json_rows(read_lines(path), name):
        where = f"line {row.line} of {name}"
        sentence = row.cells if isinstance(row.cells, dict) else {}
        words = sentence.get("words")
        if not _are_strings(words) or "" in words:
            raise ValueError(f"expected words as a list of strings on {where}; received {words!r}")
        predicates = sentence.get("predicates")
        if not isinstance(predicates, list) or not all(isinstance(p, dict) for p in predicates):
            raise ValueError(
                f"expected predicates as a list of objects on {where}; received {predicates!r}"
            )
        for predicate in predicates:
            tags = _tags(predicate.get("tags"), words, labelled, where)
            index = _index(predicate.get("index"), words, where)
            sense, id = str(predicate.get("sense", "")), str(sentence.get("id", ""))
            yield Proposition(id, words, index, sense, tags)


def _are_strings(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _index(index: Any, words: list[str], where: str) -> int:
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(words):
        raise ValueError(
            f"expected a predicate's index from 0 to {len(words) - 1} on {where}; "
            f"received {index!r}"
        )
    return index


def _tags(tags: Any, words: list[str], labelled: bool, where: str) -> list[str] | None:
    if tags is None and not labelled:
        return None
    if not _are_strings(tags) or len(tags) != len(words):
        received = f"{len(tags)} values" if isinstance(tags, list) else repr(tags)
        raise ValueError(
            f"expected a predicate's tags, {len(words)} strings, on {where}; received {received}"
        )
    try:
        for tag in tags:
            parse_tag(tag)
    except ValueError as error:
        raise ValueError(f"{error} on {where}") from error
    return tags
