"""Shards: the records of one block of text in one file, whole or not there.

A shard depends on its block, the block's number, the settings and the vocabulary alone:
who finds it there need not make it again, and it matters not who makes it.
"""

import os
import pathlib
from collections.abc import Callable

import tensorflow as tf

from keras_bert.checkpoints.atomic_file import atomic_file
from keras_bert.checkpoints.write_errors import write_error
from keras_bert.data.pretraining_instances import PretrainingInstances
from keras_bert.data.record_files import GZIP_SUFFIX, SUFFIX
from keras_bert.data.record_schema import serialize
from keras_bert.data.text_blocks import TextBlock

NAME = "pretraining"


def shard_path(
    folder: str | os.PathLike[str], number: int, compressed: bool = False
) -> pathlib.Path:
    """The file of a shard: `pretraining-00000.tfrecord`, with `.gz` if compressed."""
    suffix = SUFFIX + GZIP_SUFFIX * compressed
    return pathlib.Path(folder) / f"{NAME}-{number:05d}{suffix}"


def write_shard(
    path: pathlib.Path,
    block: TextBlock,
    instances: PretrainingInstances,
    check: Callable[[], None] = lambda: None,
) -> int:
    """Writes the records of a block; the file appears when all are in it.

    Args:
        path: of the shard.
        block: its text.
        instances: makes rows of it.
        check: called between batches; what it raises stops the work, and leaves nothing.

    Returns:
        How many records there are.

    Raises:
        OSError: the disk is full or cannot be written to.
    """
    count, compression = 0, "GZIP" if instances.settings.compress else ""
    try:
        with (
            atomic_file(path) as stream,
            tf.io.TFRecordWriter(stream.name, compression) as writer,
        ):
            for batch in instances.batches(block):
                check()
                for record in serialize(batch):
                    writer.write(record)
                    count += 1
    except tf.errors.OpError as error:
        raise write_error(path, error) from error
    return count
