"""Tagged words from column files: one word a line, a blank line between sentences.

    # sent_id = 1
    1   Ada     B-PER
    2   wrote   O

Columns stand between tabs, or in a file without tabs between spaces. Left out are
`-DOCSTART-` lines and comments. A comment is a line that begins with `#`, unless it holds a
tab, or has as many columns as the line of a word and a tag in its place: a word may be `#`.

Source: Tjong Kim Sang & De Meulder 2003 (CoNLL-2003); https://universaldependencies.org/format
(comments).
"""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from keras_bert.data.lines import read_lines, source_name
from keras_bert.data.tagging_schemes import parse_tag

DOCUMENT_START = "-DOCSTART-"
_SPACES = re.compile(" +")


class TaggedSentence(NamedTuple):
    """The words of a sentence, a tag for each or none at all, and the line it begins on."""

    words: list[str]
    tags: list[str] | None
    line: int


def read_conll(
    path: str | os.PathLike[str], *, word: int = 0, tag: int | None = -1
) -> list[TaggedSentence]:
    """Reads all sentences of a column file, plain or gzipped, UTF-8.

    Args:
        path: a file, or `-` for standard input.
        word: the column of the words, from 0; negative ones count from the last.
        tag: the column of the tags; None for words alone.

    Raises:
        ValueError: a line without these columns, an empty word, an unknown tag (each with
            its number), bytes that are not UTF-8, or no sentence in the file.
    """
    sentences = list(iter_conll(path, word=word, tag=tag))
    if not sentences:
        raise ValueError(f"expected at least one sentence in {source_name(path)}; received none")
    return sentences


def iter_conll(
    path: str | os.PathLike[str], *, word: int = 0, tag: int | None = -1
) -> Iterator[TaggedSentence]:
    """As `read_conll`, one sentence at a time; an empty file has none."""
    name = source_name(path)
    words: list[str] = []
    tags: list[str] = []
    begin = width = 0
    for line in read_lines(path):
        text = line.text.rstrip("\r\n")
        if not text.strip(" \t"):
            if words:
                yield TaggedSentence(words, None if tag is None else tags, begin)
            words, tags = [], []
            continue
        columns = text.split("\t") if "\t" in text else _SPACES.split(text.rstrip(" "))
        if _is_left_out(text, columns, width, tag):
            continue
        where = f"line {line.number} of {name}"
        begin = begin if words else line.number
        width = len(columns)
        words.append(_word(_column(columns, word, "word", where), where))
        if tag is not None:
            tags.append(_tag(_column(columns, tag, "tag", where), where))
    if words:
        yield TaggedSentence(words, None if tag is None else tags, begin)


def _is_left_out(text: str, columns: list[str], width: int, tag: int | None) -> bool:
    if columns[0] == DOCUMENT_START:
        return True
    if not text.startswith("#") or "\t" in text:
        return False
    return len(columns) != width or (tag is not None and not _is_tag(columns[tag]))


def _is_tag(text: str) -> bool:
    try:
        return bool(parse_tag(text))
    except ValueError:
        return False


def _column(columns: list[str], place: int, what: str, where: str) -> str:
    if not -len(columns) <= place < len(columns):
        raise ValueError(
            f"expected a {what} in column {place} on {where}; received {len(columns)} columns"
        )
    return columns[place]


def _word(text: str, where: str) -> str:
    if not text:
        raise ValueError(f"expected a word on {where}; received an empty column")
    return text


def _tag(text: str, where: str) -> str:
    try:
        parse_tag(text)
    except ValueError as error:
        raise ValueError(f"{error} on {where}") from error
    return text
