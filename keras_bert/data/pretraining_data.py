"""Makes the records of pretraining from a corpus: a folder of shards, resumed if need be.

    corpus ──► blocks of text ──► one shard a block: here, in several processes, or on Beam

Memory does not grow with the corpus: a process holds one block and its word pieces.
"""

import functools
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from keras_bert.checkpoints.atomic_file import remove_leftovers
from keras_bert.checkpoints.vocabulary_file import VOCABULARY_FILE
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
from keras_bert.data.pretraining_shards import NAME, shard_path
from keras_bert.data.record_files import SUFFIX
from keras_bert.data.text_blocks import TextBlock, read_blocks
from keras_bert.text.tokenizer import BertTokenizer


def make_pretraining_data(
    files: Sequence[Path],
    tokenizer: BertTokenizer,
    settings: PretrainingSettings,
    folder: Path,
    *,
    processes: int = 1,
    pipeline_options: Sequence[str] | None = None,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] = lambda bytes_read, records: None,
) -> dict[str, Any]:
    """Writes `pretraining-00000.tfrecord`, … and `pretraining_data.json`.

    The same call goes on where one was stopped: whole shards stay, and there are no others.

    Args:
        files: the corpus, as `read_documents` takes it.
        tokenizer: a `BertTokenizer`.
        settings: the recipe.
        folder: for the files; made if need be.
        processes: that work at once on this machine.
        pipeline_options: of Apache Beam, on which the work is then done; its workers find
            `files` and `folder` under these paths.
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
        if there.get("complete") and len(_shards(folder)) == len(there["records_of_shards"]):
            return there
    blocks = _with_text(read_blocks(files, settings.block_characters), files)
    _prepare(pathlib.Path(folder), content, tokenizer, anew=there is None)
    path_of = functools.partial(shard_path, folder, compressed=settings.compress)
    if pipeline_options is None:
        made = shards_of(blocks, path_of, tokenizer, settings, processes)
    else:
        made = _shards_on_beam(files, path_of, tokenizer, settings, pipeline_options)
    records = []
    for bytes_read, count in made:
        records.append(count)
        on_progress(bytes_read, count)
    return _finished(pathlib.Path(folder), files, content, records)


def _shards_on_beam(*arguments: Any) -> Iterator[tuple[int, int]]:
    from keras_bert.data.pretraining_beam import shards_on_beam  # needs an extra

    return shards_on_beam(*arguments)


def _with_text(blocks: Iterator[TextBlock], files: Sequence[Path]) -> Iterator[TextBlock]:
    """The same, looked at before anything is written."""
    first = next(blocks, None)
    if first is None:
        raise ValueError(f"expected text in {_names(files)}; received none")
    return chain([first], blocks)


def _prepare(
    folder: pathlib.Path, content: dict[str, Any], tokenizer: BertTokenizer, anew: bool
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if anew:
        _remove(folder)
    for leftover in folder.glob(f".{NAME}-*.partial"):
        leftover.unlink(missing_ok=True)
    remove_leftovers(folder / MANIFEST)
    write_manifest(folder, content)
    tokenizer.vocabulary.save(folder / VOCABULARY_FILE)


def _finished(
    folder: pathlib.Path, files: Sequence[Path], content: dict[str, Any], records: list[int]
) -> dict[str, Any]:
    if not sum(records):
        _remove(folder)
        raise ValueError(
            f"expected text enough for one row in {_names(files)}; received none, or a single "
            "sentence, after which none comes next"
        )
    content |= {"complete": True, "records": sum(records), "records_of_shards": records}
    write_manifest(folder, content)
    return content


def _shards(folder: Path) -> list[pathlib.Path]:
    return list(pathlib.Path(folder).glob(f"{NAME}-[0-9]*{SUFFIX}*"))


def _remove(folder: pathlib.Path) -> None:
    (folder / MANIFEST).unlink(missing_ok=True)
    for shard in _shards(folder):
        shard.unlink()


def _names(files: Sequence[Path]) -> str:
    shown = ", ".join(os.fspath(file) for file in files[:3])
    return shown + (f" and {len(files) - 3} more files" if len(files) > 3 else "")
