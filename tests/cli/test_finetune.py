import json
import re

import pytest
import tensorflow as tf

from keras_bert.cli.main import main
from keras_bert.export.serving_operations import graph_operations
from keras_bert.export.warmup import read_warmup
from keras_bert.models import load_task


def test_finetunes_scores_and_saves(finetuned):
    out, scores = finetuned
    assert scores["accuracy"] == 1.0
    assert scores["examples"] == 24
    assert {"f1", "f1_macro", "matthews_correlation", "seconds"} <= set(scores)
    assert load_task(out).answer(["the film was great"], verbose=0)[0]["label"] == "pos"


def test_evaluate(finetuned, reviews_file, capsys):
    assert main(["evaluate", str(finetuned[0]), str(reviews_file), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["accuracy"] == 1.0
    assert main(["evaluate", str(finetuned[0]), str(reviews_file)]) == 0
    assert "accuracy              1.0000" in capsys.readouterr().out


def test_predict_streams_json_lines(finetuned, tmp_path, capsys):
    texts = tmp_path / "texts.txt"
    texts.write_text("the film was great\n\nthe book was awful !\n", encoding="utf-8")
    assert main(["predict", str(finetuned[0]), str(texts)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["label"] for row in rows][::2] == ["pos", "neg"]
    assert set(rows[0]) == {"label", "score", "probabilities"}


def test_export(finetuned, tmp_path, capsys):
    out = tmp_path / "served"
    warmup = tmp_path / "warmup.jsonl"
    warmup.write_text('{"text": "the film was great"}\n\n{"text": "狗"}\n', encoding="utf-8")
    command = ["export", str(finetuned[0]), str(out), "--json", "--warmup", str(warmup)]
    assert main(command) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["path"] == str(out / "1")
    assert result["labels"] == ["neg", "pos"]
    assert (out / "1" / "saved_model.pb").exists()
    assert len(read_warmup(out / "1")) == 4  # for answers, and for embeddings
    for wrong in ("", "[1]", "{"):
        warmup.write_text(f'{{"text": "fine"}}\n{wrong or 3}\n', encoding="utf-8")
        assert main(command) == 1
        message = capsys.readouterr().err
        assert 'expected a JSON object such as {"text": "…"} on line 2 of ' in message
    assert main(["export", str(finetuned[0]), str(out / "1")]) == 1
    assert "expected no files yet" in capsys.readouterr().err


def test_export_of_whole_batches(finetuned, tmp_path):
    loops = {}
    for name, words in (("groups", []), ("whole", ["--whole-batches"])):
        assert main(["export", str(finetuned[0]), str(tmp_path / name / "1"), *words]) == 0
        loops[name] = graph_operations(tmp_path / name / "1") & {"While", "StatelessWhile"}
    assert loops["groups"]
    assert not loops["whole"]


def test_export_in_8_bits(finetuned, tmp_path, capsys):
    records = tmp_path / "records.jsonl"
    records.write_text('{"text": "the film was great"}\n{"text": "an awful book !"}\n')
    command = ["export", str(finetuned[0]), str(tmp_path / "1"), "--int8", str(records)]
    assert main(command) == 0
    assert "_QuantizedMatMul" in graph_operations(tmp_path / "1")
    capsys.readouterr()
    records.write_text("the film\n")
    assert main([*command, "--overwrite"]) == 1
    assert "expected a JSON object such as" in capsys.readouterr().err
    assert "_QuantizedMatMul" in graph_operations(tmp_path / "1")  # still the first


def test_export_in_half_precision(finetuned, tmp_path):
    texts, answers = tf.constant(["the film was great", "the book was awful !"]), {}
    for dtype in ("float32", "bfloat16"):
        out = tmp_path / dtype / "1"
        assert main(["export", str(finetuned[0]), str(out), "--dtype", dtype]) == 0
        loaded = tf.saved_model.load(out)
        answers[dtype] = loaded.signatures["serving_default"](text=texts)
        answers[f"{dtype} variables"] = {v.dtype.name for v in loaded.variables}
    assert answers["float32 variables"] == {"float32"}
    assert answers["bfloat16 variables"] == {"float32", "bfloat16"}  # layer norms stay
    full, half = (answers[dtype]["probabilities"] for dtype in ("float32", "bfloat16"))
    assert half.dtype == tf.float32
    assert 0 < abs(full - half).numpy().max() < 0.02
    assert (answers["bfloat16"]["label"] == answers["float32"]["label"]).numpy().all()


@pytest.mark.usefixtures("untraced")
def test_regress_on_pairs_by_position(pretrained, tmp_path, capsys):
    rows = tmp_path / "pairs.csv"
    rows.write_text('"good, fine",great,4.5\nbad,great,0.5\nthe film,a book,2\n' * 3)
    words = f"finetune regress --preset {pretrained} --train {rows} --out {tmp_path / 'out'} "
    words += "--text-column 0 --pair-column 1 --label-column 2 --epochs 1 --json "
    words += f"--sequence-length 17 --pooling mean --tensorboard {tmp_path / 'logs'}"
    assert main(words.split()) == 0
    assert json.loads(capsys.readouterr().out)["examples"] == 9
    assert list((tmp_path / "logs").rglob("events.*"))
    words = f"evaluate {tmp_path / 'out'} {rows} --json "
    words += "--text-column 0 --pair-column 1 --label-column 2"
    assert main(words.split()) == 0
    assert set(json.loads(capsys.readouterr().out)) >= {"pearson", "spearman"}


@pytest.mark.usefixtures("untraced")
def test_multi_label(pretrained, tmp_path, capsys):
    rows = tmp_path / "rows.jsonl"
    lines = [{"text": "good film", "labels": ["good", "film"]}, {"text": "awful", "labels": []}]
    rows.write_text("\n".join(map(json.dumps, lines * 4)))
    words = f"finetune classify --preset {pretrained} --train {rows} --out {tmp_path / 'out'} "
    words += f"--label-column labels --multi-label --epochs 1 --valid {rows} --json "
    words += "--sequence-length 17 --early-stopping 1"
    assert main(words.split()) == 0
    assert "f1_micro" in json.loads(capsys.readouterr().out)
    assert load_task(tmp_path / "out").multi_label


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--train": "missing.tsv"}, "missing.tsv"),
        ({"--preset": "no-such-model"}, "no-such-model"),
        ({"--text-column": "sentence"}, "expected .*sentence"),
        ({"--sequence-length": "400"}, "max_position_embeddings=19"),
    ],
)
def test_failures(pretrained, reviews_file, tmp_path, capsys, change, message):
    arguments = {
        "--preset": str(pretrained),
        "--train": str(reviews_file),
        "--out": str(tmp_path / "out"),
        "--sequence-length": "17",
        **change,
    }
    words = ["finetune", "classify", *(word for pair in arguments.items() for word in pair)]
    assert main(words) == 1
    printed = capsys.readouterr()
    assert re.search(message, printed.err)
    assert "Traceback" not in printed.err
    assert not printed.out
    assert not (tmp_path / "out").exists()


def test_labels_unseen_in_training(pretrained, reviews_file, finetuned, tmp_path, capsys):
    other = tmp_path / "other.tsv"
    other.write_text("text\tlabel\nthe film\tneutral\n")
    assert main(["evaluate", str(finetuned[0]), str(other)]) == 1
    assert "received unseen ['neutral']" in capsys.readouterr().err


def test_a_destination_in_use_is_refused_before_training(pretrained, finetuned, capsys):
    words = ["finetune", "classify", "--preset", str(pretrained), "--train", "not-even-read.tsv"]
    assert main([*words, "--out", str(finetuned[0])]) == 1
    assert "expected no files yet" in capsys.readouterr().err
    assert main([*words, "--out", "/proc/nowhere/out"]) == 1
    assert "expected room and permission" in capsys.readouterr().err


def test_an_interrupted_run_resumes(pretrained, reviews_file, tmp_path, capsys, monkeypatch):
    """Ctrl-C in the second epoch; the same command goes on, and tidies up when it is done."""
    import keras

    from keras_bert.models import BertClassifier

    state = tmp_path / "state"
    words = f"finetune classify --preset {pretrained} --train {reviews_file} --epochs 3 "
    words += f"--batch-size 8 --sequence-length 17 --checkpoint {state} --save-every-steps 1 "

    class PressCtrlC(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    fit = BertClassifier.fit
    with monkeypatch.context() as patch:
        patch.setattr(
            BertClassifier,
            "fit",
            lambda self, *a, callbacks, **k: fit(
                self, *a, callbacks=[*callbacks, PressCtrlC()], **k
            ),
        )
        assert main((words + f"--out {tmp_path / 'cut'}").split()) == 130
    assert "keras-bert finetune: " in capsys.readouterr().err
    assert not (tmp_path / "cut").exists()
    assert list(state.iterdir())
    assert main((words + f"--out {tmp_path / 'resumed'}").split()) == 0
    assert "Resuming in epoch" in capsys.readouterr().err
    assert not state.exists()
    whole = (words + f"--out {tmp_path / 'whole'}").replace(str(state), str(tmp_path / "other"))
    assert main(whole.split()) == 0
    texts = ["the film was good", "awful book"]
    resumed, uninterrupted = (
        load_task(tmp_path / name).predict_logits(texts, verbose=0) for name in ("resumed", "whole")
    )
    assert resumed == pytest.approx(uninterrupted, abs=1e-6)
