"""The Apache Beam pipeline of pretraining data.

    units of files ──► how many blocks each has ──┐
                   └─► blocks ◄── their numbers ──┘ ──► shards

A unit is read by one worker, its blocks are spread over all of them, and a block becomes
a shard by the same function as without Beam: the records are equal to the last byte,
whichever runner there is. Reading twice, to number the blocks, is little beside the rest.

Files are read and written under their paths, which all workers see: one machine, or a file
system that is mounted on every machine.

Source: https://beam.apache.org/documentation/programming-guide/
"""

import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics, MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions

from keras_bert.data.corpus import STANDARD_INPUT, Path, corpus_bytes
from keras_bert.data.pretraining_instances import PretrainingInstances
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.pretraining_shards import write_shard
from keras_bert.data.record_files import count_records
from keras_bert.data.text_blocks import TextBlock, corpus_units, unit_blocks
from keras_bert.text.tokenizer import BertTokenizer

PathOf = Callable[[int], pathlib.Path]
Unit = tuple[int, list[str]]
_NUMBERS = "numbers of blocks"  # of which Beam tells the largest, however often one was tried


class WriteShards(beam.DoFn):
    """Makes the shards of blocks that are not there yet.

    Args:
        path_of: from a block's number to its shard.
        tokenizer: the configuration of a `BertTokenizer`.
        settings: the recipe.
    """

    def __init__(
        self, path_of: PathOf, tokenizer: dict[str, Any], settings: PretrainingSettings
    ) -> None:
        self._path_of, self._tokenizer, self._settings = path_of, tokenizer, settings

    def setup(self) -> None:
        """Runs once for each thread of a worker."""
        tokenizer = BertTokenizer.from_config(self._tokenizer)
        self._instances = PretrainingInstances(tokenizer, self._settings)

    def process(self, block: TextBlock) -> None:
        """Writes one shard."""
        Metrics.distribution("pretraining", _NUMBERS).update(block.number)
        path = self._path_of(block.number)
        if not path.exists():
            write_shard(path, block, self._instances)


def shards_on_beam(
    files: Sequence[Path],
    path_of: PathOf,
    tokenizer: BertTokenizer,
    settings: PretrainingSettings,
    options: Sequence[str],
) -> Iterator[tuple[int, int]]:
    """Makes all shards, and then counts them.

    Args:
        files: the corpus; no pipe.
        path_of: from a block's number to its shard.
        tokenizer: a `BertTokenizer`.
        settings: the recipe.
        options: of Beam, such as `--runner=FlinkRunner`.

    Yields:
        As `shards_of`, when the pipeline has ended: the bytes of the corpus, and records.

    Raises:
        ValueError: standard input, which workers cannot read.
        RuntimeError: a worker failed, or wrote elsewhere; whole shards stay.
    """
    if STANDARD_INPUT in map(str, files):
        raise ValueError("expected files for Beam's workers to read; received standard input")
    units = list(enumerate(corpus_units(files, settings.block_characters)))
    with beam.Pipeline(options=PipelineOptions(list(options))) as pipeline:
        spread = pipeline | "Units" >> beam.Create(units) | "Spread units" >> beam.Reshuffle()
        counts = beam.pvalue.AsDict(
            spread | "Count blocks" >> beam.Map(_count, settings.block_characters)
        )
        _ = (
            spread
            | "Read blocks" >> beam.FlatMap(_blocks, settings.block_characters, counts)
            | "Spread blocks" >> beam.Reshuffle()
            | "Write shards" >> beam.ParDo(WriteShards(path_of, tokenizer.get_config(), settings))
        )
    bytes_read = corpus_bytes(files) or 0
    for path in _all_shards(pipeline.result, path_of):
        yield bytes_read, count_records(path)


def _all_shards(result: Any, path_of: PathOf) -> list[pathlib.Path]:
    """The shards of an ended pipeline, at least one.

    Raises:
        RuntimeError: some are not here.
    """
    found = result.metrics().query(MetricsFilter().with_name(_NUMBERS))["distributions"]
    count = 1 + max((each.result.max for each in found), default=0)
    while path_of(count).exists():  # where a runner tells of none
        count += 1
    shards = [path_of(number) for number in range(count)]
    missing = sum(not shard.exists() for shard in shards)
    if missing:
        raise RuntimeError(
            f"expected {count} shards in {shards[0].parent}; the pipeline ended without {missing} "
            "of them here: do its workers see this folder?"
        )
    return shards


def _count(unit: Unit, characters: int) -> tuple[int, int]:
    number, files = unit
    return number, sum(1 for _ in unit_blocks(files, characters))


def _blocks(unit: Unit, characters: int, counts: dict[int, int]) -> Iterator[TextBlock]:
    """The blocks of a unit, numbered after those of the units before it."""
    number, files = unit
    first = sum(counts[before] for before in range(number))
    for block in unit_blocks(files, characters):
        yield block._replace(number=first + block.number)
