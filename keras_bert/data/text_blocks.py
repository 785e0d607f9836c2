"""Blocks of consecutive documents: the pieces in which a corpus is worked on.

A block holds about as much text as was asked for, whatever the corpus' size, and is cut
by the text alone: the same files give the same blocks. Small files are taken together,
large ones alone, so that each such *unit* can be cut without the ones before it. A block
holds two documents at least, if its unit does:

* a document of more than half a block comes in parts, cut between lines, which count as
  documents of their own;
* what is left at the unit's end and fills less than half a block goes into the last one.
"""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keras_bert.data.corpus import Document, Path, read_documents


class TextBlock(NamedTuple):
    """Some documents of a corpus.

    Attributes:
        number: of the block, counted from 0.
        documents: the lines of each document; none is empty.
        bytes_read: bytes of the corpus on the disk up to this block's end.
    """

    number: int
    documents: list[list[str]]
    bytes_read: int


def read_blocks(paths: Iterable[Path], characters: int) -> Iterator[TextBlock]:
    """Yields the blocks of a corpus; two are held at once.

    Args:
        paths: files as `read_documents` takes them.
        characters: of a block.

    Raises:
        ValueError: fewer than 2 characters, and what `read_documents` refuses.
    """
    number = bytes_before = 0
    for unit in corpus_units(paths, characters):
        for block in unit_blocks(unit, characters):
            yield TextBlock(number, block.documents, bytes_before + block.bytes_read)
            number += 1
        bytes_before += sum(map(_size, unit))


def corpus_units(paths: Iterable[Path], characters: int) -> list[list[str]]:
    """Parts the files of a corpus, in their order, into groups of a block's size or more.

    Raises:
        ValueError: fewer than 2 characters.
    """
    if characters < 2:
        raise ValueError(f"expected blocks of at least 2 characters; received {characters}")
    units: list[list[str]] = [[]]
    size = 0
    for path in [os.fspath(path) for path in paths]:
        if size >= characters:
            units.append([])
            size = 0
        units[-1].append(path)
        size += _size(path)
    return units


def _size(path: str) -> int:
    return os.stat(path).st_size if os.path.isfile(path) else 0  # of a pipe


def unit_blocks(paths: Iterable[Path], characters: int) -> Iterator[TextBlock]:
    """Yields the blocks of one unit, numbered from 0."""
    documents = read_documents(paths, max_document_characters=characters // 2)
    number, held = 0, None
    for size, block, bytes_read in _whole_blocks(documents, characters):
        if held is None:
            held = TextBlock(number, block, bytes_read)
        elif size < characters // 2:
            held = TextBlock(number, held.documents + block, bytes_read)
        else:
            yield held
            number += 1
            held = TextBlock(number, block, bytes_read)
    if held is not None:
        yield held


def _whole_blocks(
    documents: Iterable[Document], characters: int
) -> Iterator[tuple[int, list[list[str]], int]]:
    """Size, documents and bytes read of blocks, of which only the last may be small."""
    block: list[list[str]] = []
    size = bytes_read = 0
    for document in documents:
        block.append(document.lines)
        size += sum(map(len, document.lines))
        bytes_read = document.bytes_read
        if size >= characters:
            yield size, block, bytes_read
            block, size = [], 0
    if block:
        yield size, block, bytes_read
