"""`keras-bert vocab`: word pieces learned from a corpus, continued, or pruned to one."""

import argparse
import pathlib
import sys
import time
from typing import TYPE_CHECKING, Any

from keras_bert.cli.corpus_progress import corpus_progress
from keras_bert.cli.output import print_scores
from keras_bert.cli.record_arguments import positive

if TYPE_CHECKING:
    from keras_bert.data.alphabet import Alphabet
    from keras_bert.data.word_counts import WordCounts
    from keras_bert.text.vocabulary import Vocabulary

HELP = "learn a vocabulary from a text corpus, or fit one, or a checkpoint's, to it"

_SHOWN_CHARACTERS = 50
# What each way of working takes besides, with what it is if not given.
_OPTIONS: dict[str, dict[str, Any]] = {
    "size": {"character_coverage": 0.9995, "unused": 99, "min_frequency": 2},
    "continue": {"add": 1000, "append": False, "min_frequency": 2},
    "prune": {"min_count": 1, "no_characters": False},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument(
        "corpus",
        nargs="+",
        metavar="CORPUS",
        help="files of UTF-8 text, gzipped or not, folders of them, patterns; - is standard input",
    )
    modes = parser.add_mutually_exclusive_group(required=True)
    modes.add_argument("--size", type=positive, metavar="N", help="learn N word pieces")
    source = "a vocab.txt, a checkpoint folder or a preset's name"
    modes.add_argument(
        "--continue", dest="extended", metavar="FROM", help=f"add pieces to {source}"
    )
    modes.add_argument("--prune", metavar="FROM", help=f"keep what the corpus uses of {source}")
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE|DIR",
        help="the vocab.txt to write; the folder, where FROM is a checkpoint",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    _add_options(parser)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lowercase",
        action=argparse.BooleanOptionalAction,
        help="lower-case and strip accents (as FROM does if not given; a new vocabulary: yes)",
    )
    parser.add_argument(
        "--held-out", metavar="F", help="text that is not learned from, to report on as well"
    )
    parser.add_argument(
        "--max-words", type=positive, default=2_000_000, metavar="N", help="distinct, in memory"
    )
    learning = parser.add_argument_group("with --size")
    learning.add_argument(
        "--character-coverage",
        type=float,
        metavar="X",
        help="share of the text whose characters get pieces in any case (0.9995); rarer ones do "
        "while they fill no more than half of the vocabulary",
    )
    learning.add_argument(
        "--unused", type=int, metavar="N", help="[unused…] tokens after [PAD] (99)"
    )
    joining = parser.add_argument_group("with --size and --continue")
    joining.add_argument(
        "--min-frequency", type=positive, metavar="N", help="of a piece that is added (2)"
    )
    adding = parser.add_argument_group("with --continue")
    adding.add_argument("--add", type=positive, metavar="N", help="pieces at most (1000)")
    adding.add_argument(
        "--append",
        action="store_true",
        default=None,
        help="at the end; leave [unused…] tokens as they are",
    )
    pruning = parser.add_argument_group("with --prune")
    pruning.add_argument(
        "--min-count", type=positive, metavar="N", help="uses that keep a piece (1)"
    )
    pruning.add_argument(
        "--no-characters",
        action="store_true",
        default=None,
        help="drop single characters too, where they are not used",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the vocabulary or the checkpoint, and prints the report."""
    from keras_bert.cli.vocabulary_change import change

    _settle_options(arguments)
    started = time.monotonic()
    report = learn(arguments) if arguments.size else change(arguments)
    report["seconds"] = round(time.monotonic() - started, 1)
    print_scores(report, as_json=arguments.json)
    return 0


def _settle_options(arguments: argparse.Namespace) -> None:
    """Fills in what was not given, and refuses what belongs to another way of working."""
    given = {"size": arguments.size, "continue": arguments.extended, "prune": arguments.prune}
    mode = next(name for name, value in given.items() if value is not None)
    for other, options in _OPTIONS.items():
        for name in options.keys() - _OPTIONS[mode].keys():
            if getattr(arguments, name) is not None:
                flag = name.replace("_", "-")
                raise ValueError(f"expected --{flag} with --{other}; received it with --{mode}")
    for name, default in _OPTIONS[mode].items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, default)


def learn(arguments: argparse.Namespace) -> dict[str, Any]:
    """Learns a vocabulary; gives the report."""
    from keras_bert.data.alphabet import choose_alphabet
    from keras_bert.data.wordpiece_training import reserved_tokens, train_wordpieces
    from keras_bert.text.vocabulary import Vocabulary

    refuse_occupied(arguments)
    reserved = reserved_tokens(arguments.unused)
    lowercase = True if arguments.lowercase is None else arguments.lowercase
    words = count_words(arguments.corpus, lowercase, arguments)
    alphabet = choose_alphabet(
        words.counts,
        arguments.size // 2,
        coverage=arguments.character_coverage,
        min_frequency=arguments.min_frequency,
    )
    pieces = train_wordpieces(
        words.counts,
        arguments.size,
        alphabet,
        reserved=reserved,
        min_frequency=arguments.min_frequency,
    )
    vocabulary = Vocabulary(pieces)
    write_vocabulary_file(vocabulary, arguments.out)
    if len(vocabulary) < arguments.size:
        print(
            f"keras-bert vocab: note: the corpus has no more than {len(vocabulary):,} pieces "
            f"of at least --min-frequency {arguments.min_frequency}",
            file=sys.stderr,
        )
    report: dict[str, Any] = {
        "out": arguments.out,
        "size": len(vocabulary),
        "lowercase": lowercase,
        **facts_of(words),
        **_facts_of_characters(alphabet),
        **fit_to(vocabulary, words),
    }
    if arguments.held_out:
        held_out = count_words([arguments.held_out], lowercase, arguments)
        report |= {f"held_out_{key}": value for key, value in fit_to(vocabulary, held_out).items()}
    return report


def count_words(corpus: list[str], lowercase: bool, arguments: argparse.Namespace) -> "WordCounts":
    """The words of files, with a bar on the screen."""
    from keras_bert.data.corpus import corpus_bytes, corpus_files, read_documents
    from keras_bert.data.word_counts import WordCounter

    files = corpus_files(corpus)
    counter = WordCounter(lowercase, arguments.max_words)
    with corpus_progress(corpus_bytes(files), "documents") as show:
        for document in read_documents(files):
            counter.add(document.lines)
            show(document.bytes_read, document.part == 0)
    return counter.result()


def facts_of(words: "WordCounts") -> dict[str, Any]:
    """What a report says about the words of the corpus."""
    return {
        "words": words.total,
        "distinct_words": len(words.counts),
        "forgotten_words": words.forgotten,
    }


def fit_to(vocabulary: "Vocabulary", words: "WordCounts") -> dict[str, float]:
    """How well a vocabulary fits some text."""
    from keras_bert.data.segmentation import use_of

    use = use_of(vocabulary, words.counts)
    return {"pieces_per_word": use.pieces_per_word, "unknown_share": use.unknown_share}


def refuse_occupied(arguments: argparse.Namespace) -> None:
    """Raises before the work what would be raised after it."""
    from keras_bert.checkpoints.atomic import check_destination

    out = pathlib.Path(arguments.out)
    if out.is_dir():
        raise IsADirectoryError(f"expected a file to write as --out; received the folder {out}")
    if out.exists() and not arguments.overwrite:
        raise FileExistsError(
            f"expected no file yet at {out}; received one that is there (--overwrite replaces it)"
        )
    if not out.exists():
        check_destination(out)


def write_vocabulary_file(vocabulary: "Vocabulary", path: str) -> None:
    """Writes `vocab.txt`, all of it or nothing."""
    from keras_bert.checkpoints.atomic_file import atomic_file

    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as stream:
        stream.write("".join(f"{piece}\n" for piece in vocabulary).encode("utf-8"))


def _facts_of_characters(alphabet: "Alphabet") -> dict[str, Any]:
    return {
        "characters": len(alphabet.kept),
        "character_coverage": alphabet.coverage,
        "lost_characters": len(alphabet.lost),
        "most_lost": dict(list(alphabet.lost.items())[:_SHOWN_CHARACTERS]),
    }
