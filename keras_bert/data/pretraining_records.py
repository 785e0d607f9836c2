"""Reads pretraining records as batches of features, in an order that can be come back to.

The order of an epoch depends on the seed and the epoch's number alone, and reading may
begin at any batch of any epoch: a run that is resumed reads what an uninterrupted one
would have read.

Shapes: B rows of a batch, S positions, P predictions a row.
"""

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf

from keras_bert.data.corpus import Path
from keras_bert.data.faulty_records import require_known_ids
from keras_bert.data.pretraining_manifest import check_shards, check_vocabulary, read_manifest
from keras_bert.data.record_files import count_records, first_record, is_gzipped, record_files
from keras_bert.data.record_schema import RecordSchema
from keras_bert.text.vocabulary import Vocabulary

SHUFFLED_AT_ONCE = 16_384  # records, some 900 bytes each
_FILES_AT_ONCE, _RECORDS_OF_A_FILE = 16, 8


@dataclasses.dataclass(frozen=True)
class PretrainingRecords:
    """What is known of some files of records before they are read.

    Attributes:
        files: TFRecord files.
        schema: what each record holds.
        count: of all records.
    """

    files: list[str]
    schema: RecordSchema
    count: int


def read_pretraining_records(
    paths: Path | Iterable[Path],
    batch_size: int,
    *,
    shuffle: bool = True,
    seed: int = 0,
    first_epoch: int = 0,
    first_batch: int = 0,
    epochs: int | None = 1,
    drop_remainder: bool = False,
    vocabulary: Vocabulary | Sequence[str] | None = None,
) -> tf.data.Dataset:
    """Batches of the records that `make_pretraining_data` and Google's scripts write.

    Args:
        paths: a folder, a pattern, or files; gzipped or not.
        batch_size: B.
        shuffle: another order in each epoch: of the files, of which several are read by
            turns, and of stretches of 16,384 records. False reads files as they are.
        seed: of the order.
        first_epoch: number of the first epoch, from 0.
        first_batch: batches of that epoch that are left out.
        epochs: how many are read, the first one included; None goes on for ever.
        drop_remainder: leave out the last batch of an epoch where it is smaller.
        vocabulary: of the model; records that are known to be of another are refused here,
            and ids that it does not have, as `require_known_ids`, when a batch is read.

    Returns:
        A dataset of dicts: `input_word_ids`, `input_mask`, `input_type_ids` int32 [B, S];
        `masked_lm_positions`, `masked_lm_ids` int32 and `masked_lm_weights` float32
        [B, P]; and where records have it, `next_sentence_labels` int32 [B]. Its
        cardinality is known.

    Raises:
        ValueError: no files, no records, records of another kind or vocabulary, unfinished
            data, fewer records than a batch with `drop_remainder`.
    """
    known = inspect_records(paths, vocabulary)
    batches = _batches(known.count, batch_size, drop_remainder)
    if min(first_epoch, first_batch) < 0 or first_batch > batches:
        raise ValueError(
            f"expected first_epoch from 0, and first_batch from 0 to {batches}; received "
            f"first_epoch={first_epoch}, first_batch={first_batch}"
        )

    def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
        records = _shuffled(known.files, tf.stack([seed, epoch])) if shuffle else _in_order(known)
        return records.batch(batch_size, drop_remainder)

    def features_of(records: tf.Tensor) -> dict[str, tf.Tensor]:
        features = known.schema.parse(records)
        if vocabulary is not None:
            require_known_ids(features, len(vocabulary))
        return features

    numbers = tf.data.Dataset.counter(first_epoch, dtype=tf.int64)
    if epochs is not None:
        numbers = numbers.take(epochs)
    dataset = numbers.flat_map(epoch_batches).skip(first_batch)
    dataset = dataset.map(features_of, num_parallel_calls=tf.data.AUTOTUNE)
    total = tf.data.INFINITE_CARDINALITY if epochs is None else epochs * batches - first_batch
    return dataset.apply(tf.data.experimental.assert_cardinality(total)).prefetch(tf.data.AUTOTUNE)


