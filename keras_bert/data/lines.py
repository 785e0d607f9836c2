"""Numbered lines of a UTF-8 file, plain or gzipped, or of standard input.

One line at a time, so a pipe can be read while it is being written, and so that
a byte which is not UTF-8 is reported with its line and its place in the file.
"""

import contextlib
import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

STANDARD_INPUT = "-"
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line of a file: its number, counted from 1, and its text with the line end."""

    number: int
    text: str


def source_name(path: str | os.PathLike[str]) -> str:
    """The name that messages use for `path`: `-` is standard input."""
    return "standard input" if os.fspath(path) == STANDARD_INPUT else os.fspath(path)


def read_lines(path: str | os.PathLike[str]) -> Iterator[Line]:
    r"""Yields the lines of a file, split at `\n` only.

    Args:
        path: a file, or `-` for standard input. Gzipped content is recognised by
            its first two bytes, whatever the file is called.

    Raises:
        ValueError: for bytes that are not UTF-8 (with line and byte offset) and
            for gzipped content that is damaged or cut short.
    """
    name = source_name(path)
    offset = 0
    with _open_bytes(path) as stream:
        for number, raw in enumerate(_decompressed(stream, name), start=1):
            if number == 1 and raw.startswith(_BYTE_ORDER_MARK):
                offset += len(_BYTE_ORDER_MARK)
                raw = raw[len(_BYTE_ORDER_MARK) :]
            yield Line(number, _decode(raw, name, number, offset))
            offset += len(raw)


@contextlib.contextmanager
def _open_bytes(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens `path` for reading; standard input is left open afterwards."""
    if os.fspath(path) == STANDARD_INPUT:
        yield sys.stdin.buffer
    else:
        with open(path, "rb") as stream:
            yield stream


def _decompressed(stream: BinaryIO, name: str) -> Iterator[bytes]:
    if stream.peek(2)[:2] != _GZIP_MAGIC:
        yield from stream
        return
    try:
        with gzip.open(stream, "rb") as unzipped:
            yield from unzipped
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"expected whole gzipped content in {name}; received: {error}") from error


def _decode(raw: bytes, name: str, number: int, offset: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"expected UTF-8 text in {name}; received byte 0x{raw[error.start]:02x} "
            f"in line {number} (byte {offset + error.start} of the file, counted from 0)"
        ) from error
