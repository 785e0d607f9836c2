"""Where `predict` puts its answers: standard output, or a file that is whole or not there."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

Write = Callable[[list[dict[str, Any]]], None]


@contextlib.contextmanager
def answer_writer(path: str | None, *, flush: bool = False) -> Iterator[Write]:
    """Gives a function that takes the answers of some records.

    Args:
        path: a file: `.npy` for the vectors of a sentence encoder, float32 [N, E]; JSON
            lines by any other name. None prints JSON lines.
        flush: show each answer at once.

    Raises:
        ValueError: answers without a vector for a `.npy` file.
        OSError: the file cannot be written; what was there before stays.
    """
    if path is None:
        yield lambda answers: _print(answers, sys.stdout, flush)
        return
    from keras_bert.checkpoints.atomic_file import atomic_file

    with atomic_file(path) as stream:
        if path.endswith(".npy"):
            vectors: list[list[float]] = []
            yield lambda answers: vectors.extend(map(_vector, answers))
            _save(vectors, stream)
            return
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="\n")
        yield lambda answers: _print(answers, text)
        text.detach()


def _print(answers: list[dict[str, Any]], stream: Any, flush: bool = False) -> None:
    for answer in answers:
        print(json.dumps(answer, ensure_ascii=False), file=stream, flush=flush)


def _vector(answer: dict[str, Any]) -> list[float]:
    if "embedding" not in answer:
        raise ValueError(
            "expected the vectors of a sentence encoder for a .npy file; "
            f"received answers with {', '.join(answer)}: .jsonl holds them"
        )
    return answer["embedding"]


def _save(vectors: list[list[float]], stream: Any) -> None:
    import numpy as np

    width = len(vectors[0]) if vectors else 0
    np.save(stream, np.asarray(vectors, np.float32).reshape(len(vectors), width))
