"""`keras-bert pretrain` on records that are not what they should be, and out of bounds."""

import json

import pytest
from pretraining_records_files import WORDS, write_records

from keras_bert.cli.main import main
from keras_bert.cli.pretrain import _last

SIZES = "--hidden-size 22 --num-hidden-layers 1 --num-attention-heads 2 --intermediate-size 37 "


@pytest.fixture
def records(tmp_path):
    return write_records(tmp_path / "train")


@pytest.fixture
def command(records, tmp_path):
    vocabulary = records.parent / "vocab.txt"
    out = tmp_path / "out"
    return f"pretrain --data {records} --vocab {vocabulary} {SIZES} --batch-size 5 --out {out}"


def refused(words, capsys):
    assert main(words.split()) == 1
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def test_records_of_another_vocabulary_are_refused_in_the_first_step(
    command, records, tmp_path, capsys
):
    few = tmp_path / "few.txt"
    few.write_text("".join(f"{word}\n" for word in WORDS[:-1]))
    error = refused(f"{command} --vocab {few} --steps 3", capsys)
    assert f"from 0 and below {len(WORDS) - 1}, the vocabulary's size, in {records}/part" in error
    assert not (tmp_path / "out").exists()


def test_a_run_that_diverges_writes_no_model(command, tmp_path, capsys):
    error = refused(f"{command} --steps 9 --learning-rate 1e30 --warmup-steps 0", capsys)
    assert "expected a finite loss in step" in error
    assert not (tmp_path / "out").exists()


def test_results_are_json_where_a_perplexity_is_too_large():
    history = {"loss": [1.0, 99.0], "mlm_logits_perplexity": [2.0, float("inf")]}
    assert json.dumps(_last(history), allow_nan=False) == '{"loss": 99.0, "perplexity": null}'
