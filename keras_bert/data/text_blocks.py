"""Blocks of consecutive documents: the pieces in which a corpus is worked on.

A block holds about as much text as was asked for, whatever the corpus' size, and is cut
by the text alone: the same files give the same blocks. It holds two documents at least,
if the corpus does:

* a document of more than half a block comes in parts, cut between lines, which count as
  documents of their own;
* what is left at the corpus' end and fills less than half a block goes into the last one.
"""

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
    if characters < 2:
        raise ValueError(f"expected blocks of at least 2 characters; received {characters}")
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
