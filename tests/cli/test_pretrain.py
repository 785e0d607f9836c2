"""`keras-bert pretrain`, from records to a model."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from pretraining_records_files import WORDS, write_records

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.cli.main import main
from keras_bert.models import load_task

SIZES = "--hidden-size 22 --num-hidden-layers 1 --num-attention-heads 2 --intermediate-size 37 "
RECIPE = "--steps 7 --evaluate-every 3 --batch-size 5 --learning-rate 0.02 "


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_records(tmp_path_factory.mktemp("records") / "train")


@pytest.fixture(scope="module")
def command(records):
    vocabulary = records.parent / "vocab.txt"
    return f"pretrain --data {records} --vocab {vocabulary} --json {SIZES}{RECIPE}"


@pytest.fixture(scope="module")
def uninterrupted(command, records, tmp_path_factory):
    """The model and the result of a run with a held-out part."""
    folder = tmp_path_factory.mktemp("runs")
    return folder / "whole", printed(f"{command} --valid {records} --out {folder / 'whole'}")


def printed(words):
    """Runs a command that must end well; its result."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(words.split()) == 0
    return json.loads(out.getvalue())


def refused(words, capsys):
    assert main(words.split()) == 1
    return capsys.readouterr().err


def test_learns_and_writes_a_model_with_heads(uninterrupted):
    out, result = uninterrupted
    assert result["steps"] == 7
    assert result["valid_perplexity"] < len(WORDS)
    names = {"loss", "accuracy", "perplexity", "next_sentence_accuracy", "tokens_per_second"}
    assert names <= set(result)
    task = load_task(out)
    assert type(task).__name__ == "BertPretrainer"
    assert task.preprocessor.sequence_length == 13
    assert set(read_checkpoint(out).heads) == {"mlm", "nsp"}


class Killed(Exception):  # noqa: N818
    pass


