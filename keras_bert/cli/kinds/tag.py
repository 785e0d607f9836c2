"""`tag`: entities in texts, learnt from column files of tagged words."""

import argparse
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import model_options, positive

if TYPE_CHECKING:
    from keras_bert.data.conll import TaggedSentence
    from keras_bert.data.untagged import Sentence

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "entities in texts, learnt from columns of words and tags (CoNLL)"
COLUMNS = (None, "tsv")  # formats of a file with a word a line
DECODINGS = ("viterbi", "argmax")


@dataclasses.dataclass
class TaggedSentences:
    """Sentences of a column file, as the verbs take examples."""

    sentences: "list[TaggedSentence]"

    def __len__(self) -> int:
        return len(self.sentences)

    def inputs(self) -> list[list[str]]:
        """The words of each sentence."""
        return [sentence.words for sentence in self.sentences]

    @property
    def labels(self) -> list[list[str]]:
        """The tags of each sentence."""
        return [sentence.tags or [] for sentence in self.sentences]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of this kind."""
    parser.add_argument(
        "--decoding",
        choices=DECODINGS,
        default="viterbi",
        help="the best well-formed tags, or the best tag of each word",
    )
    parser.add_argument(
        "--label-all-tokens",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="learn every token of a word, or its first one alone",
    )
    parser.add_argument(
        "--stride", type=positive, metavar="N", help="word pieces from window to window"
    )


def read(path: str, arguments: argparse.Namespace, labelled: bool) -> TaggedSentences:
    """A column file; --text-column and --label-column are positions, 0 and -1 if not given."""
    from keras_bert.data.conll import read_conll
    from keras_bert.data.tables import format_by_name

    # Of the suffixes JSON's alone is no common one of column files.
    by_name = "jsonl" if format_by_name(path) == "jsonl" else None
    file_format = arguments.format or by_name
    if file_format not in COLUMNS:
        raise ValueError(
            f"expected columns of words and tags in {path} (--format tsv, or none); "
            f"received {file_format}"
        )
    word = _column(arguments.text_column, "text", 0)
    tag = _column(arguments.label_column, "label", -1) if labelled else None
    return TaggedSentences(read_conll(path, word=word, tag=tag))


def stream(path: str, arguments: argparse.Namespace) -> "Iterator[Sentence]":
    """Lines of text, JSON lines, rows of CSV, or the words of a column file."""
    from keras_bert.data.conll import iter_conll
    from keras_bert.data.tables import format_by_name
    from keras_bert.data.untagged import iter_untagged

    file_format = arguments.format or format_by_name(path)
    if file_format not in COLUMNS:
        return iter_untagged(
            path,
            file_format,
            column=arguments.text_column,
            quoting=arguments.quoting,
            header=arguments.header,
        )
    word = _column(arguments.text_column, "text", 0)
    return (sentence.words for sentence in iter_conll(path, word=word, tag=None))


def _column(given: str | None, name: str, default: int) -> int:
    if given is None:
        return default
    try:
        return int(given)
    except ValueError:
        raise ValueError(
            f"expected --{name}-column as a position, since columns of words have no names; "
            f"received {given!r}"
        ) from None


def build(
    arguments: argparse.Namespace, examples: TaggedSentences, held_out: TaggedSentences | None
) -> Any:
    """A tagger for the types of entities in these examples and in the held-out ones."""
    from keras_bert.models.token_classifier import BertTokenClassifier

    return BertTokenClassifier.from_preset(
        arguments.preset, **tag_options(arguments, examples, held_out)
    )


def tag_options(arguments: argparse.Namespace, examples: Any, held_out: Any) -> dict[str, Any]:
    """The options of `from_preset` for a task that tags words."""
    types = _types(examples)
    if not types:
        raise ValueError("expected at least one entity in the training data; received O alone")
    if held_out is not None:  # what is never learnt is missed, and counts as missed
        types |= _types(held_out)
    names = ("decoding", "label_all_tokens", "stride")
    options = {name: getattr(arguments, name) for name in names}
    return {"labels": sorted(types), **options, **model_options(arguments)}


def _types(examples: Any) -> set[str]:
    from keras_bert.data.tagging_schemes import parse_tag

    return {parse_tag(tag).type for tags in examples.labels for tag in tags} - {""}


def answer(task: Any, records: list, **options: Any) -> list[dict[str, Any]]:
    """The entities of each text or sentence."""
    return task.answer(records, **options)
