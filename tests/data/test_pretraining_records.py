"""Batches of records: complete, in an order that follows from seed and epoch alone."""

import itertools
import json

import numpy as np
import pytest
import tensorflow as tf
from pretraining_corpus import VOCABULARY, make_documents, make_tokenizer, write_corpus

from keras_bert.data import pretraining_records
from keras_bert.data.pretraining_data import make_pretraining_data
from keras_bert.data.pretraining_manifest import MANIFEST
from keras_bert.data.pretraining_passes import digest
from keras_bert.data.pretraining_records import inspect_records, read_pretraining_records
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.record_files import record_files
from keras_bert.data.record_schema import RecordSchema

BATCH = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    corpus = write_corpus(folder / "corpus.txt", make_documents(61))
    recipe = {"sequence_length": 29, "dupe_factor": 1, "block_characters": 2000, "compress": True}
    settings = PretrainingSettings(**recipe)
    make_pretraining_data([corpus], make_tokenizer(), settings, folder / "data")
    return folder / "data"


def ids_of(paths, batch_size=BATCH, **options):
    """The word ids of all batches, a list of [B, S]."""
    dataset = read_pretraining_records(paths, batch_size, **options)
    batches = [batch["input_word_ids"].numpy() for batch in dataset]
    assert len(batches) == dataset.cardinality()
    return batches


def as_set(batches):
    return sorted(map(bytes, np.concatenate(batches)))


def test_an_epoch_has_every_record_once(folder):
    count = inspect_records(folder, VOCABULARY).count
    plain = ids_of(folder, shuffle=False)
    assert sum(map(len, plain)) == count and len(plain[-1]) == count % BATCH
    first, second = ids_of(folder), ids_of(folder, first_epoch=1)
    assert as_set(first) == as_set(second) == as_set(plain)
    for one, other in itertools.combinations((plain, first, second), 2):
        assert not all(map(np.array_equal, one, other))
    assert not all(map(np.array_equal, first, ids_of(folder, seed=1)))
    whole = ids_of(folder, drop_remainder=True)
    assert len(whole) == count // BATCH and all(map(np.array_equal, first, whole))


def test_reading_goes_on_at_any_batch_whatever_the_global_seed(folder, monkeypatch):
    monkeypatch.setattr(pretraining_records, "SHUFFLED_AT_ONCE", 13)
    tf.random.set_seed(3)
    two = ids_of(folder, epochs=2, drop_remainder=True, seed=5)
    an_epoch = len(two) // 2
    tf.random.set_seed(4)
    for start in (1, an_epoch, an_epoch + 3):
        epoch, batch = divmod(start, an_epoch)
        options = {"first_epoch": epoch, "first_batch": batch, "epochs": 2 - epoch}
        rest = ids_of(folder, **options, drop_remainder=True, seed=5)
        assert len(rest) == len(two) - start
        assert all(map(np.array_equal, rest, two[start:]))
    endless = read_pretraining_records(folder, BATCH, epochs=None, drop_remainder=True, seed=5)
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY
    for mine, batch in zip(two, endless.take(len(two)), strict=True):
        np.testing.assert_array_equal(mine, batch["input_word_ids"])


def test_features_have_our_names_and_types(folder):
    spec = read_pretraining_records(folder, BATCH, drop_remainder=True).element_spec
    shapes = {name: (tuple(each.shape), each.dtype.name) for name, each in spec.items()}
    by_position, by_prediction = ((BATCH, 29), "int32"), ((BATCH, 4), "int32")
    assert shapes == {
        "input_word_ids": by_position,
        "input_mask": by_position,
        "input_type_ids": by_position,
        "masked_lm_positions": by_prediction,
        "masked_lm_ids": by_prediction,
        "masked_lm_weights": ((BATCH, 4), "float32"),
        "next_sentence_labels": ((BATCH,), "int32"),
    }


def test_what_cannot_be_read_is_refused(folder, tmp_path):
    count = inspect_records(folder).count
    with pytest.raises(ValueError, match=f"expected at least batch_size={count + 1} records with"):
        read_pretraining_records(folder, count + 1, drop_remainder=True)
    with pytest.raises(ValueError, match="expected batch_size of at least 1; received 0"):
        read_pretraining_records(folder, 0)
    for wrong in ({"first_epoch": -1}, {"first_batch": -1}, {"first_batch": 10_000}):
        with pytest.raises(ValueError, match="expected first_epoch from 0, and first_batch from"):
            read_pretraining_records(folder, BATCH, **wrong)
    with pytest.raises(ValueError, match="expected the vocabulary that the pretraining data in"):
        read_pretraining_records(folder, BATCH, vocabulary=[*VOCABULARY, "more"])
    with pytest.raises(ValueError, match=r"expected TFRecord files in .*; received none"):
        read_pretraining_records(tmp_path, BATCH)


