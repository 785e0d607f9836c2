"""`pretraining_data.json`: what the shards beside it were made of, and what they hold.

Source of the check sum: sha256 of the vocabulary as `vocab.txt` holds it, FIPS 180-4.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras_bert.checkpoints.atomic_file import atomic_file
from keras_bert.checkpoints.json_file import read_json
from keras_bert.data.corpus import Path, corpus_bytes
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.pretraining_shards import shard_path
from keras_bert.text.tokenizer import BertTokenizer

MANIFEST = "pretraining_data.json"
_MADE_OF = ("settings", "tokenizer", "vocabulary_sha256", "corpus")


def vocabulary_sha256(vocabulary: Iterable[str]) -> str:
    """The check sum of a vocabulary as a file, in hexadecimal."""
    lines = "".join(f"{token}\n" for token in vocabulary)
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def describe(
    tokenizer: BertTokenizer, settings: PretrainingSettings, files: Sequence[Path]
) -> dict[str, Any]:
    """What shards are made of, for JSON; the files are read, pipes are not."""
    return {
        "complete": False,
        "sequence_length": settings.sequence_length,
        "max_predictions_per_seq": settings.max_predictions_per_seq,
        "next_sentence": settings.next_sentence,
        "settings": settings.as_json(),
        "tokenizer": {
            "lowercase": tokenizer.lowercase,
            "max_characters_per_word": tokenizer.max_characters_per_word,
            "keep_special_tokens": tokenizer.keep_special_tokens,
        },
        "vocabulary_size": len(tokenizer.vocabulary),
        "vocabulary_sha256": vocabulary_sha256(tokenizer.vocabulary),
        "corpus": {
            "files": len(files),
            "bytes": corpus_bytes(files),
            "names_and_contents_sha256": _names_and_contents_sha256(files),
        },
    }


def made_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same for shards of one data set, by name."""
    flat: dict[str, Any] = {}
    for name in _MADE_OF:
        value = content.get(name)
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The content of the file in a folder, None where there is none.

    Raises:
        ValueError: it is no JSON object.
    """
    path = pathlib.Path(folder) / MANIFEST
    return read_json(path) if path.exists() else None


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Writes the file, at once."""
    with atomic_file(pathlib.Path(folder) / MANIFEST) as stream:
        stream.write((json.dumps(content, indent=2) + "\n").encode("utf-8"))


def check_same_data(folder: Path, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuses to mix shards.

    Raises:
        ValueError: naming every difference.
    """
    if wanted["corpus"]["bytes"] is None:
        raise ValueError(
            f"expected files, to go on with the pretraining data in {os.fspath(folder)}; received "
            "a pipe, of which nobody knows whether it is the same: take another folder, or "
            "overwrite this one"
        )
    saved, current = made_of(there), made_of(wanted)
    names = [name for name in {**saved, **current} if saved.get(name) != current.get(name)]
    if names:
        differences = ", ".join(
            f"{name} {current.get(name)!r} (there: {saved.get(name)!r})" for name in names
        )
        raise ValueError(
            f"expected what the pretraining data in {os.fspath(folder)} are made of; received "
            f"{differences}: take another folder, or overwrite this one"
        )


def check_vocabulary(folder: Path, manifest: Mapping[str, Any], vocabulary: Iterable[str]) -> None:
    """Refuses records of another vocabulary.

    Raises:
        ValueError: with both check sums.
    """
    there, mine = manifest.get("vocabulary_sha256"), vocabulary_sha256(vocabulary)
    if there != mine:
        raise ValueError(
            f"expected the vocabulary that the pretraining data in {os.fspath(folder)} were made "
            f"with, of sha256 {there}; received one of sha256 {mine}"
        )


def check_shards(folder: Path, manifest: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    """Refuses a folder that does not hold the shards that its manifest lists.

    Args:
        folder: of the shards.
        manifest: its manifest; one that lists none is of no help.
        counts: the records of each file of the folder, by its name.

    Raises:
        ValueError: naming the first shard that is missing, one too many or of another length.
    """
    listed = manifest.get("records_of_shards")
    if listed is None:
        return
    compressed = bool((manifest.get("settings") or {}).get("compress"))
    wanted = {shard_path(folder, i, compressed).name: count for i, count in enumerate(listed)}
    for name in sorted({**wanted, **counts}):
        there, here = wanted.get(name), counts.get(name)
        if there != here:
            raise ValueError(
                f"expected the {len(wanted)} shards that {MANIFEST} lists in {os.fspath(folder)}, "
                f"with {_records(there, name)}; received {_records(here, name)}: the command that "
                "made them makes what is missing, and a pattern takes files as they are"
            )


def _records(count: int | None, name: str) -> str:
    return f"no {name}" if count is None else f"{count} records in {name}"


def _names_and_contents_sha256(files: Sequence[Path]) -> str:
    """Of all files in turn; a pipe can be read only once, and not here."""
    facts = []
    for file in map(pathlib.Path, files):
        content = None
        if file.is_file():
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
        facts.append((file.name, content))
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
