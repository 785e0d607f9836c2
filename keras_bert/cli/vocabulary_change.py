"""`keras-bert vocab --continue` and `--prune`: a vocabulary, or a checkpoint with its own."""

import argparse
import pathlib
from typing import TYPE_CHECKING, Any, NamedTuple

from keras_bert.cli import vocab

if TYPE_CHECKING:
    from keras_bert.checkpoints.checkpoint import Checkpoint
    from keras_bert.data.vocabulary_extension import ChangedVocabulary
    from keras_bert.data.word_counts import WordCounts
    from keras_bert.text.vocabulary import Vocabulary

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


class _Source(NamedTuple):
    """What is changed: a vocabulary, and the checkpoint and format that it comes from."""

    vocabulary: "Vocabulary"
    lowercase: bool
    checkpoint: "Checkpoint | None" = None
    format: str | None = None


def change(arguments: argparse.Namespace) -> dict[str, Any]:
    """Continues or prunes; gives the report."""
    source = _read(arguments.extended or arguments.prune, arguments.lowercase)
    _check_out(source, arguments)
    words = vocab.count_words(arguments.corpus, source.lowercase, arguments)
    changed = _extended(source, words, arguments)
    _write(source, changed, arguments)
    old, new = set(source.vocabulary), set(changed.vocabulary)
    report: dict[str, Any] = {
        "out": arguments.out,
        "format": source.format or "vocab.txt",
        "size_before": len(source.vocabulary),
        "size": len(changed.vocabulary),
        "added": len(new - old),
        "dropped": len(old - new),
        "lowercase": source.lowercase,
        **vocab.facts_of(words),
    }
    texts = {"": words}
    if arguments.held_out:
        held_out = vocab.count_words([arguments.held_out], source.lowercase, arguments)
        texts["held_out_"] = held_out
    for prefix, counted in texts.items():
        for suffix, vocabulary in ("_before", source.vocabulary), ("", changed.vocabulary):
            fit = vocab.fit_to(vocabulary, counted)
            report |= {f"{prefix}{key}{suffix}": value for key, value in fit.items()}
    return report


def _extended(
    source: _Source, words: "WordCounts", arguments: argparse.Namespace
) -> "ChangedVocabulary":
    from keras_bert.data.vocabulary_extension import extend_vocabulary
    from keras_bert.data.vocabulary_pruning import prune_vocabulary

    if arguments.prune:
        return prune_vocabulary(
            source.vocabulary,
            words.counts,
            min_count=arguments.min_count,
            keep_characters=not arguments.no_characters,
        )
    return extend_vocabulary(
        source.vocabulary,
        words.counts,
        arguments.add,
        replace_unused=not arguments.append,
        min_frequency=arguments.min_frequency,
    )


def _read(name: str, lowercase: bool | None) -> _Source:
    """Reads a vocabulary file, or a checkpoint of any format."""
    from keras_bert.checkpoints.formats import detect_format, read_checkpoint
    from keras_bert.checkpoints.vocabulary_file import looks_lowercase
    from keras_bert.presets import resolve_preset
    from keras_bert.text.vocabulary import Vocabulary

    if pathlib.Path(name).is_file() and not name.endswith(_ARCHIVES):
        vocabulary = Vocabulary.from_file(name)
        return _Source(vocabulary, _first(lowercase, looks_lowercase(vocabulary)))
    folder = resolve_preset(name)
    format = detect_format(folder)
    checkpoint = read_checkpoint(folder, format)
    if checkpoint.vocabulary is None:
        raise ValueError(f"expected a checkpoint with a vocabulary; received {folder} without one")
    vocabulary = Vocabulary(checkpoint.vocabulary)
    lowercase = _first(lowercase, checkpoint.lowercase, looks_lowercase(vocabulary))
    return _Source(vocabulary, lowercase, checkpoint, format)


def _first(*values: bool | None) -> bool:
    return next((value for value in values if value is not None), True)


def _check_out(source: _Source, arguments: argparse.Namespace) -> None:
    from keras_bert.checkpoints.atomic import check_destination
    from keras_bert.checkpoints.formats import FORMATS

    if source.format is None:
        vocab.refuse_occupied(arguments)
        return
    if source.format not in FORMATS:
        raise ValueError(
            f"expected a checkpoint in a format that is written too ({', '.join(FORMATS)}); "
            f"received one of {source.format}, which `keras-bert convert` makes one of those"
        )
    check_destination(arguments.out, arguments.overwrite)


def _write(source: _Source, changed: "ChangedVocabulary", arguments: argparse.Namespace) -> None:
    from keras_bert.checkpoints.formats import write_checkpoint
    from keras_bert.checkpoints.vocabulary_rows import with_vocabulary

    if source.checkpoint is None or source.format is None:
        vocab.write_vocabulary_file(changed.vocabulary, arguments.out)
        return
    sources = list(changed.sources)
    if arguments.extended:
        # Rows beyond the old vocabulary are padding, which stays where there is room.
        sources += [(row,) for row in range(len(sources), source.checkpoint.config.vocab_size)]
    checkpoint = with_vocabulary(source.checkpoint, list(changed.vocabulary), sources)
    write_checkpoint(checkpoint, arguments.out, source.format, overwrite=arguments.overwrite)
