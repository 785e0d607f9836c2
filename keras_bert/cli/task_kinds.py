"""The kinds of tasks that the command line knows, by name and by class of task."""

import importlib
from types import ModuleType
from typing import Any

# kind → the classes of tasks whose files it reads, in a fine-tuned folder.
KINDS: dict[str, tuple[str, ...]] = {
    "classify": ("BertClassifier",),
    "regress": ("BertRegressor",),
    "answer": ("BertQuestionAnswerer",),
    "pair": (),  # makes tasks of the two kinds above
    "embed": ("BertSentenceEncoder",),
    "choice": ("BertMultipleChoice",),
    "tag": ("BertTokenClassifier",),
    "srl": ("BertRoleLabeler",),
    "fill-mask": ("BertMaskedLM",),
}


def load_kind(kind: str) -> ModuleType:
    """The module of a kind."""
    return importlib.import_module(f"keras_bert.cli.kinds.{kind.replace('-', '_')}")


def kind_of(task: Any) -> ModuleType:
    """The module of the kind that a task is of.

    Raises:
        ValueError: the command line has no kind for it.
    """
    name = type(task).__name__
    kinds = [kind for kind, classes in KINDS.items() if name in classes]
    if not kinds:
        raise ValueError(
            f"expected a task of a kind of this command ({', '.join(KINDS)}); received {name}"
        )
    return load_kind(kinds[0])
