"""Pretraining data by Apache Beam: the same shards, to the last byte."""

import pytest
from pretraining_corpus import VOCABULARY, make_documents, make_tokenizer, write_corpus

pytest.importorskip("apache_beam")

from keras_bert.cli.main import main
from keras_bert.data import pretraining_beam
from keras_bert.data.pretraining_data import make_pretraining_data
from keras_bert.data.pretraining_manifest import read_manifest
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.text_blocks import corpus_units, read_blocks

RECIPE = {"sequence_length": 29, "dupe_factor": 1, "block_characters": 2000, "seed": 7}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Small files, that share a block, before and after one of several blocks."""
    folder = tmp_path_factory.mktemp("corpus")
    documents = make_documents(83)
    parts = [documents[:2], documents[2:5], documents[5:70], documents[70:73], documents[73:]]
    return [write_corpus(folder / f"{n}.txt", part) for n, part in enumerate(parts)]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_beam_makes_the_same_shards(corpus, tmp_path, capsys):
    assert len(corpus_units(corpus, 2000)) == 2
    settings = PretrainingSettings(**RECIPE)
    plain = make_pretraining_data(corpus, make_tokenizer(), settings, tmp_path / "plain")
    assert len(plain["records_of_shards"]) > 5
    VOCABULARY.save(tmp_path / "vocab.txt")
    words = f"--vocab {tmp_path / 'vocab.txt'} --out {tmp_path / 'beam'} --sequence-length 29 "
    words += "--dupe-factor 1 --block-megabytes 0.002 --seed 7"
    command = ["pretrain-data", *map(str, corpus), *words.split(), "--runner", "DirectRunner"]
    assert main(command) == 0
    assert f"records  {plain['records']}" in capsys.readouterr().out
    assert contents(tmp_path / "beam") == contents(tmp_path / "plain")
    lost = tmp_path / "beam" / "pretraining-00002.tfrecord"
    kept = tmp_path / "beam" / "pretraining-00003.tfrecord"
    made = kept.stat().st_mtime_ns
    lost.unlink()
    assert main(command) == 0
    assert contents(tmp_path / "beam") == contents(tmp_path / "plain")
    assert kept.stat().st_mtime_ns == made


def test_beam_reads_no_pipe(corpus, tmp_path):
    with pytest.raises(ValueError, match="expected files for Beam's workers to read; received st"):
        next(
            pretraining_beam.shards_on_beam(
                ["-"], None, make_tokenizer(), PretrainingSettings(), []
            )
        )


def test_shards_that_are_written_elsewhere_are_missed(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining_beam, "write_shard", lambda *arguments: None)
    count = len(list(read_blocks(corpus, 2000)))
    settings, tokenizer = PretrainingSettings(**RECIPE), make_tokenizer()
    options = ["--runner=DirectRunner"]
    with pytest.raises(
        RuntimeError, match=f"expected {count} shards in .* ended without {count} of"
    ):
        make_pretraining_data(corpus, tokenizer, settings, tmp_path, pipeline_options=options)
    assert not read_manifest(tmp_path)["complete"]
