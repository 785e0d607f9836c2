"""Records that tf-models-official made and read: see `golden/record_pretraining_records.py`."""

import pathlib

import numpy as np
import pytest
from pretraining_corpus import make_documents, make_tokenizer, write_corpus

from keras_bert.data.pretraining_data import make_pretraining_data
from keras_bert.data.pretraining_records import read_pretraining_records
from keras_bert.data.pretraining_settings import PretrainingSettings

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "pretraining_records"


@pytest.mark.parametrize("file", ["google.tfrecord", "tf_models.tfrecord.gz", "ours.tfrecord"])
def test_records_are_read_as_the_model_garden_reads_them(file):
    theirs = np.load(GOLDEN / f"{file.split('.')[0]}.npz")
    (mine,) = read_pretraining_records(GOLDEN / file, 100, shuffle=False)
    assert len(theirs["input_mask"]) >= 5
    assert set(mine) == set(theirs)
    for name, value in mine.items():
        expected = theirs[name][:, 0] if name == "next_sentence_labels" else theirs[name]
        np.testing.assert_array_equal(value, expected, err_msg=name)


def test_records_are_still_those_that_the_model_garden_read(tmp_path):
    corpus = write_corpus(tmp_path / "corpus.txt", make_documents(5))
    settings = PretrainingSettings(
        sequence_length=23, max_predictions_per_seq=4, dupe_factor=1, seed=3
    )
    make_pretraining_data([corpus], make_tokenizer(), settings, tmp_path / "data")
    shard = tmp_path / "data" / "pretraining-00000.tfrecord"
    assert shard.read_bytes() == (GOLDEN / "ours.tfrecord").read_bytes()
