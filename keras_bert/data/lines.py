"""Numbered lines of a UTF-8 file, plain or gzipped, or of standard input.

One line at a time, so a pipe can be read while it is being written, and so that
a byte which is not UTF-8 is reported with its line and its place in the file.
"""

import contextlib
import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterator
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


def read_lines(
    path: str | os.PathLike[str],
    *,
    max_line_bytes: int | None = None,
    on_position: Callable[[int], None] | None = None,
) -> Iterator[Line]:
    r"""Yields the lines of a file, split at `\n` only.

    Args:
        path: a file, or `-` for standard input. Gzipped content is recognised by
            its first two bytes, whatever the file is called.
        max_line_bytes: the longest line, its end included, that is taken into memory;
            None for any.
        on_position: called before each line with the bytes of the file, as it lies on the
            disk, that are read so far. Never called for a pipe.

    Raises:
        ValueError: for bytes that are not UTF-8 (with line and byte offset), for gzipped
            content that is damaged or cut short, and for a line over the limit.
    """
    name = source_name(path)
    offset = 0
    with _open_bytes(path) as stream:
        tell = on_position if on_position is not None and stream.seekable() else None
        lines = _decompressed(stream, name, -1 if max_line_bytes is None else max_line_bytes + 1)
        for number, raw in enumerate(lines, start=1):
            if tell is not None:
                tell(stream.tell())
            if max_line_bytes is not None and len(raw) > max_line_bytes:
                raise ValueError(
                    f"expected lines of at most {max_line_bytes:,} bytes in {name}; "
                    f"received a longer one, line {number}"
                )
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


def _decompressed(stream: BinaryIO, name: str, most: int) -> Iterator[bytes]:
    """Lines as bytes, each in pieces of at most `most` bytes unless that is -1."""
    if stream.peek(2)[:2] != _GZIP_MAGIC:
        yield from iter(lambda: stream.readline(most), b"")
        return
    try:
        with gzip.open(stream, "rb") as unzipped:
            yield from iter(lambda: unzipped.readline(most), b"")
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
