"""`tag`: entities in texts, learnt from column files of tagged words."""

import argparse
import dataclasses
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_bert.cli.record_arguments import model_options, positive

if TYPE_CHECKING:
    from keras_bert.data.conll import TaggedSentence

__all__ = ["HELP", "add_arguments", "answer", "build", "read", "stream"]

HELP = "entities in texts, learnt from columns of words and tags (CoNLL)"
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

    word = _column(arguments.text_column, "text", 0)
    tag = _column(arguments.label_column, "label", -1) if labelled else None
    return TaggedSentences(read_conll(path, word=word, tag=tag))


def stream(path: str, arguments: argparse.Namespace) -> Iterator[str | list[str]]:
    """Lines of text (standard input, .txt, --format text), or the words of a column file."""
    from keras_bert.data.conll import iter_conll
    from keras_bert.data.lines import read_lines

    suffixes = pathlib.PurePath(path).suffixes
    if arguments.format == "text" or (arguments.format is None and _holds_text(path, suffixes)):
        yield from (line.text.rstrip("\r\n") for line in read_lines(path))
        return
    word = _column(arguments.text_column, "text", 0)
    yield from (sentence.words for sentence in iter_conll(path, word=word, tag=None))


def _holds_text(path: str, suffixes: list[str]) -> bool:
    return path == "-" or ".txt" in suffixes[-2:]


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


def build(arguments: argparse.Namespace, examples: TaggedSentences) -> Any:
    """A tagger for the types of entities in these examples."""
    from keras_bert.models.token_classifier import BertTokenClassifier

    return BertTokenClassifier.from_preset(arguments.preset, **tag_options(arguments, examples))


def tag_options(arguments: argparse.Namespace, examples: Any) -> dict[str, Any]:
    """The options of `from_preset` for a task that tags words."""
    from keras_bert.data.tagging_schemes import parse_tag

    types = {parse_tag(tag).type for tags in examples.labels for tag in tags} - {""}
    if not types:
        raise ValueError("expected at least one entity in the training data; received O alone")
    names = ("decoding", "label_all_tokens", "stride")
    options = {name: getattr(arguments, name) for name in names}
    return {"labels": sorted(types), **options, **model_options(arguments)}


def answer(task: Any, records: list, **options: Any) -> list[dict[str, Any]]:
    """The entities of each text or sentence."""
    return task.answer(records, **options)
