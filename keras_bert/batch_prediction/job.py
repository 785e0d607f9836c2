"""A run of batch prediction: its settings, and what of it is done.

    OUT/job.json                          settings and inputs; another run is refused by them
    OUT/answers-00003-of-00012.jsonl      answers of a block; it is there when it is whole
    OUT/dead_letters/00003.jsonl          lines of that block without an answer, if any
    OUT/dead_letters.jsonl                all of them, at the end

A block's dead letters are written before its answers, so that answers mean that both are.
"""

import dataclasses
import json
import pathlib
from collections.abc import Iterable
from typing import Any

from keras_bert.batch_prediction.input_blocks import Block, InputFile, scan
from keras_bert.batch_prediction.line_records import BadLine
from keras_bert.batch_prediction.record_layout import Layout
from keras_bert.checkpoints.atomic_file import atomic_file, remove_leftovers
from keras_bert.checkpoints.json_file import read_json

MAX_LINE_BYTES = 1 << 20
JOB_FILE = "job.json"
DEAD_LETTERS = "dead_letters"


@dataclasses.dataclass(frozen=True)
class Job:
    """All that a worker needs to know.

    Attributes:
        out: the folder of the results.
        model: the folder of the SavedModel.
        signature: its name.
        dtypes: the signature's input → its dtype.
        layout: of the input files.
        blocks: how many there are.
        batch_size: records of a batch.
        max_line_bytes: a longer line is a dead letter.
    """

    out: str
    model: str
    signature: str
    dtypes: dict[str, str]
    layout: Layout
    blocks: int
    batch_size: int = 32
    max_line_bytes: int = MAX_LINE_BYTES

    def answers_path(self, number: int) -> pathlib.Path:
        """Where the answers of a block stand."""
        return pathlib.Path(self.out) / f"answers-{number:05d}-of-{self.blocks:05d}.jsonl"

    def dead_letters_path(self, number: int) -> pathlib.Path:
        """Where the lines of a block without an answer stand, if there are any."""
        return pathlib.Path(self.out) / DEAD_LETTERS / f"{number:05d}.jsonl"


def scan_files(
    paths: Iterable[str], layout: Layout, block_lines: int
) -> tuple[list[InputFile], list[Block]]:
    """Reads all files through once: what they are, and their blocks in order."""
    files: list[InputFile] = []
    blocks: list[Block] = []
    for path in paths:
        file, own = scan(path, block_lines, layout.header, len(blocks))
        files.append(file)
        blocks += own
    return files, blocks


def open_job(job: Job, files: list[InputFile], model_sha256: str, block_lines: int) -> None:
    """Begins a run in its folder, or takes up the same one again.

    Raises:
        ValueError: another run is in the folder; names every difference.
        FileExistsError: other files are.
        OSError: the folder cannot be written.
    """
    settings = {
        "model_sha256": model_sha256,
        "signature": job.signature,
        "layout": dataclasses.asdict(job.layout),
        "block_lines": block_lines,
        "max_line_bytes": job.max_line_bytes,
        "inputs": [file._asdict() for file in files],
    }
    folder = pathlib.Path(job.out)
    path = folder / JOB_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _check_same(read_json(path), settings, path)
    elif any(not leftover.name.startswith(f".{JOB_FILE}.") for leftover in folder.iterdir()):
        raise FileExistsError(
            f"expected an empty folder, or one with a run's {JOB_FILE}, at {folder}; "
            "received other files"
        )
    for leftover in (*folder.glob(".*.partial"), *(folder / DEAD_LETTERS).glob(".*.partial")):
        leftover.unlink(missing_ok=True)
    if not path.exists():  # before all else, or nobody could tell the folder for a run's
        with atomic_file(path) as stream:
            stream.write(json.dumps(settings, indent=2, ensure_ascii=False).encode("utf-8"))
    (folder / DEAD_LETTERS).mkdir(exist_ok=True)


def write_block(
    job: Job, number: int, answers: Iterable[dict[str, Any]], bad: Iterable[BadLine], path: str
) -> None:
    """Puts the results of a block in their place.

    Raises:
        OSError: the disk is full or the folder cannot be written; no file is there in part.
    """
    letters = [{"file": path, **line._asdict()} for line in bad]
    if letters:
        _write_lines(job.dead_letters_path(number), letters)
    else:
        job.dead_letters_path(number).unlink(missing_ok=True)
    _write_lines(job.answers_path(number), answers)


def gather_dead_letters(job: Job) -> int:
    """Writes the dead letters of all blocks into one file, in order; gives their number."""
    count = 0
    with atomic_file(pathlib.Path(job.out) / f"{DEAD_LETTERS}.jsonl") as stream:
        for number in range(job.blocks):
            path = job.dead_letters_path(number)
            if path.exists():
                content = path.read_bytes()
                stream.write(content)
                count += content.count(b"\n")
    return count


def _check_same(saved: dict[str, Any], current: dict[str, Any], path: pathlib.Path) -> None:
    different = [name for name in current if saved.get(name) != current[name]]
    if different:
        shown = "; ".join(
            f"{name} {json.dumps(current[name], ensure_ascii=False)} "
            f"(saved: {json.dumps(saved.get(name), ensure_ascii=False)})"
            for name in different
        )
        raise ValueError(
            f"expected the run that {path} tells of; received another, with {shown}: "
            "give it another folder"
        )


def _write_lines(path: pathlib.Path, rows: Iterable[dict[str, Any]]) -> None:
    remove_leftovers(path)
    with atomic_file(path) as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")
