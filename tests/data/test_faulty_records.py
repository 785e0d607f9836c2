"""Faults in the middle of records are told with the file."""

import gzip

import pytest
import tensorflow as tf
from pretraining_records_files import WORDS, write_records

from keras_bert.data.faulty_records import naming_faulty_records
from keras_bert.data.pretraining_passes import pretraining_stream
from keras_bert.data.pretraining_records import read_pretraining_records
from keras_bert.data.record_files import count_records, record_files

FEW = WORDS[:20]


@pytest.fixture
def folder(tmp_path):
    return write_records(tmp_path / "train")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_ids_beyond_the_vocabulary_are_no_batch(folder):
    message = r"expected input_word_ids from 0 and below 20, the vocabulary.*s size; received\] \[2"
    stream = pretraining_stream(folder, 5, steps=2, steps_per_period=1, vocabulary=FEW)
    for batches in (read_pretraining_records(folder, 5, vocabulary=FEW), stream.dataset()):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            next(iter(batches))
    assert len(list(read_pretraining_records(folder, 5, vocabulary=WORDS))) == 5


def test_the_file_of_an_unknown_id_is_named(folder):
    files = record_files(folder)
    size = len(WORDS) - 1
    message = (
        rf"expected \w+ from 0 and below {size}, the vocabulary's size, in {files[0]}; received "
        rf"{size} in record \d+, counted from 0: it is of another vocabulary"
    )
    with pytest.raises(ValueError, match=message), naming_faulty_records(files, size):
        list(read_pretraining_records(folder, 5, vocabulary=WORDS[:-1]))


def test_the_file_of_a_damaged_record_is_named(folder):
    files = record_files(folder)
    flip(folder / "part-00001.tfrecord")
    message = r"expected whole records alike in .*part-00001\.tfrecord; received: corrupted record"
    with pytest.raises(ValueError, match=message), naming_faulty_records(files, len(WORDS)):
        list(read_pretraining_records(folder, 5))


def test_a_fault_that_is_not_of_the_files_stays_as_it_is(folder):
    (folder / "part-00000.tfrecord").write_bytes(b"")
    files = record_files(folder)
    fault = tf.errors.InvalidArgumentError(None, None, "another")
    with (
        pytest.raises(tf.errors.InvalidArgumentError, match="another"),
        naming_faulty_records(files, len(WORDS)),
    ):
        raise fault


def test_a_damaged_gzipped_file_is_named(folder):
    path = folder / "part-00000.tfrecord"
    path.write_bytes(gzip.compress(path.read_bytes()))
    flip(path)
    with pytest.raises(ValueError, match=r"expected whole TFRecords in .*part-00000"):
        count_records(path)
