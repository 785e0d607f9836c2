r"""Documents of a text corpus, one at a time, whatever the corpus' size.

A corpus is UTF-8 text, plain or gzipped: one sentence or paragraph a line, a blank line
between two documents; a file's end ends a document too. This is the input of Google's
`create_pretraining_data.py` (google-research/bert), whose white-space rule is `str.strip`.

Memory: no more than one document is held, and of that no more than `max_document_characters`.
"""

import glob
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keras_bert.data.lines import STANDARD_INPUT, Line, read_lines, source_name

MAX_LINE_BYTES = 1 << 20
MAX_DOCUMENT_CHARACTERS = 1 << 24

Path = str | os.PathLike[str]


class Document(NamedTuple):
    """Consecutive lines of a file that belong together, never none.

    Attributes:
        lines: the lines, stripped of white space at both ends, none empty.
        source: the file, as messages name it.
        line_number: of its first line, counted from 1.
        part: 0, or the number of the part of a document that was too long for one.
        bytes_read: bytes of the whole corpus, as it lies on the disk, that were read when
            this document ended: with `corpus_bytes` the share that is done. A pipe adds
            nothing.
    """

    lines: list[str]
    source: str
    line_number: int
    part: int = 0
    bytes_read: int = 0


def read_documents(
    paths: Path | Iterable[Path],
    *,
    max_line_bytes: int = MAX_LINE_BYTES,
    max_document_characters: int = MAX_DOCUMENT_CHARACTERS,
) -> Iterator[Document]:
    """Yields the documents of several files in turn; empty ones vanish.

    Args:
        paths: a file or files of UTF-8 text, plain or gzipped; `-` is standard input.
        max_line_bytes: the longest line that is accepted.
        max_document_characters: a longer document (a file without blank lines, say) comes
            in parts of about so many characters, cut between lines.

    Raises:
        ValueError: naming file and line: bytes that are not UTF-8, NUL characters (a binary
            file), a line over the limit; damaged gzipped content.
        OSError: a file cannot be read.
    """
    before = 0
    for path in _several(paths):
        reached = before

        def advance(position: int, before: int = before) -> None:
            nonlocal reached
            reached = before + position

        lines = read_lines(path, max_line_bytes=max_line_bytes, on_position=advance)
        source = source_name(path)
        for kept, number, part in _split(_text_lines(lines, source), max_document_characters):
            yield Document(kept, source, number, part, reached)
        before = reached


def corpus_bytes(paths: Path | Iterable[Path]) -> int | None:
    """Bytes of all the files as they lie on the disk; None where one is a pipe."""
    paths = _several(paths)
    if not all(pathlib.Path(path).is_file() for path in paths):
        return None
    return sum(os.stat(path).st_size for path in paths)


def corpus_files(arguments: Path | Iterable[Path]) -> list[str]:
    """The files that a user named: files, folders (all within, by name), patterns with `*`.

    Hidden files are left out of folders. The order of the arguments stays.

    Raises:
        FileNotFoundError: an argument that names no file.
    """
    files: list[str] = []
    for argument in _several(arguments):
        path = pathlib.Path(argument)
        if path.is_dir():
            found = [os.fspath(inner) for inner in sorted(path.rglob("*")) if _is_text(inner, path)]
        elif argument == STANDARD_INPUT or path.exists():
            found = [argument]
        else:
            found = sorted(filter(os.path.isfile, glob.glob(argument, recursive=True)))
        if not found:
            raise FileNotFoundError(
                f"expected a corpus: a file, a folder of files or a pattern; received {argument}, "
                "where there is no file"
            )
        files += found
    return files


def _several(paths: Path | Iterable[Path]) -> list[str]:
    """A text would else be taken for the paths of its letters."""
    if isinstance(paths, str | os.PathLike):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def _is_text(path: pathlib.Path, folder: pathlib.Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden


def _text_lines(lines: Iterable[Line], source: str) -> Iterator[Line]:
    """Strips lines, and refuses what is no text."""
    for number, text in lines:
        if "\0" in text:
            raise ValueError(
                f"expected text in {source}; received a NUL character in line {number}: "
                "the file is binary, or in UTF-16"
            )
        yield Line(number, text.strip())


def _split(lines: Iterable[Line], most: int) -> Iterator[tuple[list[str], int, int]]:
    """Lines, number of the first, and number of the part: of each document in turn."""
    kept: list[str] = []
    first, part, characters = 0, 0, 0
    for number, text in lines:
        ended = not text
        if kept and (ended or characters + len(text) > most):
            yield kept, first, part
            kept, characters, part = [], 0, part + 1
        if ended:
            part = 0
            continue
        first = first if kept else number
        kept.append(text)
        characters += len(text)
    if kept:
        yield kept, first, part
