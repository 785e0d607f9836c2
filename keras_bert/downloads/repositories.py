"""Models of the Hugging Face Hub: which files, how large, with which checksums.

`huggingface_hub` asks the hub (`HF_ENDPOINT`, with the user's token where there is one)
for the list; the files that BERT needs are then fetched one by one, or copied from its
cache. Nothing of them is run: weights are read from safetensors alone.

Source: the hub's API, https://huggingface.co/docs/hub/api ; huggingface_hub `HfApi`.
"""

import contextlib
import os
import pathlib
import re
import shutil
from typing import Any, NamedTuple

from keras_bert.checkpoints.atomic import atomic_folder
from keras_bert.checkpoints.json_file import write_json
from keras_bert.downloads.digests import Digest, require_digest
from keras_bert.downloads.transfer import RemoteFile, download

RECORD_FILE = "fetched.json"

_WEIGHTS = re.compile(r"model\.safetensors(\.index\.json)?|model-\d+-of-\d+\.safetensors")
_OTHERS = re.compile(
    r"config\.json|vocab\.txt|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json"
    r"|modules\.json|sentence_bert_config\.json|config_sentence_transformers\.json"
    r"|\d+_(Pooling|Dense|Normalize)/(config\.json|model\.safetensors)"
)
_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")


class _Listed(NamedTuple):
    """A file of a repository, as the hub lists it."""

    name: str
    size: int
    digest: Digest


def cache_key(repository: str, revision: str) -> str:
    """The name in the cache.

    Raises:
        ValueError: no repository has such a name.
    """
    if not _NAME.fullmatch(repository) or not re.fullmatch(r"[\w./-]+", revision):
        raise ValueError(
            f"expected OWNER/NAME, or OWNER/NAME@REVISION; received {repository!r}@{revision!r}"
        )
    return f"{repository}@{revision}".replace("/", "--")


def fetch_repository(
    repository: str, revision: str, parts: pathlib.Path, folder: pathlib.Path
) -> None:
    """Fetches the files of a model.

    Args:
        repository: OWNER/NAME.
        revision: a branch, a tag or a commit.
        parts: keeps what has arrived.
        folder: is made, all of it or nothing, with a record of what was fetched.

    Raises:
        ModuleNotFoundError: huggingface_hub is not installed.
        FileNotFoundError: there is no such repository or revision, or it is not public.
        ValueError: it has no safetensors, or what arrived is not what the hub lists.
        ConnectionError: there is no network.
        OSError: the disk is full or cannot be written to.
    """
    hub = _huggingface_hub()
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
    info = _ask(hub, endpoint, repository, revision)
    files = _wanted(info, repository)
    headers = hub.utils.build_hf_headers()
    parts = parts / info.sha  # parts of another commit are other files
    for file in sorted(files, key=lambda file: file.size):
        _copy_from_hub_cache(hub, repository, info.sha, file, parts / file.name)
        url = hub.hf_hub_url(repository, file.name, revision=info.sha, endpoint=endpoint)
        download(RemoteFile(url, file.size, file.digest, headers), parts / file.name)
    with atomic_folder(folder) as partial:
        for file in files:
            (partial / file.name).parent.mkdir(exist_ok=True)
            shutil.move(parts / file.name, partial / file.name)
        record = {
            "repository": repository,
            "revision": revision,
            "commit": info.sha,
            "files": {f.name: {"size": f.size, f.digest.kind: f.digest.value} for f in files},
        }
        write_json(record, partial / RECORD_FILE)


def _copy_from_hub_cache(
    hub: Any, repository: str, commit: str, file: _Listed, target: pathlib.Path
) -> None:
    """Takes over what huggingface_hub has fetched for other programs, if it is right."""
    cached = hub.try_to_load_from_cache(repository, file.name, revision=commit)
    if target.exists() or not isinstance(cached, str):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    copy = target.with_name(f"{target.name}.copy")
    with contextlib.suppress(ValueError, OSError):
        shutil.copyfile(cached, copy)
        require_digest(copy, file.digest, cached)
        copy.replace(target)
    copy.unlink(missing_ok=True)


def _huggingface_hub() -> Any:
    try:
        import huggingface_hub
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "expected huggingface_hub, which asks the hub for published models; received an "
            'environment without it: pip install "keras-bert-text[download]"',
            name="huggingface_hub",
        ) from error
    return huggingface_hub


def _ask(hub: Any, endpoint: str | None, repository: str, revision: str) -> Any:
    """The hub's list of files at a revision."""
    api = hub.HfApi(endpoint=endpoint)
    try:
        return api.model_info(repository, revision=revision, files_metadata=True, timeout=30)
    except hub.errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if status is not None and status < 500:
            raise FileNotFoundError(
                f"expected a public repository {repository} with the revision {revision} at "
                f"{api.endpoint}; received HTTP {status}"
            ) from error
        raise _no_answer(api, repository, error) from error
    except Exception as error:  # of requests or httpx: whichever the release is built on
        raise _no_answer(api, repository, error) from error


def _no_answer(api: Any, repository: str, error: Exception) -> ConnectionError:
    return ConnectionError(
        f"expected an answer of {api.endpoint} about {repository}; received: {error}. Without a "
        "network, install or copy the model, or give the folder that holds it"
    )


def _wanted(info: Any, repository: str) -> list[_Listed]:
    """The files that BERT needs; the rest, pickles above all, is left there."""
    names = [sibling.rfilename for sibling in info.siblings]
    weights = [name for name in names if _WEIGHTS.fullmatch(name)]
    if "config.json" not in names or not weights:
        raise ValueError(
            f"expected config.json and model.safetensors in {repository}; received "
            f"{sorted(names)[:20]} (pytorch_model.bin is a pickle, which can run code: never read)"
        )
    unknown = [s.rfilename for s in info.siblings if s.size is None or not s.blob_id]
    if unknown or not re.fullmatch("[0-9a-f]{40}", str(info.sha)):
        raise ValueError(
            f"expected a commit, and a size and a checksum for each file of {repository}; received "
            f"the commit {info.sha!r}, and nothing to check {unknown[:5]} by"
        )
    if "model.safetensors" in weights:
        weights = ["model.safetensors"]
    wanted = {*weights, *(name for name in names if _OTHERS.fullmatch(name))}
    return [_listed(sibling) for sibling in info.siblings if sibling.rfilename in wanted]


def _listed(sibling: Any) -> _Listed:
    large = sibling.lfs
    if large:
        return _Listed(sibling.rfilename, large["size"], Digest("sha256", large["sha256"]))
    return _Listed(sibling.rfilename, sibling.size, Digest("git", sibling.blob_id))
