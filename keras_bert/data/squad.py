"""Questions on passages, from SQuAD's JSON (1.1 and 2.0) or JSON lines, gzipped or not.

SQuAD: `data[].paragraphs[].{context, qas[].{id, question, answers[].{text,
answer_start}, is_impossible}}`. JSON lines: one object a question, with `question`,
`context`, perhaps `id`, and `answers` or `answer` (with `answer_start`) in any of the forms
of `answer_spans.as_answers`. `answer_start` counts Unicode characters, as in Python.

Source: Rajpurkar et al. 2016 (arXiv:1606.05250) and 2018 (arXiv:1806.03822).
Shapes: N questions, A answers of each.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from keras_bert.data.answer_spans import Answers, as_answers, locate
from keras_bert.data.lines import read_lines, source_name
from keras_bert.data.rows import json_rows
from keras_bert.data.surrogates import refuse_surrogates

FORMATS = ("squad", "jsonl")
MISPLACED = ("error", "skip", "keep")


class Question(NamedTuple):
    """One question; `answers` is None where the file says nothing about them."""

    id: str
    question: str
    context: str
    answers: Answers | None

    def is_misplaced(self) -> bool:
        """Whether there are answers, but none of them in the passage."""
        return self.answers is not None and max(self.answers.starts, default=0) < 0


@dataclass(frozen=True)
class Questions:
    """The questions of a file.

    Attributes:
        ids: N names.
        questions: N questions.
        contexts: N passages.
        answers: N dicts of `text` [A] and `answer_start` [A]; None if any has none.
        skipped: names of questions that were left out, as their answers are not in
            their passages.
        source: the file, for messages.
    """

    ids: list[str]
    questions: list[str]
    contexts: list[str]
    answers: list[dict[str, list]] | None
    skipped: list[str]
    source: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def labels(self) -> list[dict[str, list]] | None:
        """The answers, as tasks are trained on them."""
        return self.answers

    def without_answers(self) -> list[str]:
        """The names of the questions that no text answers, where the file has answers."""
        rows = zip(self.ids, self.answers or [], strict=False)
        return [name for name, answers in rows if not answers["text"]]

    def inputs(self) -> tuple[list[str], list[str]]:
        """Questions and passages, as tasks take them."""
        return self.questions, self.contexts


def read_questions(path: str | os.PathLike[str], **options: Any) -> Questions:
    """Reads all questions of `path`; the options are those of `iter_questions`.

    Raises:
        ValueError: as `iter_questions`, and for a file without questions.
    """
    skipped: list[str] = []
    rows = list(iter_questions(path, skipped=skipped, **options))
    if not rows:
        raise ValueError(f"expected questions in {source_name(path)}; received none")
    labelled = all(row.answers is not None for row in rows)
    return Questions(
        ids=[row.id for row in rows],
        questions=[row.question for row in rows],
        contexts=[row.context for row in rows],
        answers=[row.answers.to_dict() for row in rows if row.answers] if labelled else None,
        skipped=skipped,
        source=source_name(path),
    )


def iter_questions(
    path: str | os.PathLike[str],
    *,
    file_format: str | None = None,
    require_answers: bool | None = None,
    misplaced: str = "error",
    skipped: list[str] | None = None,
) -> Iterator[Question]:
    """Yields the questions of a file or of standard input.

    Args:
        path: a file, plain or gzipped, or `-` for standard input.
        file_format: "squad" or "jsonl"; None goes by the suffix (`.jsonl`, `.ndjson` and
            standard input are JSON lines).
        require_answers: True where the file must speak of answers, False to leave them
            out, None to take them where they are.
        misplaced: questions with answers of which none is in the passage are an "error",
            are left out ("skip"), or stay ("keep", enough for scoring).
        skipped: a list to which the names of those left out are added.

    Raises:
        ValueError: for what is not JSON, keys that are missing or of another type,
            answers that are not in the passage, texts that are no valid Unicode, and two
            questions of one name; with the question's name, or the line.
    """
    if misplaced not in MISPLACED:
        raise ValueError(f"expected misplaced of {MISPLACED}; received {misplaced!r}")
    rows = _jsonl if _format(path, file_format) == "jsonl" else _squad
    names: set[str] = set()
    for name, question, context, answers in rows(path):
        if name in names:
            raise ValueError(
                f"expected each question of {source_name(path)} once; received {name} twice"
            )
        names.add(name)
        refuse_surrogates(f"question {name}", question, context)
        row = Question(name, question, context, None)
        if require_answers is not False:
            row = row._replace(answers=_answers(row, answers, bool(require_answers)))
        if misplaced == "keep" or not row.is_misplaced():
            yield row
        elif misplaced == "error":
            raise ValueError(
                f"expected an answer of question {name} of {source_name(path)} that stands in "
                f"its passage; received {answers!r:.200}, which does not"
            )
        elif skipped is not None:
            skipped.append(name)


def _format(path: str | os.PathLike[str], file_format: str | None) -> str:
    if file_format is None:
        name = source_name(path).lower().removesuffix(".gz")
        return "jsonl" if name.endswith((".jsonl", ".ndjson", "standard input")) else "squad"
    if file_format not in FORMATS:
        raise ValueError(f"expected file_format of {FORMATS}; received {file_format!r}")
    return file_format


_Raw = tuple[str, str, str, Any]
_ABSENT = object()


def _squad(path: str | os.PathLike[str]) -> Iterator[_Raw]:
    source = source_name(path)
    text = "".join(line.text for line in read_lines(path))
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"expected SQuAD JSON in {source}; received: {error.msg} on line {error.lineno} "
            "(one object a line is file_format='jsonl')"
        ) from error
    for a, article in enumerate(_get(content, "data", list, source)):
        where = f"article {a} of {source}"
        for p, paragraph in enumerate(_get(article, "paragraphs", list, where)):
            place = f"paragraph {p} of {where}"
            context = _get(paragraph, "context", str, place)
            for q, qa in enumerate(_get(paragraph, "qas", list, place)):
                name = str(_get(qa, "id", str | int, f"question {q} of {place}"))
                question = _get(qa, "question", str, f"question {name}")
                yield name, question, context, _stated(qa)


def _jsonl(path: str | os.PathLike[str]) -> Iterator[_Raw]:
    source = source_name(path)
    for row in json_rows(read_lines(path), source):
        where = f"line {row.line} of {source}"
        cells: Any = row.cells
        name = str(_get(cells, "id", str | int, where) if "id" in cells else row.line)
        question, context = (_get(cells, key, str, where) for key in ("question", "context"))
        yield name, question, context, _stated(cells)


def _get(holder: Any, key: str, kind: Any, where: str) -> Any:
    is_object = isinstance(holder, dict)
    value = holder.get(key) if is_object else holder
    if not is_object or not isinstance(value, kind) or isinstance(value, bool):
        found = list(holder) if is_object and key not in holder else value
        kinds = getattr(kind, "__name__", "str or int")
        raise ValueError(f"expected {key!r} ({kinds}) in {where}; received {found!r:.200}")
    return value


def _stated(holder: dict) -> Any:
    """What a question says of its answers; `_ABSENT` if it says nothing."""
    if holder.get("is_impossible") is True:
        return []
    if "answers" in holder:
        return holder["answers"]
    if "answer" in holder:
        answer = holder["answer"]
        if isinstance(answer, str) and answer:
            return {"text": answer, "answer_start": holder.get("answer_start")}
        return answer
    return _ABSENT


def _answers(row: Question, stated: Any, required: bool) -> Answers | None:
    if stated is _ABSENT:
        if required:
            raise ValueError(f"expected 'answers' of question {row.id}; received none")
        return None
    answers = locate(as_answers(stated, row.id), row.context)
    refuse_surrogates(f"question {row.id}", *answers.texts)
    return answers
