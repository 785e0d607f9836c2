"""Makes the records of pretraining from a corpus: a folder of shards, resumed if need be.

    corpus ──► blocks of text ──► one shard a block, in this process or in several

Memory does not grow with the corpus: a process holds one block and its word pieces.
"""

import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from keras_bert.checkpoints.atomic_file import remove_leftovers
from keras_bert.data.corpus import Path
from keras_bert.data.pretraining_manifest import (
    MANIFEST,
    check_same_data,
    describe,
    read_manifest,
    write_manifest,
)
from keras_bert.data.pretraining_processes import shards_of
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.pretraining_shards import shard_path
from keras_bert.data.record_files import SUFFIX
from keras_bert.data.text_blocks import TextBlock, read_blocks
from keras_bert.text.tokenizer import BertTokenizer

DEFAULT_NAME = "pretraining"


def make_pretraining_data(
    files: Sequence[Path],
    tokenizer: BertTokenizer,
    settings: PretrainingSettings,
    folder: Path,
    *,
    name: str = DEFAULT_NAME,
    processes: int = 1,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] = lambda bytes_read, records: None,
) -> dict[str, Any]:
    """Writes `NAME-00000.tfrecord`, … and `pretraining_data.json`.

    The same call goes on where one was stopped: whole shards stay, and there are no others.

    Args:
        files: the corpus, as `read_documents` takes it.
        tokenizer: a `BertTokenizer`.
        settings: the recipe.
        folder: for the files; made if need be.
        name: of the shards.
        processes: that work at once.
        overwrite: begin anew although there are such data.
        on_progress: called after each shard with the bytes of the corpus that were read
            and the records that it has.

    Returns:
        What `pretraining_data.json` holds.

    Raises:
        ValueError: a corpus without text, or of which no row can be made; other data in
            the folder; what `read_documents` refuses.
        OSError: the disk is full or cannot be written to.
    """
    if processes < 1:
        raise ValueError(f"expected processes of at least 1; received {processes}")
    content = describe(tokenizer, settings, files)
    there = None if overwrite else read_manifest(folder)
    if there is not None:
        check_same_data(folder, there, content)
        if there.get("complete"):
            return there
    blocks = _with_text(read_blocks(files, settings.block_characters), files)
    _prepare(pathlib.Path(folder), name, content, anew=there is None)
    tokenizer.vocabulary.save(pathlib.Path(folder) / "vocab.txt")
    records: list[int] = []

    def path_of(number: int) -> pathlib.Path:
        return shard_path(folder, name, number, settings.compress)

    for bytes_read, count in shards_of(blocks, path_of, tokenizer, settings, processes):
        records.append(count)
        on_progress(bytes_read, count)
    if not sum(records):
        _remove(pathlib.Path(folder), name)
        raise ValueError(
            f"expected text enough for one row in {_names(files)}; received none, or a single "
            "sentence, after which none comes next"
        )
    content |= {"complete": True, "records": sum(records), "records_of_shards": records}
    write_manifest(folder, content)
    return content


def _with_text(blocks: Iterator[TextBlock], files: Sequence[Path]) -> Iterator[TextBlock]:
    """The same, looked at before anything is written."""
    first = next(blocks, None)
    if first is None:
        raise ValueError(f"expected text in {_names(files)}; received none")
    return chain([first], blocks)


def _prepare(folder: pathlib.Path, name: str, content: dict[str, Any], anew: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if anew:
        _remove(folder, name)
    for leftover in folder.glob(f".{name}-*.partial"):
        leftover.unlink(missing_ok=True)
    remove_leftovers(folder / MANIFEST)
    write_manifest(folder, content)


def _remove(folder: pathlib.Path, name: str) -> None:
    (folder / MANIFEST).unlink(missing_ok=True)
    for shard in folder.glob(f"{name}-[0-9]*{SUFFIX}*"):
        shard.unlink()


def _names(files: Sequence[Path]) -> str:
    shown = ", ".join(map(os.fspath, files[:3]))
    return shown + (f" and {len(files) - 3} more files" if len(files) > 3 else "")
