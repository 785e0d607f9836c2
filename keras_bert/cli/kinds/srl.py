"""`srl`: the arguments of predicates, learnt from JSON lines of semantic roles."""

import argparse
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_bert.cli.kinds.tag import add_arguments, tag_options
from keras_bert.cli.record_arguments import require_json_lines

if TYPE_CHECKING:
    from keras_bert.data.propbank import Proposition

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "semantic roles of predicates, learnt from JSON lines of words and tags"


@dataclasses.dataclass
class Propositions:
    """Predicates of a file, as the verbs take examples."""

    propositions: "list[Proposition]"

    def __len__(self) -> int:
        return len(self.propositions)

    def inputs(self) -> tuple[list[list[str]], list[int]]:
        """The words around each predicate, and its place among them."""
        chosen = self.propositions
        return [each.words for each in chosen], [each.index for each in chosen]

    @property
    def labels(self) -> list[list[str]]:
        """The tags of the words, for each predicate."""
        return [each.tags or [] for each in self.propositions]


def read(path: str, arguments: argparse.Namespace, labelled: bool) -> Propositions:
    """A file of JSON lines: see `keras_bert.data.propbank`."""
    from keras_bert.data.propbank import read_propbank

    require_json_lines(arguments)
    return Propositions(read_propbank(path, labelled=labelled))


def stream(path: str, arguments: argparse.Namespace) -> "Iterator[Proposition]":
    """The same one by one, tags or not."""
    from keras_bert.data.propbank import iter_propbank

    require_json_lines(arguments)
    return iter_propbank(path, labelled=False)


def build(
    arguments: argparse.Namespace, examples: Propositions, held_out: Propositions | None
) -> Any:
    """A labeler for the roles of these examples and of the held-out ones."""
    from keras_bert.models.role_labeler import BertRoleLabeler

    options = tag_options(arguments, examples, held_out)
    return BertRoleLabeler.from_preset(arguments.preset, **options)


def answer(task: Any, records: "list[Proposition]", **options: Any) -> list[dict[str, Any]]:
    """The roles of each predicate."""
    return task.answer(Propositions(records).inputs(), **options)
