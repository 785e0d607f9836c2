"""Unpacks an archive (.zip, .tar, .tar.gz) that may come from anybody.

An archive names the places of its files itself. Here only regular files and folders are
made, only below the folder that is asked for, all of them or none, and no more bytes than
agreed: links, devices, absolute names and names with `..` are refused before anything is
written. What an archive says of permissions, owners and dates is left out.

Source: APPNOTE.TXT of PKWARE (zip), pax(1) of POSIX (tar), RFC 1952 (gzip).
"""

import errno
import functools
import gzip
import os
import pathlib
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

from keras_bert.checkpoints.atomic import atomic_folder

MAX_BYTES = 16 * 2**30
_CHUNK = 2**20
_TAR_MAGIC_AT, _TAR_MAGIC = 257, b"ustar"
_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError),
    *(UnicodeDecodeError, IndexError, struct.error),  # a name, a header
    NotImplementedError,  # zipfile, of a compression that it does not know
)


class _Entry(NamedTuple):
    """A file of an archive: its name there, its bytes, and a way to read them."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Whether a file is an archive that `unpack_archive` reads, by its first bytes."""
    return pathlib.Path(path).is_file() and _kind(pathlib.Path(path)) is not None


def unpack_archive(
    archive: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    max_bytes: int = MAX_BYTES,
    overwrite: bool = False,
) -> pathlib.Path:
    """Makes a folder of the files in an archive, all of it or nothing.

    Args:
        archive: a .zip, .tar or .tar.gz file; its first bytes tell which.
        folder: a folder that is empty or not there yet.
        max_bytes: of all files together, unpacked; a small archive can hold a great many.
        overwrite: replace a folder that holds something.

    Returns:
        The folder.

    Raises:
        ValueError: the file is no archive, is damaged or cut off, needs a password, holds
            more than `max_bytes`, or holds an entry that may not be unpacked: one outside
            the folder, a link, a device, or a name that is there twice.
        FileExistsError: the folder is not empty and `overwrite` is false.
        OSError: the disk is full or the place cannot be written to; nothing is left.
    """
    archive = pathlib.Path(archive)
    kind = _kind(archive) if archive.is_file() else None
    if kind is None:
        raise ValueError(f"expected a .zip, .tar or .tar.gz archive; received {archive}")
    entries = _zip_entries if kind == "zip" else _tar_entries
    with atomic_folder(folder, overwrite=overwrite) as partial:
        try:
            _check(archive, entries, max_bytes)
            for entry in entries(archive):
                _write(entry, partial, archive)
        except (*_DAMAGE, OSError) as error:
            # EINVAL: the archive points to before its own start.
            if isinstance(error, _DAMAGE) or error.errno == errno.EINVAL:
                raise ValueError(f"expected a whole archive {archive}; received {error}") from error
            raise
    return pathlib.Path(folder)


def _kind(archive: pathlib.Path) -> str | None:
    with archive.open("rb") as file:
        start = file.read(_TAR_MAGIC_AT + len(_TAR_MAGIC))
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if start.startswith(b"\x1f\x8b") or start[_TAR_MAGIC_AT:] == _TAR_MAGIC:
        return "tar"
    return None


def _check(archive: pathlib.Path, entries: Callable, max_bytes: int) -> None:
    """Refuses a whole archive for one bad entry, before any is written."""
    files: set[tuple[str, ...]] = set()
    folders: set[tuple[str, ...]] = set()
    total = 0
    for entry in entries(archive):
        name = tuple(_parts(entry.name, archive))
        parents = {name[:depth] for depth in range(1, len(name))}
        if name in files | folders or parents & files:
            raise ValueError(f"expected each name once in {archive}; received {entry.name!r} again")
        files.add(name)
        folders |= parents
        total += entry.size
        if total > max_bytes:
            raise ValueError(
                f"expected at most {max_bytes:,} bytes in {archive}; received {total:,} or more"
            )


def _parts(name: str, archive: pathlib.Path) -> list[str]:
    """The folders and the file of a name, if it stays inside."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    outside = name.startswith("/") or ".." in parts
    # A backslash or a drive is a way out on Windows; a NUL ends a name for the system.
    if outside or not parts or any(character in name for character in "\\:\0"):
        raise ValueError(
            f"expected names inside the folder in {archive}; received {name!r}: nothing is unpacked"
        )
    return parts


def _write(entry: _Entry, folder: pathlib.Path, archive: pathlib.Path) -> None:
    target = folder.joinpath(*_parts(entry.name, archive))
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.size
    with entry.open() as source, target.open("xb") as file:
        while chunk := source.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            file.write(chunk)
    if left:
        raise ValueError(
            f"expected {entry.size:,} bytes of {entry.name!r} in {archive}; received "
            + ("more" if left < 0 else f"{entry.size - left:,}")
        )


def _refuse(name: str, what: str, archive: pathlib.Path) -> ValueError:
    return ValueError(
        f"expected files and folders in {archive}; received {name!r}, {what}: nothing is unpacked"
    )


def _zip_entries(archive: pathlib.Path) -> Iterator[_Entry]:
    with zipfile.ZipFile(archive) as content:
        for info in content.infolist():
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refuse(info.orig_filename, "a link or a device", archive)
            if info.flag_bits & 1:
                raise _refuse(info.orig_filename, "which needs a password", archive)
            if not info.is_dir():
                # The name as it stands there: zipfile's own ends at a NUL.
                open_ = functools.partial(content.open, info)
                yield _Entry(info.orig_filename, info.file_size, open_)


def _tar_entries(archive: pathlib.Path) -> Iterator[_Entry]:
    with tarfile.open(archive, "r:*") as content:
        for member in content:
            if member.isdir():
                continue
            if not member.isreg():
                raise _refuse(member.name, "a link or a device", archive)
            open_ = functools.partial(content.extractfile, member)
            yield _Entry(member.name, member.size, open_)  # type: ignore[arg-type]