def write(path, features, rows=3, compression=""):
    """Records of zeros under either naming."""
    schema = RecordSchema(**{"sequence_length": 5, "max_predictions_per_seq": 2, **features})
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for _ in range(rows):
            example = tf.train.Example()
            for name, shape in schema._shapes().items():
                feature = example.features.feature[schema._stored_name(name)]
                values = feature.float_list if "weights" in name else feature.int64_list
                values.value.extend([0] * (shape[0] if shape else 1))
            writer.write(example.SerializeToString())


def test_files_that_differ_are_refused(tmp_path):
    write(tmp_path / "a.tfrecord", {"next_sentence": True})
    (tmp_path / "b.tfrecord").touch()
    assert inspect_records(tmp_path).count == 3
    write(tmp_path / "c.tfrecord", {"next_sentence": False})
    with pytest.raises(ValueError, match=r"expected records alike in all files; received .*False"):
        inspect_records(tmp_path)
    write(tmp_path / "c.tfrecord", {"next_sentence": True}, compression="GZIP")
    with pytest.raises(ValueError, match="expected all files of records gzipped, or none"):
        inspect_records(tmp_path)
    with pytest.raises(ValueError, match=r"expected records in .*b\.tfrecord; received empty"):
        inspect_records(tmp_path / "b.tfrecord")


def test_the_names_of_tf_models_are_read(tmp_path):
    write(tmp_path / "a.tfrecord", {"next_sentence": True, "google_names": False}, rows=4)
    batch = next(iter(read_pretraining_records(tmp_path, 4)))
    assert batch["input_word_ids"].shape == batch["input_type_ids"].shape == (4, 5)


def copied(folder, to):
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())


def test_a_folder_that_is_not_what_its_manifest_lists_is_refused(folder, tmp_path):
    copied(folder, tmp_path)
    shards = sorted(tmp_path.glob("*.tfrecord.gz"))
    listed = rf"expected the {len(shards)} shards that pretraining_data\.json lists in {tmp_path}"
    count = inspect_records(shards[1]).count
    other = shards[0].read_bytes() + shards[1].read_bytes()
    whole = shards[1].read_bytes()
    shards[1].write_bytes(other)
    message = rf"{listed}, with {count} records in {shards[1].name}; received \d+ records in"
    with pytest.raises(ValueError, match=message):
        inspect_records(tmp_path)
    shards[1].unlink()
    for paths in (tmp_path, f"{tmp_path}/", [str(tmp_path)]):
        with pytest.raises(ValueError, match=rf"{listed}, with .*; received no {shards[1].name}"):
            inspect_records(paths)
    chosen = inspect_records(f"{tmp_path}/*.gz")
    assert len(chosen.files) == len(shards) - 1
    assert inspect_records(chosen.files).count == chosen.count
    shards[1].write_bytes(whole)
    (tmp_path / "more.tfrecord.gz").write_bytes(whole)
    with pytest.raises(ValueError, match=rf"{listed}, with no more.tfrecord.gz; received {count}"):
        inspect_records(tmp_path)


def test_a_digest_changes_with_names_sizes_and_what_the_records_are_made_of(folder, tmp_path):
    copied(folder, tmp_path)
    mine, files = digest(record_files(folder)), record_files(tmp_path)
    assert digest(files) == mine
    content = json.loads((folder / MANIFEST).read_text("utf-8"))
    content["settings"]["seed"] += 1
    (tmp_path / MANIFEST).write_text(json.dumps(content), "utf-8")
    assert digest(files) != mine
    (tmp_path / MANIFEST).unlink()
    alone = digest(files)
    assert len({mine, alone, digest(files[1:])}) == 3


def test_unfinished_data_are_refused(folder, tmp_path):
    copied(folder, tmp_path)
    content = json.loads((folder / MANIFEST).read_text("utf-8"))
    (tmp_path / MANIFEST).write_text(json.dumps(content | {"complete": False}), "utf-8")
    with pytest.raises(ValueError, match=r"expected finished pretraining data in .*; received unf"):
        inspect_records(tmp_path)
