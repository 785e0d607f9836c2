r"""Files of one record a line, cut into blocks of lines that are found again by their place.

Lines end in `\n`. A place is counted in bytes of the text, after decompression.
"""

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK = 1 << 20
_LINE_END = ord("\n")


class Block(NamedTuple):
    """Consecutive lines of a file.

    Attributes:
        number: of the block among those of all files, from 0.
        path: the file.
        start: the byte at which the first line begins.
        end: the byte after the last line.
        first_line: the number of the first line, from 1.
    """

    number: int
    path: str
    start: int
    end: int
    first_line: int


class InputFile(NamedTuple):
    """A file that was read through once: its size and sha256 as it lies on the disk."""

    path: str
    bytes: int
    sha256: str


class RawLine(NamedTuple):
    """A line's number and its bytes without the end: None for a line over the limit."""

    number: int
    content: bytes | None


def scan(path: str, lines: int, header: bool, first_number: int) -> tuple[InputFile, list[Block]]:
    """Reads a file through once, in bounded memory.

    Args:
        path: the file, plain or gzipped.
        lines: of a block.
        header: whether the first line is no record.
        first_number: of the file's first block.

    Raises:
        ValueError: gzipped content that is damaged.
        OSError: the file cannot be read.
    """
    with _open(path) as stream:
        start = len(_BYTE_ORDER_MARK) if stream.peek(3)[:3] == _BYTE_ORDER_MARK else 0
        ends, size = _line_ends(stream, lines, header)
    if header:
        start = ends.pop(0) if ends else size
    if not ends or ends[-1] < size:
        ends.append(size)
    places = [(begin, end) for begin, end in zip([start, *ends], ends, strict=False) if begin < end]
    blocks = [
        Block(first_number + i, path, *place, 1 + header + i * lines)
        for i, place in enumerate(places)
    ]
    return InputFile(path, os.path.getsize(path), _sha256(path)), blocks


def block_lines(block: Block, limit: int) -> Iterator[RawLine]:
    """The lines of a block; one over `limit` bytes is passed over and never held.

    Raises:
        ValueError: the file ends before the block does.
    """
    with _open(block.path) as stream:
        stream.seek(block.start)
        number, place = block.first_line, block.start
        while place < block.end:
            line = stream.readline(limit + len(b"\r\n"))
            if not line:
                raise ValueError(
                    f"expected {block.end:,} bytes of text in {block.path}; received {place:,}: "
                    "it was changed in between"
                )
            content = line.rstrip(b"\r\n")
            yield RawLine(number, None if len(content) > limit else content)
            place += len(line) if line.endswith(b"\n") else len(line) + _pass_over(stream)
            number += 1


def _pass_over(stream: BinaryIO) -> int:
    """Reads to the line's end; gives the number of bytes."""
    passed = 0
    while rest := stream.readline(_CHUNK):
        passed += len(rest)
        if rest.endswith(b"\n"):
            break
    return passed


def _line_ends(stream: BinaryIO, lines: int, header: bool) -> tuple[list[int], int]:
    """The byte after every block's last line, and after the header before them; the size."""
    ends: list[int] = []
    size = seen = 0
    while chunk := stream.read(_CHUNK):
        found = np.flatnonzero(np.frombuffer(chunk, np.uint8) == _LINE_END)
        numbers = seen + 1 + np.arange(len(found))  # lines that end here
        whole = (numbers - header) % lines == 0
        ends += (size + 1 + found[whole]).tolist()
        seen, size = seen + len(found), size + len(chunk)
    return ends, size


@contextlib.contextmanager
def _open(path: str) -> Iterator[Any]:
    with open(path, "rb") as stream:
        if stream.peek(2)[:2] != _GZIP_MAGIC:
            yield stream
            return
        try:
            with gzip.open(stream, "rb") as unzipped:
                yield unzipped
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(
                f"expected whole gzipped content in {path}; received: {error}"
            ) from error


def _sha256(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
