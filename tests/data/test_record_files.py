import gzip

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.data.record_files import count_records, first_record, is_gzipped, record_files
from keras_bert.data.record_schema import RecordSchema, serialize


def write(path, records, compression=""):
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)
    return path


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_records_are_counted_and_the_first_is_read(tmp_path, compression):
    path = write(tmp_path / "a", [b"first", b"", b"x" * 70_000], compression)
    assert count_records(path) == 3
    assert first_record(path) == b"first"
    assert is_gzipped(path) == bool(compression)
    empty = write(tmp_path / "b", [], compression)
    assert count_records(empty) == 0 and first_record(empty) is None


def test_files_cut_short_are_refused(tmp_path):
    whole = write(tmp_path / "a", [b"first", b"second"]).read_bytes()
    for cut in (1, 11, 15, 20, len(whole) - 1):
        path = tmp_path / "cut"
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=f"expected whole TFRecords in {path}; received"):
            count_records(path)
    for content in (gzip.compress(whole)[:-9], gzip.compress(whole[:-1])[:-1]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"expected whole TFRecords in {path}; received"):
            count_records(path)
    path.write_bytes(b"no TFRecord at all, but some text that goes on")
    with pytest.raises(ValueError, match="received a file cut short, or another"):
        first_record(path)
    path.write_bytes(gzip.compress(b"no TFRecord either, but some text that goes on"))
    with pytest.raises(ValueError, match="received a file cut short, or another"):
        first_record(path)


def test_files_of_folders_and_patterns(tmp_path):
    for name in ("b.tfrecord", "a.tfrecord.gz", "notes.json", "odd[1].tfrecord"):
        (tmp_path / name).touch()
    here = [str(tmp_path / name) for name in ("a.tfrecord.gz", "b.tfrecord", "odd[1].tfrecord")]
    assert record_files(tmp_path) == here
    assert record_files(f"{tmp_path}/*.tfrecord") == here[1:]
    assert record_files([here[2], tmp_path / "notes.json"]) == [here[2], f"{tmp_path}/notes.json"]
    with pytest.raises(ValueError, match=r"expected TFRecord files in .*/c\*; received none"):
        record_files(f"{tmp_path}/c*")
    with pytest.raises(ValueError, match="expected TFRecord files in a list; received none"):
        record_files([])


def features(rows=3, length=7, predictions=2):
    rng = np.random.default_rng(2)
    return {
        "input_word_ids": rng.integers(0, 99, (rows, length)).astype("int32"),
        "input_mask": rng.integers(0, 2, (rows, length)).astype("int32"),
        "input_type_ids": rng.integers(0, 2, (rows, length)).astype("int32"),
        "masked_lm_positions": rng.integers(0, length, (rows, predictions)).astype("int32"),
        "masked_lm_ids": rng.integers(0, 99, (rows, predictions)).astype("int32"),
        "masked_lm_weights": rng.integers(0, 2, (rows, predictions)).astype("float32"),
        "next_sentence_labels": rng.integers(0, 2, rows).astype("int32"),
    }


@pytest.mark.parametrize("next_sentence", [True, False])
def test_features_come_back_from_records(next_sentence):
    rows = features()
    if not next_sentence:
        del rows["next_sentence_labels"]
    records = serialize(rows)
    assert records == serialize(dict(reversed(rows.items())))
    schema = RecordSchema.of_record(records[0], "here")
    assert schema == RecordSchema(7, 2, next_sentence, google_names=True)
    parsed = schema.parse(tf.constant(records))
    assert parsed.keys() == rows.keys()
    for name, value in rows.items():
        np.testing.assert_array_equal(parsed[name], value, err_msg=name)
        assert parsed[name].dtype == value.dtype


def test_google_names_are_written():
    stored = tf.train.Example.FromString(serialize(features())[0]).features.feature
    assert sorted(stored) == [
        "input_ids",
        "input_mask",
        "masked_lm_ids",
        "masked_lm_positions",
        "masked_lm_weights",
        "next_sentence_labels",
        "segment_ids",
    ]
    assert len(stored["next_sentence_labels"].int64_list.value) == 1


def test_other_records_are_refused():
    with pytest.raises(ValueError, match=r"expected a tf\.train\.Example in there; received other"):
        RecordSchema.of_record(b"\xff\xff\xff", "there")
    example = tf.train.Example.FromString(serialize(features())[0])
    del example.features.feature["masked_lm_ids"]
    with pytest.raises(ValueError, match="in there; received one without masked_lm_ids"):
        RecordSchema.of_record(example.SerializeToString(), "there")
