"""Several processes: the same shards, and what becomes of them when one is killed.

A process that is killed leaves the shard that it was writing hidden, and whole ones.
"""

import multiprocessing
import os
import signal
import time

import pytest
from pretraining_corpus import make_documents, make_tokenizer, write_corpus

from keras_bert.data import pretraining_processes
from keras_bert.data.pretraining_data import make_pretraining_data
from keras_bert.data.pretraining_settings import PretrainingSettings


def test_a_killed_process_is_told_of_and_the_rest_goes_on(tmp_path):
    corpus = write_corpus(tmp_path / "corpus.txt", make_documents(299))
    settings = PretrainingSettings(
        sequence_length=29, dupe_factor=5, block_characters=4000, compress=True
    )
    tokenizer, folder = make_tokenizer(), tmp_path / "two"

    killed = []

    def kill_one(bytes_read, records):
        for _ in range(0 if killed else 100):
            for path in folder.glob(".*.partial"):
                killed.append(int(path.name.split(".")[-2]))
                os.kill(killed[0], signal.SIGKILL)
                return
            time.sleep(0.001)  # both wait for a block: the next call finds one at work

    with pytest.raises(RuntimeError, match="expected all 2 processes to work to the end; receiv"):
        make_pretraining_data(
            [corpus], tokenizer, settings, folder, processes=2, on_progress=kill_one
        )
    assert not multiprocessing.active_children()
    assert list(folder.glob(".*.partial"))
    by_two = {path.name: path.read_bytes() for path in folder.glob("*.gz")}
    assert by_two
    make_pretraining_data([corpus], tokenizer, settings, folder)
    make_pretraining_data([corpus], tokenizer, settings, tmp_path / "one")
    both = [
        {path.name: path.read_bytes() for path in f.iterdir()} for f in (folder, tmp_path / "one")
    ]
    assert both[0] == both[1]
    assert by_two.items() < both[1].items()


def test_a_stopped_process_gives_up_its_shard(monkeypatch):
    stop = multiprocessing.Event()
    monkeypatch.setitem(pretraining_processes._worker, "stop", stop)
    pretraining_processes._check()
    stop.set()
    with pytest.raises(KeyboardInterrupt, match="stopped by the parent process"):
        pretraining_processes._check()