def test_killed_and_started_again_ends_the_same(command, records, uninterrupted, tmp_path):
    """Killed by SIGKILL in a process of its own; this one goes on where that one was."""
    out, state = tmp_path / "out", tmp_path / "state"
    command = f"{command} --valid {records} --out {out} --checkpoint {state} --save-every-steps 1"
    script = [sys.executable, __file__, *command.split()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (state / "state.npz").exists()
    assert not out.exists()

    whole, expected = uninterrupted
    result = printed(command)
    for name in ("loss", "perplexity", "valid_loss", "valid_perplexity", "next_sentence_accuracy"):
        assert result[name] == expected[name], name
    arrays, resumed = read_checkpoint(whole).arrays, read_checkpoint(out).arrays
    for name, array in arrays.items():
        np.testing.assert_array_equal(resumed[name], array, err_msg=name)
    assert not state.exists()


@pytest.fixture
def stopped(monkeypatch):
    """Runs stop before their first step."""

    def stop(*arguments, **named):
        raise Killed

    monkeypatch.setattr("keras_bert.models.pretraining_run.run_pretraining", stop)


def test_changed_flags_are_refused_by_name(command, tmp_path, capsys, stopped):
    state = tmp_path / "state"
    command = f"{command} --out {tmp_path / 'out'} --checkpoint {state}"
    with pytest.raises(Killed):
        main(command.split())
    with pytest.raises(Killed):  # no step was made: these flags begin another run
        main([*command.split(), "--beta-2", "0.98"])
    with pytest.raises(Killed):
        main(command.split())
    (state / "state.npz").touch()
    message = refused(f"{command} --batch-size 4 --weight-decay 0.1", capsys)
    wanted = "--batch-size 4 (then: 5), --weight-decay 0.1 (then: 0.01)"
    assert f"expected the flags of the run that is kept in {state}; received {wanted}" in message
    other = write_records(tmp_path / "other", (9, 9))
    assert "received files of --data" in refused(f"{command} --data {other}", capsys)


def test_files_are_compared_by_their_contents(records, tmp_path, capsys, stopped):
    state, config, words = tmp_path / "state", tmp_path / "config.json", tmp_path / "words.txt"
    command = f"pretrain --data {records} --vocab {words} --config {config} --steps 3 "
    command += f"--batch-size 5 --out {tmp_path / 'out'} --checkpoint {state}"
    sizes = {"hidden_size": 22, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 37, "max_position_embeddings": 13}

    def write(vocabulary=WORDS, **values):
        config.write_text(json.dumps(sizes | values))
        words.write_text("".join(f"{word}\n" for word in vocabulary))

    write()
    with pytest.raises(Killed):
        main(command.split())
    (state / "state.npz").touch()
    for file in (config, words):
        (tmp_path / f"other-{file.name}").write_bytes(file.read_bytes())
    with pytest.raises(Killed):
        main(command.replace(str(words), str(tmp_path / "other-words.txt")).split())
    with pytest.raises(Killed):
        main(f"{command} --config {tmp_path / 'other-config.json'}".split())
    write(hidden_dropout_prob=0.5)
    message = refused(command, capsys)
    assert "received hidden_dropout_prob of --config 0.5 (then: 0.1): give the flags" in message
    write(vocabulary=[*WORDS[:-1], "other"])
    assert "received vocabulary of --vocab '" in refused(command, capsys)


def test_a_checkpoint_to_begin_with_is_compared_by_its_contents(
    uninterrupted, records, tmp_path, capsys, stopped
):
    init = tmp_path / "init"
    shutil.copytree(uninterrupted[0], init)
    state = tmp_path / "state"
    command = f"pretrain --data {records} --init {init} --steps 3 --batch-size 5 "
    command += f"--out {tmp_path / 'out'} --checkpoint {state}"
    with pytest.raises(Killed):
        main(command.split())
    (state / "state.npz").touch()
    with pytest.raises(Killed):
        main(command.replace(str(init), str(uninterrupted[0])).split())
    other = read_checkpoint(init)
    other.arrays["bert/pooler/dense/bias"] += 1
    shutil.rmtree(init)
    write_checkpoint(other, init)
    message = refused(command, capsys)
    assert "received weights of --init '" in message and "vocabulary" not in message


def test_further_without_next_sentence(uninterrupted, records, tmp_path):
    """Domain adaptation: from a checkpoint, masked words alone."""
    words = f"pretrain --data {records}/part-00000.tfrecord --init {uninterrupted[0]} --json "
    words += f"--no-next-sentence --steps 2 --batch-size 11 --out {tmp_path / 'out'}"
    result = printed(words)
    assert "next_sentence_accuracy" not in result
    assert type(load_task(tmp_path / "out")).__name__ == "BertMaskedLM"


def test_a_second_phase_of_longer_rows(uninterrupted, tmp_path, capsys):
    """The first phase's positions are 13 of its table of 512: shorten it to need more."""
    from keras_bert.checkpoints.longer_positions import TABLE

    first = read_checkpoint(uninterrupted[0])
    first.config = dataclasses.replace(first.config, max_position_embeddings=13)
    first.arrays[TABLE] = first.arrays[TABLE][:13]
    folder = write_checkpoint(first, tmp_path / "first")
    long = write_records(tmp_path / "long", (6,), length=23)
    words = f"pretrain --data {long} --init {folder} --steps 1 --batch-size 3 --json "
    words += f"--learning-rate 0 --out {tmp_path / 'second'}"
    message = f"expected records of at most the 13 positions of {folder}; received 23: give"
    assert f"{message} --position-embeddings interpolate or extend" in refused(words, capsys)
    printed(f"{words} --position-embeddings extend")
    second = read_checkpoint(tmp_path / "second")
    assert second.config.max_position_embeddings == 23
    np.testing.assert_array_equal(second.arrays[TABLE][13:], first.arrays[TABLE][:10])
    assert load_task(tmp_path / "second").preprocessor.sequence_length == 23


def test_refuses(command, records, tmp_path, capsys):
    out = f"--out {tmp_path / 'out'}"
    vocabulary = f"--vocab {records.parent / 'vocab.txt'}"
    plain = write_records(tmp_path / "plain", (5,), next_sentence=False)
    cased = write_records(tmp_path / "cased", (5,))
    made = {"complete": True, "tokenizer": {"lowercase": False}}
    (cased / "pretraining_data.json").write_text(json.dumps(made))
    base = f"pretrain --data {records} --steps 3 {out}"
    cases = {
        f"{base} --init x --hidden-size 3 --config y": "expected the sizes of --init x; received "
        "--hidden-size, --config too",
        f"{base} {vocabulary} --position-embeddings extend": "expected --position-embeddings with "
        "--init; received a new model",
        f"{base} --preset x --cased": "expected --cased with --vocab; received it with a folder",
        f"{base} {vocabulary} --save-every-steps 3": "expected --checkpoint with "
        "--save-every-steps; received none",
        f"{base} {vocabulary} --data {plain} --next-sentence": "expected records with "
        f"next_sentence_labels for --next-sentence; received {plain} without",
        f"{base} {vocabulary} --batch-size 24": "expected at least batch_size=24 records in "
        f"{records}, and a batch_size of at least 1; received 23 records",
        f"{base} {vocabulary} --data {tmp_path}/none": "received none",
        f"{base} --vocab {tmp_path}/none": f"{tmp_path}/none",
        f"{base} {vocabulary} --batch-size 5 --hidden-size 23 --num-attention-heads 2": "expected "
        "hidden_size divisible by num_attention_heads",
        f"{base} {vocabulary} --data {cased}": f"expected text with lowercase=False, as the "
        f"records in {cased} are made; received a tokenizer with lowercase=True: see --cased",
    }
    for words, message in cases.items():
        assert message in refused(words, capsys)


if __name__ == "__main__":  # the run that is killed: in its second period, after step 5 of 7

    class Strike(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == 5:
                os.kill(os.getpid(), signal.SIGKILL)

    from keras_bert.models import pretraining_run

    plain = pretraining_run.run_pretraining

    def struck(task, stream, *, callbacks, **options):
        return plain(task, stream, callbacks=[*callbacks, Strike()], **options)

    pretraining_run.run_pretraining = struck
    sys.exit(main(sys.argv[1:]))
