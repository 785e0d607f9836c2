"""`answer`: questions on passages, from SQuAD's JSON or JSON lines."""

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import model_options, positive

if TYPE_CHECKING:
    from keras_bert.data.squad import Question, Questions

HELP = "answers cut from passages, from SQuAD JSON or JSON lines"
SEQUENCE_LENGTH, MAX_QUERY_LENGTH = 384, 64  # unless the options or the model say less


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument(
        "--squad-v2",
        action=argparse.BooleanOptionalAction,
        help="whether a passage may hold no answer; told from the examples if not given",
    )
    parser.add_argument(
        "--chinese", action="store_true", help="score by characters (CMRC 2018), not by words"
    )
    parser.add_argument(
        "--stride",
        type=positive,
        metavar="N",
        help="word pieces from one window of a passage to the next; a third of the sequence "
        "length if not given",
    )
    parser.add_argument(
        "--max-query-length",
        type=positive,
        metavar="N",
        help="word pieces of a question; 64, or half of the sequence length if that is less, "
        "if not given",
    )
    parser.add_argument("--max-answer-length", type=positive, default=30, metavar="N")
    parser.add_argument(
        "--skip-misplaced",
        action="store_true",
        help="leave out questions whose answers are not in their passages",
    )


def read(path: str, arguments: argparse.Namespace, labelled: bool) -> "Questions":
    """A file of questions; to be scored, answers need not stand in their passages."""
    from keras_bert.data.squad import read_questions

    skip = getattr(arguments, "skip_misplaced", None)
    found = read_questions(
        path,
        file_format=arguments.format,
        require_answers=labelled,
        misplaced="keep" if skip is None else "skip" if skip else "error",
    )
    if found.skipped:
        print(f"left out {len(found.skipped)} questions of {path}", file=sys.stderr)
    return found


def stream(path: str, arguments: argparse.Namespace) -> "Iterator[Question]":
    """The same one by one, as they come, without answers."""
    from keras_bert.data.squad import iter_questions

    return iter_questions(path, file_format=arguments.format, require_answers=False)


def build(
    arguments: argparse.Namespace, examples: "Questions", held_out: "Questions | None"
) -> Any:
    """A task for questions like these, with answers for all of them or not."""
    from keras_bert.models.question_answerer import BertQuestionAnswerer

    squad_v2 = arguments.squad_v2
    if squad_v2 is None:
        files = (examples, held_out) if held_out else (examples,)
        squad_v2 = any(questions.without_answers() for questions in files)
    if held_out and not squad_v2:  # before training, and not when it is to be scored
        _refuse_unanswerable(held_out, "with --no-squad-v2")
    options = model_options(arguments, SEQUENCE_LENGTH)
    most = min(MAX_QUERY_LENGTH, options["sequence_length"] // 2)
    return BertQuestionAnswerer.from_preset(
        arguments.preset,
        squad_v2=squad_v2,
        chinese=arguments.chinese,
        stride=arguments.stride,
        max_query_length=arguments.max_query_length or most,
        max_answer_length=arguments.max_answer_length,
        **options,
    )


def check_scorable(task: Any, questions: "Questions") -> None:
    """Refuses questions without answers, with their names, where the task always gives one."""
    if not task.spans.squad_v2:
        _refuse_unanswerable(questions, "by a model that was trained without --squad-v2")


def _refuse_unanswerable(questions: "Questions", where: str) -> None:
    names = questions.without_answers()
    if names:
        raise ValueError(
            f"expected an answer for every question of {questions.source} {where}; "
            f"received none for question {names[0]}"
        )


def tune(task: Any, held_out: "Questions", **options: Any) -> None:
    """The threshold of no answer with the best F1, where a passage may hold none."""
    if task.spans.squad_v2:
        task.tune_threshold(held_out.inputs(), held_out.labels, **options)


def answer(task: Any, records: "list[Question]", **options: Any) -> list[dict[str, Any]]:
    """The answers to some questions, each with the question's name."""
    inputs = [row.question for row in records], [row.context for row in records]
    answers = task.answer(inputs, **options)
    return [{"id": row.id} | one for row, one in zip(records, answers, strict=True)]
