"""`keras-bert … fill-mask`: finetune, evaluate, predict and export."""

import json

import pytest
import tensorflow as tf

from keras_bert.cli.main import main
from keras_bert.models import BertMaskedLM, load_task


@pytest.fixture(scope="module")
def texts_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    words = ("good", "fine", "great", "bad", "poor", "awful")
    path.write_text("".join(f"the film was {word} !\n" for word in words), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run():
    """Runs a command that has to succeed, and gives what it printed."""
    import contextlib
    import io

    def run(*words):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            assert main([str(word) for word in words]) == 0
        return printed.getvalue()

    return run


@pytest.fixture(scope="module")
def tuned(pretrained, texts_file, tmp_path_factory, run):
    out = tmp_path_factory.mktemp("runs") / "films"
    options = ["--preset", pretrained, "--train", texts_file, "--valid", texts_file, "--out", out]
    options += ["--epochs", 2, "--batch-size", 3, "--sequence-length", 17, "--top-k", 2]
    options += ["--whole-word", "--max-ngram", 2, "--masked-lm-prob", 0.3, "--json"]
    return out, json.loads(run("finetune", "fill-mask", *options))


def test_finetune_and_evaluate(tuned, texts_file, run):
    out, scores = tuned
    assert {"loss", "accuracy", "perplexity", "examples"} <= scores.keys()
    settings = load_task(out).head_config()
    assert settings == {
        "masked_lm_prob": 0.3,
        "max_predictions_per_seq": None,
        "whole_word": True,
        "max_ngram": 2,
        "top_k": 2,
    }
    again = json.loads(run("evaluate", out, texts_file, "--batch-size", 3, "--json"))
    assert again["perplexity"] == pytest.approx(scores["perplexity"], rel=1e-3)


def test_predict_answers_lines(tuned, tmp_path, run):
    asked = tmp_path / "asked.txt"
    asked.write_text("the [MASK] was [MASK]\n[MASK]\n", encoding="utf-8")
    rows = [json.loads(line) for line in run("predict", tuned[0], asked).splitlines()]
    assert [len(row["masks"]) for row in rows] == [2, 1]
    assert [len(mask) for mask in rows[0]["masks"]] == [2, 2]
    assert rows == load_task(tuned[0]).answer(["the [MASK] was [MASK]", "[MASK]"])


def test_predict_needs_a_mask(tuned, tmp_path, capsys):
    asked = tmp_path / "asked.txt"
    asked.write_text("[MASK]\n\nthe film was good\n", encoding="utf-8")
    assert main(["predict", str(tuned[0]), str(asked)]) == 1
    message = "expected [MASK] in every text; received none on line 3: 'the film was good'"
    assert message in capsys.readouterr().err


def test_blank_lines_keep_their_place(tuned, tmp_path, run):
    asked = tmp_path / "asked.txt"
    asked.write_text("\n[MASK] film\n\n", encoding="utf-8")
    rows = [json.loads(line) for line in run("predict", tuned[0], asked).splitlines()]
    assert [len(row["masks"]) for row in rows] == [0, 1, 0]
    assert rows[0] == {"filled": "", "masks": []}
    asked.write_text("\n", encoding="utf-8")
    assert json.loads(run("predict", tuned[0], asked)) == rows[0]


def test_export(tuned, tmp_path, run):
    run("export", tuned[0], tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served" / "1").signatures["serving_default"]
    answers = served(text=tf.constant(["the [MASK] was good"]))
    assert answers["words"].shape == (1, 1, 2)


def test_pairs_are_refused(pretrained, tmp_path, capsys):
    train = tmp_path / "pairs.tsv"
    train.write_text("sentence1\tsentence2\na film\ta book\n", encoding="utf-8")
    words = f"finetune fill-mask --preset {pretrained} --train {train} --out {tmp_path / 'out'}"
    assert main(words.split()) == 1
    assert "expected single texts; received pairs: give --text-column" in capsys.readouterr().err


def test_a_folder_of_the_other_class_names_it(tuned, tmp_path, capsys):
    from keras_bert.models import BertPretrainer

    task = load_task(tuned[0])
    assert isinstance(task, BertMaskedLM)
    BertPretrainer(task.backbone, task.preprocessor).save_to_preset(tmp_path / "both")
    assert main(["predict", str(tmp_path / "both"), "x.txt"]) == 1
    assert "expected a task of a kind of this command" in capsys.readouterr().err
