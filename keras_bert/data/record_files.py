"""TFRecord files: which there are, how many records they hold, and the first one.

A record is framed by its length (8 bytes, little endian) with a check sum (4 bytes)
before it and a check sum (4 bytes) after it; a gzipped file is such a stream compressed.

Source: TensorFlow, "TFRecord and tf.train.Example", section "TFRecords format details",
https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

import contextlib
import glob
import gzip
import os
import pathlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from keras_bert.data.corpus import Path

SUFFIX, GZIP_SUFFIX = ".tfrecord", ".gz"
_GZIP_MAGIC = b"\x1f\x8b"
_HEADER, _CHECK_SUM = struct.Struct("<QI"), 4
_LONGEST = 1 << 28  # bytes of a record; more is no record


def record_files(paths: Path | Iterable[Path]) -> list[str]:
    """The files of a folder (`*.tfrecord*`, sorted), of a pattern, or as they are given.

    Raises:
        ValueError: there are none.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else paths
    given = [os.fspath(path) for path in several]
    files: list[str] = []
    for path in given:
        if os.path.isdir(path):
            pattern = f"{glob.escape(path)}/*{SUFFIX}*"
        else:
            pattern = glob.escape(path) if os.path.exists(path) else path
        files += sorted(name for name in glob.glob(pattern) if os.path.isfile(name))
    if not files:
        raise ValueError(
            f"expected TFRecord files in {', '.join(given) or 'a list'}; received none"
        )
    return files


def is_gzipped(path: Path) -> bool:
    """Whether a file is compressed, by its first bytes."""
    with open(path, "rb") as stream:
        return stream.read(2) == _GZIP_MAGIC


def count_records(path: Path) -> int:
    """Records of a file; a plain one is not read, but leapt through.

    Raises:
        ValueError: the file is cut short or no TFRecord file.
    """
    return sum(1 for _ in _records(path, with_bytes=False))


def first_record(path: Path) -> bytes | None:
    """The first record of a file, None of an empty one.

    Raises:
        ValueError: as `count_records`.
    """
    return next(_records(path, with_bytes=True), None)


def _records(path: Path, with_bytes: bool) -> Iterator[bytes]:
    with _opened(path) as (stream, size):
        while header := stream.read(_HEADER.size):
            _require(len(header) == _HEADER.size, path)
            length = _HEADER.unpack(header)[0]
            _require(length < _LONGEST, path)
            end = stream.tell() + length + _CHECK_SUM
            if size is not None:
                _require(end <= size, path)
            if with_bytes:
                record = stream.read(length)
                _require(len(record) == length, path)
                yield record
            else:
                yield b""
            _require(stream.seek(end) == end, path)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int | None]]:
    """The stream, and its bytes where they are known."""
    if not is_gzipped(path):
        with open(path, "rb") as stream:
            yield stream, pathlib.Path(path).stat().st_size
        return
    try:
        with gzip.open(path, "rb") as unzipped:
            yield unzipped, None  # type: ignore[misc]
    except (EOFError, gzip.BadGzipFile, OverflowError, zlib.error) as error:
        raise ValueError(_message(path)) from error


def _require(holds: bool, path: Path) -> None:
    if not holds:
        raise ValueError(_message(path))


def _message(path: Path) -> str:
    return f"expected whole TFRecords in {os.fspath(path)}; received a file cut short, or another"
