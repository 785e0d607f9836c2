"""A folder of shards: made, resumed, refused, and never half there."""

import json
import os
import resource
import threading

import pytest
from pretraining_corpus import VOCABULARY, make_documents, make_tokenizer, write_corpus

from keras_bert.cli.main import main
from keras_bert.data.pretraining_data import make_pretraining_data
from keras_bert.data.pretraining_manifest import (
    read_manifest,
    vocabulary_sha256,
    write_manifest,
)
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.pretraining_shards import write_shard
from keras_bert.data.record_files import count_records, is_gzipped
from keras_bert.data.text_blocks import read_blocks
from keras_bert.text.tokenizer import BertTokenizer

SETTINGS = {"sequence_length": 29, "dupe_factor": 2, "block_characters": 3000, "seed": 7}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "a.txt", make_documents(97))


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


@pytest.fixture(scope="module")
def whole(corpus, tokenizer, tmp_path_factory):
    """The folder that an uninterrupted call makes."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    make(corpus, tokenizer, folder)
    return folder


def make(corpus, tokenizer, folder, **options):
    settings = PretrainingSettings(**SETTINGS | options.pop("settings", {}))
    return make_pretraining_data([corpus], tokenizer, settings, folder, **options)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_shards_and_what_is_said_of_them(whole, corpus):
    content = read_manifest(whole)
    shards = sorted(whole.glob("*.tfrecord"))
    assert len(shards) > 5 and shards[3].name == "pretraining-00003.tfrecord"
    assert content["records_of_shards"] == [count_records(shard) for shard in shards]
    assert content["records"] == sum(content["records_of_shards"])
    assert content["complete"] and content["settings"]["dupe_factor"] == 2
    assert content["vocabulary_sha256"] == vocabulary_sha256(VOCABULARY)
    assert content["corpus"]["bytes"] == corpus.stat().st_size
    assert BertTokenizer(str(whole / "vocab.txt")).vocabulary == VOCABULARY


def test_a_finished_folder_is_left_alone(whole, corpus, tokenizer):
    before = contents(whole)
    assert make(corpus, tokenizer, whole) == read_manifest(whole)
    assert contents(whole) == before


@pytest.mark.parametrize("found", [0, 4])
def test_an_interrupted_call_is_gone_on_with(whole, corpus, tokenizer, tmp_path, found):
    folder = tmp_path / "data"
    seen = []

    def stop(bytes_read, records):
        seen.append((bytes_read, records))
        if len(seen) == found + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(corpus, tokenizer, folder, on_progress=stop)
    assert not read_manifest(folder)["complete"]
    times = {path: path.stat().st_mtime_ns for path in folder.glob("*.tfrecord")}
    assert len(times) == found + 1
    make(corpus, tokenizer, folder)
    assert contents(folder) == contents(whole)
    assert all(path.stat().st_mtime_ns == made for path, made in times.items())
    assert [read for read, _ in seen] == sorted(read for read, _ in seen)


def test_other_settings_and_vocabularies_are_refused_by_name(whole, corpus, tokenizer, tmp_path):
    before = contents(whole)
    message = r"received dupe_factor 3 \(there: 2\), seed 8 \(there: 7\): take another folder"
    with pytest.raises(ValueError, match=message):
        make(corpus, tokenizer, whole, settings={"dupe_factor": 3, "seed": 8})
    with pytest.raises(ValueError, match=r"received vocabulary_sha256 '.*' \(there: "):
        make(corpus, BertTokenizer([*VOCABULARY, "more"]), whole)
    with pytest.raises(ValueError, match=r"received lowercase False \(there: True\)"):
        make(corpus, BertTokenizer(VOCABULARY, lowercase=False), whole)
    other = write_corpus(tmp_path / "b.txt", make_documents(3))
    with pytest.raises(ValueError, match=r"received bytes \d+ \(there: \d+\), names_and_con"):
        make(other, tokenizer, whole)
    assert contents(whole) == before


@pytest.mark.parametrize("complete", [True, False])
def test_an_edited_corpus_of_the_same_size_is_refused(corpus, tokenizer, tmp_path, complete):
    mine = tmp_path / corpus.name
    mine.write_bytes(corpus.read_bytes())
    folder = tmp_path / "data"
    content = make(mine, tokenizer, folder)
    write_manifest(folder, content | {"complete": complete})
    assert make(mine, tokenizer, folder)["complete"]
    write_manifest(folder, content | {"complete": complete})
    mine.write_bytes(corpus.read_bytes()[::-1].strip() + b"\n")
    assert mine.stat().st_size == corpus.stat().st_size
    with pytest.raises(ValueError, match=r"received names_and_contents_sha256 '\w+' \(there: '\w+"):
        make(mine, tokenizer, folder)


def test_a_pipe_is_read_once(corpus, tokenizer, whole, tmp_path):
    pipe, folder = tmp_path / "pipe", tmp_path / "data"
    os.mkfifo(pipe)
    for _ in range(2):
        writer = threading.Thread(target=lambda: pipe.write_bytes(corpus.read_bytes()))
        writer.start()
        make(pipe, tokenizer, folder, overwrite=True)
        writer.join()
    shards = {path.name: path.read_bytes() for path in folder.glob("*.tfrecord")}
    assert shards.items() < contents(whole).items() and shards
    with pytest.raises(ValueError, match=r"expected files, to go on with .*; received a pipe"):
        make(pipe, tokenizer, folder)


def test_overwriting_leaves_nothing_of_the_old(corpus, tokenizer, tmp_path):
    make(corpus, tokenizer, tmp_path, settings={"dupe_factor": 1, "block_characters": 1500})
    before = len(list(tmp_path.glob("*.tfrecord")))
    (tmp_path / ".pretraining-00000.tfrecord.77.partial").touch()
    larger = {"dupe_factor": 1, "block_characters": 9000, "compress": True}
    content = make(corpus, tokenizer, tmp_path, settings=larger, overwrite=True)
    shards = sorted(tmp_path.glob("*tfrecord*"))
    assert len(shards) == len(content["records_of_shards"]) < before
    assert all(is_gzipped(shard) for shard in shards)
    assert sum(map(count_records, shards)) == content["records"]
    assert not list(tmp_path.glob(".*"))


def test_corpora_without_rows_leave_nothing(tokenizer, tmp_path):
    folder = tmp_path / "data"
    empty = write_corpus(tmp_path / "empty.txt", [[""], ["  "]])
    with pytest.raises(ValueError, match=r"expected text in .*empty\.txt; received none"):
        make(empty, tokenizer, folder)
    assert not folder.exists()
    lonely = write_corpus(tmp_path / "lonely.txt", [["da ."]])
    with pytest.raises(ValueError, match=r"expected text enough for one row in .*lonely\.txt"):
        make(lonely, tokenizer, folder)
    assert not list(folder.glob("*.tfrecord")) and read_manifest(folder) is None
    many = [empty] * 5
    with pytest.raises(ValueError, match="and 2 more files; received none"):
        make_pretraining_data(many, tokenizer, PretrainingSettings(), folder)
    with pytest.raises(ValueError, match="expected processes of at least 1; received 0"):
        make(lonely, tokenizer, folder, processes=0)


def test_a_full_disk_and_a_stop_leave_no_shard(corpus, tokenizer, tmp_path):
    from keras_bert.data.pretraining_instances import PretrainingInstances

    block = next(read_blocks([corpus], 3000))
    instances = PretrainingInstances(tokenizer, PretrainingSettings(**SETTINGS))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match=r"expected room and permission to write .*x\.tfrecord"):
            write_shard(tmp_path / "x.tfrecord", block, instances)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shard(tmp_path / "x.tfrecord", block, instances, stop)
    assert list(tmp_path.iterdir()) == []


def test_the_command_makes_the_same_and_tells_of_it(corpus, whole, tmp_path, capsys):
    VOCABULARY.save(tmp_path / "vocab.txt")
    words = f"pretrain-data {corpus.parent} --vocab {tmp_path / 'vocab.txt'} --seed 7 --json "
    words += f"--out {tmp_path / 'data'} --sequence-length 29 --dupe-factor 2 "
    assert main([*words.split(), "--block-megabytes", "0.003"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert contents(tmp_path / "data") == contents(whole)
    assert summary["shards"] == len(list(whole.glob("*.tfrecord")))
    assert summary["records"] == read_manifest(whole)["records"]


def test_the_command_refuses_what_is_no_text(tmp_path, capsys):
    vocabulary = tmp_path / "vocab.txt"
    VOCABULARY.save(vocabulary)
    binary = tmp_path / "binary"
    binary.write_bytes(b"da \xff")
    out = tmp_path / "out"
    words = f"pretrain-data {binary} --vocab {vocabulary} --out {out}".split()
    assert main(words) == 1
    assert "received byte 0xff in line 1" in capsys.readouterr().err
    assert not out.exists()
    missing = [str(tmp_path / "missing") if word == str(binary) else word for word in words]
    assert main(missing) == 1
    assert "where there is no file" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["none", "0", "-1", "nan", "inf"])
def test_the_size_of_blocks_is_a_number(size, capsys):
    words = ["pretrain-data", "corpus", "--vocab", "v", "--out", "o", f"--block-megabytes={size}"]
    with pytest.raises(SystemExit):
        main(words)
    assert f"expected megabytes of text; received '{size}'" in capsys.readouterr().err
