"""One file from a server to the disk: resumed, checked, and whole or not there.

What arrives lies in `NAME.CHECKSUM.partial` until its size and checksum are right. A
connection that breaks is taken up again where it broke, in this process or in a later one,
as long as the server still has a file of the same checksum.

Source: RFC 9110, sections 14 (ranges) and 15.4 (redirects).
"""

import errno
import http.client
import os
import pathlib
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import IO, Any, NamedTuple

from keras_bert.downloads.digests import Digest, require_digest
from keras_bert.downloads.progress import Progress

ATTEMPTS = 5  # without a byte of progress
PAUSE = 1.0  # seconds before the second attempt, doubled for each one after it
TIMEOUT = 30.0  # seconds without an answer

_CHUNK = 2**18
_BROKEN = (http.client.HTTPException, ConnectionError, TimeoutError, urllib.error.URLError)


class RemoteFile(NamedTuple):
    """A file on a server; `size` and `digest` are None where nobody knows them."""

    url: str
    size: int | None = None
    digest: Digest | None = None
    headers: Mapping[str, str] = {}


class _BrokenError(Exception):
    """A connection that ended early."""


def download(file: RemoteFile, target: pathlib.Path) -> None:
    """Fetches a file unless it is there; a file that is there was checked when it came.

    Raises:
        FileNotFoundError: the server has no such file, or does not give it to us.
        ConnectionError: there is no network, or the server ends every connection.
        ValueError: what arrived has another size or checksum; it is removed.
        OSError: the disk is full or cannot be written to; the part is removed.
    """
    if target.exists():
        return
    tag = file.digest.value[:16] if file.digest else f"{file.size or 'any'}"
    partial = target.with_name(f"{target.name}.{tag}.partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.size is None and file.digest is None:
        partial.unlink(missing_ok=True)  # nobody could tell a part of another version
    have = partial.stat().st_size if partial.exists() else 0
    _require_room(target, (file.size or 0) - have)
    progress = Progress(target.name, file.size, have)
    try:
        _fetch(file, partial, progress)
    finally:
        progress.close()
    try:
        _check(file, partial, target.name)
    except ValueError:
        partial.unlink()
        raise
    os.replace(partial, target)


def head(file: RemoteFile) -> Mapping[str, str]:
    """The headers that a server gives for a file; raises as `download`."""
    attempt = 0
    while True:
        try:
            with _open(file, {}, method="HEAD") as response:
                return response.headers
        except (*_BROKEN, _BrokenError) as error:
            attempt += 1
            _give_up_or_wait(file, attempt, error)


def _fetch(file: RemoteFile, partial: pathlib.Path, progress: Progress) -> None:
    """Appends until the file is complete, through any number of broken connections."""
    attempt = 0
    while file.size is None or _size(partial) != file.size:
        before = _size(partial)
        try:
            _append(file, partial, progress)
            return
        except (*_BROKEN, _BrokenError) as error:
            attempt = 1 if _size(partial) > before else attempt + 1
            _give_up_or_wait(file, attempt, error)


def _append(file: RemoteFile, partial: pathlib.Path, progress: Progress) -> None:
    have = _size(partial)
    if file.size is not None and have > file.size:
        partial.unlink()
        progress.advance(-have)
        have = 0
    with _open(file, {"Range": f"bytes={have}-"} if have else {}) as response:
        if have and not _continues(response, have, file.size):
            progress.advance(-have)
            have = 0
        length = response.headers.get("Content-Length")
        with partial.open("ab" if have else "wb") as out:
            received = _copy(response, out, partial, progress)
    if length is not None and received < int(length):
        raise _BrokenError(f"{received:,} of {int(length):,} bytes")


def _continues(response: Any, have: int, size: int | None) -> bool:
    """Whether the server sends the rest, and not the whole again or another file's rest."""
    if response.status != 206:
        return False
    start, _, total = (
        response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    )
    if start.partition("-")[0] == str(have) and total in ("*", str(size or total)):
        return True
    raise _BrokenError(f"another part: {response.headers.get('Content-Range')!r}")


def _copy(response: Any, out: IO[bytes], partial: pathlib.Path, progress: Progress) -> int:
    received = 0
    while chunk := response.read1(_CHUNK):  # what is there, without waiting for more
        try:
            out.write(chunk)
            out.flush()
        except OSError as error:
            out.close()
            partial.unlink(missing_ok=True)
            raise _no_room(partial, error.errno, error.strerror) from error
        received += len(chunk)
        progress.advance(len(chunk))
    return received


def _open(file: RemoteFile, headers: Mapping[str, str], method: str = "GET") -> Any:
    # A compressed answer has other bytes than those of which the size and checksum are known.
    headers = {"Accept-Encoding": "identity", **file.headers, **headers}
    request = urllib.request.Request(file.url, headers=headers, method=method)
    try:
        return urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            if error.code >= 500 or error.code in (408, 429):
                raise _BrokenError(f"HTTP {error.code} {error.reason}") from error
            raise FileNotFoundError(
                f"expected a file at {file.url}; received HTTP {error.code} {error.reason}"
            ) from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to other hosts without the token, and from https to https alone."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        """The request to make instead."""
        old, new = (urllib.parse.urlsplit(url) for url in (req.full_url, newurl))
        if old.scheme == "https" != new.scheme:
            raise ConnectionError(
                f"expected a redirect to https from {req.full_url}; received {newurl}"
            )
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and old.netloc != new.netloc:
            request.remove_header("Authorization")
        return request


def _check(file: RemoteFile, partial: pathlib.Path, name: str) -> None:
    received = _size(partial)
    if file.size is not None and received != file.size:
        raise ValueError(f"expected {file.size:,} bytes of {file.url}; received {received:,}")
    if file.digest is not None:
        require_digest(partial, file.digest, f"{name} of {file.url}")


def _size(path: pathlib.Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _require_room(target: pathlib.Path, needed: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        raise _no_room(target, errno.ENOSPC, f"{free:,} bytes free of {needed:,} needed")


def _no_room(path: pathlib.Path, number: int | None, reason: str | None) -> OSError:
    message = f"expected room and permission to write {path}; received: {reason}"
    return OSError(number or errno.EIO, message)


def _give_up_or_wait(file: RemoteFile, attempt: int, error: Exception) -> None:
    if attempt >= ATTEMPTS:
        reason = getattr(error, "reason", None) or error
        raise ConnectionError(
            f"expected a connection to {urllib.parse.urlsplit(file.url).netloc} for {file.url}; "
            f"received: {reason} (after {ATTEMPTS} attempts; what arrived is kept)"
        ) from error
    time.sleep(PAUSE * 2 ** (attempt - 1))
