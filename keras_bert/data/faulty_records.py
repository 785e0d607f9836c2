"""Records that no run can learn from: damaged ones, and those of another vocabulary.

In the middle of a run TensorFlow names neither the file nor the record. Only then are the
files read once more, in turn, for the one that is at fault.

Shapes: B rows of a batch, S positions, P predictions a row.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from keras_bert.checkpoints.tensorflow_errors import reason_of
from keras_bert.data.corpus import Path
from keras_bert.data.record_files import first_record, is_gzipped
from keras_bert.data.record_schema import RecordSchema

_IDS = ("input_word_ids", "masked_lm_ids")
_READ_AT_ONCE = 1024


def require_known_ids(features: Mapping[str, tf.Tensor], vocabulary_size: int) -> None:
    """Asserts, in a graph, that word ids [B, S] and [B, P] are of the vocabulary.

    JAX reads NaN where a table has no such row, and trains on.

    Raises:
        tf.errors.InvalidArgumentError: when a batch is read, with the id.
    """
    for name in _IDS:
        unknown = _unknown(features[name], vocabulary_size)
        tf.debugging.Assert(
            tf.logical_not(tf.reduce_any(unknown)),
            [
                f"expected {name} from 0 and below {vocabulary_size}, the vocabulary's size; "
                "received",
                tf.boolean_mask(features[name], unknown),
            ],
            summarize=1,
        )


@contextlib.contextmanager
def naming_faulty_records(files: Iterable[Path], vocabulary_size: int) -> Iterator[None]:
    """Says of what TensorFlow raises in the block in which file the fault is.

    Args:
        files: TFRecord files of pretraining that are read in the block.
        vocabulary_size: of the model's vocabulary.

    Raises:
        ValueError: instead of TensorFlow's error where a file is at fault.
    """
    try:
        yield
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        for file in files:
            _refuse_faulty(file, vocabulary_size, error)
        raise


def _refuse_faulty(file: Path, vocabulary_size: int, cause: Exception) -> None:
    first = first_record(file)
    if first is None:
        return
    schema = RecordSchema.of_record(first, os.fspath(file))
    records = tf.data.TFRecordDataset(os.fspath(file), "GZIP" if is_gzipped(file) else "")
    before = 0
    try:
        for batch in records.batch(_READ_AT_ONCE).map(schema.parse).as_numpy_iterator():
            for name in _IDS:
                rows, columns = np.nonzero(_unknown(batch[name], vocabulary_size))
                if len(rows):
                    raise ValueError(
                        f"expected {name} from 0 and below {vocabulary_size}, the vocabulary's "
                        f"size, in {os.fspath(file)}; received {batch[name][rows[0], columns[0]]} "
                        f"in record {before + rows[0]}, counted from 0: it is of another vocabulary"
                    ) from cause
            before += len(batch[_IDS[0]])
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(
            f"expected whole records alike in {os.fspath(file)}; received: {reason_of(error)}"
        ) from cause


def _unknown(ids: tf.Tensor | np.ndarray, vocabulary_size: int) -> tf.Tensor | np.ndarray:
    return (ids < 0) | (ids >= vocabulary_size)
