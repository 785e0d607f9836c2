"""Checksums of files, in the ways in which servers give them.

Source: Git's object names, https://git-scm.com/book/en/v2/Git-Internals-Git-Objects : the
SHA-1 of `blob SIZE NUL` and the content.
"""

import hashlib
import pathlib
from typing import NamedTuple

_CHUNK = 2**20


class Digest(NamedTuple):
    """A checksum: `kind` is "sha256", "md5" or "git" (a blob's name), `value` hexadecimal."""

    kind: str
    value: str


def digest_of(path: pathlib.Path, kind: str) -> Digest:
    """The checksum of a file."""
    state = hashlib.new({"git": "sha1"}.get(kind, kind), usedforsecurity=False)
    if kind == "git":
        state.update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return Digest(kind, state.hexdigest())


def require_digest(path: pathlib.Path, expected: Digest, what: str) -> None:
    """Checks a file.

    Args:
        path: the file.
        expected: its checksum.
        what: what to call it in the error.

    Raises:
        ValueError: the file has another one.
    """
    received = digest_of(path, expected.kind)
    if received != expected:
        raise ValueError(
            f"expected {what} with the {expected.kind} checksum {expected.value}; "
            f"received {received.value}"
        )