def inspect_records(
    paths: Path | Iterable[Path], vocabulary: Vocabulary | Sequence[str] | None = None
) -> PretrainingRecords:
    """Looks at files of records without reading them.

    Raises:
        ValueError: as `read_pretraining_records`.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = record_files(several)
    manifests = manifests_beside(files)
    for folder, manifest in manifests.items():
        _check(folder, manifest, vocabulary)
    schema = _schema_of_all(files)
    counts = {pathlib.Path(file): count_records(file) for file in files}
    for folder in {pathlib.Path(path) for path in several} & set(manifests):  # not of a pattern
        there = {file.name: n for file, n in counts.items() if file.parent == folder}
        check_shards(folder, manifests[folder], there)
    return PretrainingRecords(files, schema, sum(counts[pathlib.Path(file)] for file in files))


def manifests_beside(files: Iterable[Path]) -> dict[pathlib.Path, dict[str, Any]]:
    """The manifests of the folders of some files, where there are any."""
    folders = sorted({pathlib.Path(file).parent for file in files})
    found = {folder: read_manifest(folder) for folder in folders}
    return {folder: manifest for folder, manifest in found.items() if manifest is not None}


def _check(folder: pathlib.Path, manifest: dict[str, Any], vocabulary: Any) -> None:
    if not manifest.get("complete"):
        raise ValueError(
            f"expected finished pretraining data in {folder}; received unfinished ones: the "
            "command that made them goes on when it is run again"
        )
    if vocabulary is not None:
        check_vocabulary(folder, manifest, vocabulary)


def _schema_of_all(files: Sequence[str]) -> RecordSchema:
    first: tuple[str, RecordSchema] | None = None
    for file in files:
        record = first_record(file)
        if record is None:
            continue
        schema = RecordSchema.of_record(record, file)
        first = first or (file, schema)
        if schema != first[1]:
            raise ValueError(
                f"expected records alike in all files; received {first[1]} in {first[0]} and "
                f"{schema} in {file}"
            )
    if first is None:
        raise ValueError(f"expected records in {', '.join(files[:3])}; received empty files")
    if len({is_gzipped(file) for file in files}) > 1:
        raise ValueError("expected all files of records gzipped, or none; received both kinds")
    return first[1]


def _batches(records: int, batch_size: int, drop_remainder: bool) -> int:
    if batch_size < 1:
        raise ValueError(f"expected batch_size of at least 1; received {batch_size}")
    whole, rest = divmod(records, batch_size)
    if drop_remainder and not whole:
        raise ValueError(
            f"expected at least batch_size={batch_size} records with drop_remainder; "
            f"received {records}"
        )
    return whole + (rest > 0 and not drop_remainder)


def _compression(files: Sequence[str]) -> str:
    return "GZIP" if is_gzipped(files[0]) else ""


def _in_order(known: PretrainingRecords) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(known.files, _compression(known.files))


def _shuffled(files: Sequence[str], key: tf.Tensor) -> tf.data.Dataset:
    """Records in an order that depends on the key alone, int64 [2]."""
    compression = _compression(files)
    order = tf.random.experimental.stateless_shuffle(tf.constant(list(files)), key, alg="philox")
    records = tf.data.Dataset.from_tensor_slices(order).interleave(
        lambda file: tf.data.TFRecordDataset(file, compression),
        cycle_length=_FILES_AT_ONCE,
        block_length=_RECORDS_OF_A_FILE,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )

    # `Dataset.shuffle` would depend on TensorFlow's global seed too.
    def shuffle(number: tf.Tensor, stretch: tf.Tensor) -> tf.Tensor:
        inner = tf.random.fold_in(key, number, alg="philox")
        return tf.random.experimental.stateless_shuffle(stretch, inner, alg="philox")

    return records.batch(SHUFFLED_AT_ONCE).enumerate().map(shuffle).unbatch()
