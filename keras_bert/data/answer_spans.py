"""Answers of extractive question answering, in the one form that training takes.

`{"text": [...], "answer_start": [...]}`: the texts of the answers that count as right,
and where each begins in its passage, in characters of a Python `str`. No text means that
the passage holds no answer.

Source: SQuAD (Rajpurkar et al. 2016, 2018); published files hold offsets that are off, so
a text which does not stand at its offset is looked for.
Shapes: A answers of a question.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Answers(NamedTuple):
    """A texts and A offsets into the passage in characters; -1 where it is not there."""

    texts: list[str]
    starts: list[int]

    def to_dict(self) -> dict[str, list]:
        """The form that tasks and JSON take."""
        return {"text": self.texts, "answer_start": self.starts}


def as_answers(value: Any, name: str) -> Answers:
    """Reads answers in any of the usual forms, offsets still unchecked.

    Args:
        value: `{"text": [A], "answer_start": [A]}` (either may be a single value, and the
            offsets may be missing), a list of `{"text", "answer_start"}`, a list of
            strings, a string; None, an empty string or collection for no answer.
        name: the question, for messages.

    Returns:
        The answers; an offset that was not given is -1.

    Raises:
        ValueError: another form, texts that are no strings, offsets that are no whole
            numbers, or not one for each text.
    """
    if value is None or value == "":
        return Answers([], [])
    if isinstance(value, str):
        value = [value]
    if isinstance(value, Mapping):
        texts, starts = value.get("text"), value.get("answer_start")
    elif isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        texts, starts = ([one.get(key) for one in value] for key in ("text", "answer_start"))
    else:
        texts, starts = value, None
    texts = _as_list(texts)
    starts = [-1] * len(texts) if starts is None else _as_list(starts)
    starts = [-1 if start is None else start for start in starts]
    _check(texts, starts, name, value)
    kept = [(text, start) for text, start in zip(texts, starts, strict=True) if text]
    return Answers([text for text, _ in kept], [start for _, start in kept])


def _as_list(value: Any) -> list:
    if value is None:
        return []
    value = value.tolist() if hasattr(value, "tolist") else value
    return list(value) if isinstance(value, list | tuple) else [value]


def _check(texts: list, starts: list, name: str, value: Any) -> None:
    whole = all(isinstance(start, int) and not isinstance(start, bool) for start in starts)
    if not all(isinstance(text, str) for text in texts) or not whole:
        raise ValueError(
            f"expected answers of question {name} as texts with whole numbers as "
            f"answer_start; received {value!r:.200}"
        )
    if len(texts) != len(starts):
        raise ValueError(
            f"expected an answer_start for each answer of question {name}; "
            f"received {len(texts)} texts and {len(starts)} offsets"
        )


def locate(answers: Answers, context: str) -> Answers:
    """The answers with the offsets at which their texts really stand.

    A text that is not at its offset is taken where it stands nearest to it, from the left
    first; without an offset, at its first place. What is nowhere gets -1.
    """
    found = zip(answers.texts, answers.starts, strict=True)
    return Answers(answers.texts, [_find(text, start, context) for text, start in found])


def _find(text: str, start: int, context: str) -> int:
    if not text.strip():
        return -1
    if start < 0:
        return context.find(text)
    if context.startswith(text, start):
        return start
    before = context.rfind(text, 0, start + len(text))
    after = context.find(text, start)
    places = [place for place in (before, after) if place >= 0]
    return min(places, key=lambda place: abs(place - start), default=-1)


def located_first(value: Any, context: str, name: str) -> tuple[int, int] | None:
    """Where the answer to be learnt begins and ends in the passage, in characters.

    Of several answers it is the first that the passage holds: they are judgements of the
    same question, and a model learns one.

    Args:
        value: as for `as_answers`.
        context: the passage.
        name: the question, for messages.

    Returns:
        Start and limit; None for a question without an answer.

    Raises:
        ValueError: as `as_answers`; and there are answers, but none in the passage.
    """
    answers = locate(as_answers(value, name), context)
    if not answers.texts:
        return None
    for text, start in zip(*answers, strict=True):
        if start >= 0:
            return start, start + len(text)
    raise ValueError(
        f"expected an answer of question {name} that stands in its passage; "
        f"received {answers.texts[0]!r:.100}, which is not in {context!r:.100}"
    )
