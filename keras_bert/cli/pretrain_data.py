"""`keras-bert pretrain-data`: a text corpus becomes records of pretraining."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from keras_bert.cli.beam_arguments import add_beam_arguments, beam_options
from keras_bert.cli.corpus_progress import corpus_progress
from keras_bert.cli.output import print_scores
from keras_bert.cli.record_arguments import positive

if TYPE_CHECKING:
    from keras_bert.data.pretraining_settings import PretrainingSettings
    from keras_bert.text.tokenizer import BertTokenizer

HELP = "make masked records of pretraining from a text corpus"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument(
        "corpus",
        nargs="+",
        metavar="CORPUS",
        help="files of UTF-8 text, gzipped or not, folders of them, patterns: a sentence or "
        "paragraph a line, a blank line between documents; - is standard input",
    )
    vocabulary = parser.add_mutually_exclusive_group(required=True)
    vocabulary.add_argument("--vocab", metavar="FILE", help="vocab.txt")
    vocabulary.add_argument("--preset", metavar="NAME|DIR", help="take the vocabulary of this one")
    parser.add_argument(
        "--lowercase",
        action=argparse.BooleanOptionalAction,
        help="lower-case and strip accents (as the vocabulary looks, if not given)",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="where the shards go")
    parser.add_argument("--overwrite", action="store_true", help="begin anew in DIR")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    _add_recipe(parser.add_argument_group("recipe"))
    _add_work(parser.add_argument_group("work"))
    add_beam_arguments(parser)


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--sequence-length", type=positive, default=128, metavar="N")
    group.add_argument(
        "--max-predictions",
        type=positive,
        metavar="N",
        help="of a row (the share --masked-lm-prob of its length, if not given)",
    )
    group.add_argument("--masked-lm-prob", type=float, default=0.15, metavar="X")
    group.add_argument(
        "--whole-word", action="store_true", help="mask the pieces of a word together"
    )
    group.add_argument("--max-ngram", type=positive, default=1, metavar="N", help="words together")
    group.add_argument(
        "--no-next-sentence",
        action="store_true",
        help="rows full of text instead of pairs of passages",
    )
    group.add_argument(
        "--cross-documents",
        action="store_true",
        help="such rows go on in the next document",
    )
    group.add_argument(
        "--dupe-factor", type=positive, default=10, metavar="N", help="times through the text"
    )
    group.add_argument("--short-sequence-prob", type=float, default=0.1, metavar="X")
    group.add_argument("--seed", type=int, default=0, metavar="N")


def _add_work(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--block-megabytes",
        dest="block_characters",
        type=_characters,
        default="8",
        metavar="X",
        help="text of a shard, in millions of characters",
    )
    group.add_argument("--compress", action="store_true", help="gzip the shards")
    group.add_argument("--processes", type=positive, default=1, metavar="N")


def _characters(text: str) -> int:
    """An argparse type: megabytes of text, as characters."""
    try:
        number = float(text) * 1e6
    except ValueError:
        number = 0.0
    if not 2 <= number < 1e12:
        raise argparse.ArgumentTypeError(f"expected megabytes of text; received {text!r}")
    return round(number)


def run(arguments: argparse.Namespace) -> int:
    """Makes the shards that are not there yet."""
    from keras_bert.data.corpus import corpus_bytes, corpus_files
    from keras_bert.data.pretraining_data import make_pretraining_data

    on_beam = arguments.runner is not None
    options = beam_options(arguments, arguments.processes) if on_beam else None
    files = corpus_files(arguments.corpus)
    settings, tokenizer = settings_of(arguments), tokenizer_of(arguments)
    started = time.monotonic()
    with corpus_progress(corpus_bytes(files), "records") as show:
        content = make_pretraining_data(
            files,
            tokenizer,
            settings,
            arguments.out,
            processes=arguments.processes,
            pipeline_options=options,
            overwrite=arguments.overwrite,
            on_progress=show,
        )
    summary: dict[str, Any] = {"out": arguments.out, "records": content["records"]}
    summary["shards"] = len(content["records_of_shards"])
    summary["seconds"] = round(time.monotonic() - started, 1)
    print_scores(summary, as_json=arguments.json)
    return 0


def settings_of(arguments: argparse.Namespace) -> "PretrainingSettings":
    """The recipe that the command line gave."""
    from keras_bert.data.pretraining_settings import PretrainingSettings

    return PretrainingSettings(
        sequence_length=arguments.sequence_length,
        max_predictions_per_seq=arguments.max_predictions,
        masked_lm_prob=arguments.masked_lm_prob,
        whole_word=arguments.whole_word,
        max_ngram=arguments.max_ngram,
        next_sentence=not arguments.no_next_sentence,
        cross_documents=arguments.cross_documents,
        dupe_factor=arguments.dupe_factor,
        short_sequence_prob=arguments.short_sequence_prob,
        block_characters=arguments.block_characters,
        seed=arguments.seed,
        compress=arguments.compress,
    )


def tokenizer_of(arguments: argparse.Namespace) -> "BertTokenizer":
    """The tokenizer of a vocabulary file or of a preset."""
    from keras_bert.checkpoints.vocabulary_file import looks_lowercase
    from keras_bert.text.tokenizer import BertTokenizer
    from keras_bert.text.vocabulary import Vocabulary

    given = {} if arguments.lowercase is None else {"lowercase": arguments.lowercase}
    if arguments.preset:
        return BertTokenizer.from_preset(arguments.preset, **given)
    vocabulary = Vocabulary.from_file(arguments.vocab)
    lowercase = {"lowercase": bool(looks_lowercase(vocabulary))} | given
    return BertTokenizer(vocabulary, **lowercase)
