"""Models in archives on a web server, such as Google's zips.

The server says the size and, in Google's storage, the MD5 of the archive; the names of its
files and their checksums are checked when it is unpacked.

Source: https://cloud.google.com/storage/docs/hashes-etags (`x-goog-hash`).
"""

import base64
import hashlib
import pathlib
import urllib.parse
from collections.abc import Mapping

from keras_bert.checkpoints.archive import unpack_archive
from keras_bert.downloads import cache
from keras_bert.downloads.digests import Digest, require_digest
from keras_bert.downloads.transfer import RemoteFile, download, head

CONFIG_FILE = "bert_config.json"
# What a folder of each kind of model has: Google's and tf-models', TF Hub's, others'.
_MODEL_FILES = (CONFIG_FILE, "saved_model.pb", "config.json", "preset.json")


def cache_key(url: str) -> str:
    """The name in the cache: the end of the address, which says the release too."""
    path = pathlib.PurePosixPath(urllib.parse.urlsplit(url).path)
    return "--".join((*path.parts[-2:-1], path.stem))


def fetch_archive(
    url: str, sha256: Mapping[str, str], parts: pathlib.Path, folder: pathlib.Path
) -> None:
    """Fetches and unpacks an archive.

    Args:
        url: of a .zip or .tar.gz.
        sha256: checksums of files in it, by their names without folders.
        parts: keeps what has arrived of the archive.
        folder: is made, all of it or nothing.

    Raises:
        FileNotFoundError: the server has no such archive.
        ValueError: what arrived, or a file in it, has another size or checksum, or the
            archive is not safe to unpack.
        ConnectionError: there is no network.
        OSError: the disk is full or cannot be written to.
    """
    archive = parts / "archive"
    if not archive.exists():
        headers = head(RemoteFile(url))
        size = headers.get("Content-Length")
        download(RemoteFile(url, None if size is None else int(size), _md5(headers)), archive)
    try:
        unpacked = unpack_archive(archive, parts / "unpacked", overwrite=True)
        _check(inner_folder(unpacked), sha256, url)
    except ValueError:
        archive.unlink()  # the next call fetches another
        raise
    folder.parent.mkdir(parents=True, exist_ok=True)
    unpacked.rename(folder)


def unpacked(archive: pathlib.Path) -> pathlib.Path:
    """The folder of a model in an archive on this machine, unpacked into the cache once.

    Raises:
        ValueError: the file is no archive, not safe to unpack, or has no model.
        OSError: the disk is full or cannot be written to.
    """
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    folder = cache.model_folder(f"archive--{digest[:32]}")
    if not folder.is_dir():
        unpack_archive(archive, folder)
    return _model_folder(folder, str(archive))


def fetched_module(url: str) -> pathlib.Path:
    """The folder of a module at a TF Hub or Kaggle address, fetched and unpacked once.

    Raises:
        FileNotFoundError: there is no such module, or `KERAS_BERT_OFFLINE` leaves the
            network alone.
        ValueError: what arrived is not safe to unpack, or has no model.
        ConnectionError: there is no network.
        OSError: the disk is full or cannot be written to.
    """
    key = f"url--{hashlib.sha256(url.encode()).hexdigest()[:32]}"

    def fetch(parts: pathlib.Path, folder: pathlib.Path) -> None:
        archive = parts / "archive"
        if not archive.exists():
            download(RemoteFile(_as_archive(url)), archive)
        try:
            unpack_archive(archive, folder)
        except ValueError:
            archive.unlink()
            raise

    return _model_folder(cache.fetched(key, url, fetch), url)


def _as_archive(url: str) -> str:
    """TF Hub gives a page for a module's address, and its archive for this query."""
    parts = urllib.parse.urlsplit(url)
    if parts.path.endswith((".tar.gz", ".tgz", ".zip")):
        return url
    query = "&".join(filter(None, (parts.query, "tf-hub-format=compressed")))
    return urllib.parse.urlunsplit(parts._replace(query=query))


def _model_folder(folder: pathlib.Path, source: str) -> pathlib.Path:
    inside = [folder, *(path for path in sorted(folder.iterdir()) if path.is_dir())]
    found = [path for path in inside if any((path / name).is_file() for name in _MODEL_FILES)]
    if not found:
        raise ValueError(
            f"expected a model ({', '.join(_MODEL_FILES)}) in {source}; "
            f"received {sorted(path.name for path in folder.iterdir())[:20]}"
        )
    return found[0]


def _check(folder: pathlib.Path, sha256: Mapping[str, str], url: str) -> None:
    for name, value in sha256.items():
        if not (folder / name).is_file():
            raise ValueError(f"expected {name} in {url}; received an archive without it")
        require_digest(folder / name, Digest("sha256", value), f"{name} in {url}")


def inner_folder(folder: pathlib.Path) -> pathlib.Path:
    """The model's folder: this one, or the only one in it with a configuration.

    Raises:
        ValueError: there is none.
    """
    found = [
        path.parent
        for path in (folder / CONFIG_FILE, *folder.glob(f"*/{CONFIG_FILE}"))
        if path.is_file()
    ]
    if len(found) != 1:
        raise ValueError(f"expected one {CONFIG_FILE} in {folder}; received {len(found)}")
    return found[0]


def _md5(headers: Mapping[str, str]) -> Digest | None:
    hashes = headers.get_all("x-goog-hash", []) if hasattr(headers, "get_all") else []
    for entry in ",".join(hashes).split(","):
        name, _, value = entry.strip().partition("=")
        if name == "md5":
            return Digest("md5", base64.b64decode(value).hex())
    return None
