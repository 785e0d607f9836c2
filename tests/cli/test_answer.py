import json

import pytest

from keras_bert.cli import record_arguments
from keras_bert.cli.kinds import answer
from keras_bert.cli.main import build_parser, main
from keras_bert.data.squad import Questions
from keras_bert.models import BertQuestionAnswerer, load_task

WORDS = ("good", "fine", "great", "bad", "poor", "awful")
SIZES = "--sequence-length 17 --max-query-length 4 --max-answer-length 3 --stride 5"


def question(number, word):
    context = f"the {'film' if number % 2 else 'book'} was {word} !"
    answers = [{"text": word, "answer_start": context.index(word)}] if word else []
    return {
        "context": context,
        "qas": [{"id": f"q{number}", "question": "was ?", "answers": answers}],
    }


@pytest.fixture(scope="module")
def squad(tmp_path_factory):
    """SQuAD JSON with answers for all; the last one is not in its passage."""
    paragraphs = [question(number, word) for number, word in enumerate(WORDS * 4)]
    path = tmp_path_factory.mktemp("squad") / "train.json"
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def answering(squad, pretrained, tmp_path_factory):
    """What `keras-bert finetune answer` wrote."""
    out = tmp_path_factory.mktemp("runs") / "answers"
    words = f"finetune answer --preset {pretrained} --train {squad} --valid {squad} --out {out} "
    words += f"--epochs 6 --batch-size 4 --learning-rate 5e-3 {SIZES}"
    assert main(words.split()) == 0
    return out


def test_finetunes_and_evaluates(answering, squad, capsys):
    task = load_task(answering)
    assert not task.spans.squad_v2 and (task.windows.stride, task.stride) == (5, 5)
    assert main(["evaluate", str(answering), str(squad), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["exact_match"] > 90 and scores["f1"] >= scores["exact_match"]
    assert scores["examples"] == scores["total"] == 24


def test_predicts_with_names(answering, squad, tmp_path, capsys):
    assert main(["predict", str(answering), str(squad)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [f"q{number}" for number in range(24)]
    assert rows[0]["answers"][0]["text"] == rows[0]["answer"]
    lines = tmp_path / "asked.jsonl"
    asked = {"id": "x", "question": "was ?", "context": "the film was good !"}
    lines.write_text(json.dumps(asked) + "\n", encoding="utf-8")
    assert main(["predict", str(answering), str(lines)]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["id"] == "x" and row["char_limit"] == row["char_start"] + len(row["answer"])


@pytest.mark.usefixtures("untraced")
def test_questions_without_answer_make_squad_2(squad, pretrained, tmp_path, capsys):
    rows = [question(number, word)["qas"][0] for number, word in enumerate(["good", ""] * 4)]
    lines = [json.dumps({"context": "the film was good !"} | row) for row in rows]
    train = tmp_path / "train.jsonl"
    train.write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = f"finetune answer --preset {pretrained} --train {train} --valid {train} --out "
    words += f"{tmp_path / 'out'} --epochs 1 --batch-size 4 {SIZES} --chinese --json"
    assert main(words.split()) == 0
    scores = json.loads(capsys.readouterr().out)
    assert {"NoAns_f1", "HasAns_f1", "best_f1_thresh"} <= scores.keys()
    assert scores["f1"] == pytest.approx(scores["best_f1"])  # the threshold is tuned
    assert load_task(tmp_path / "out").chinese


@pytest.fixture
def unanswerable(tmp_path):
    """A held-out question that no text answers."""
    path = tmp_path / "valid.json"
    content = {"data": [{"paragraphs": [question(0, "good"), question(1, "")]}]}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.usefixtures("untraced")
def test_the_held_out_file_too_makes_squad_2(squad, unanswerable, pretrained, tmp_path, capsys):
    words = f"finetune answer --preset {pretrained} --train {squad} --valid {unanswerable} --out "
    words += f"{tmp_path / 'out'} --epochs 1 --batch-size 8 {SIZES} --json"
    assert main(words.split()) == 0
    assert "NoAns_f1" in json.loads(capsys.readouterr().out)
    assert load_task(tmp_path / "out").spans.squad_v2


def test_what_cannot_be_scored_is_refused_first(squad, unanswerable, pretrained, tmp_path, capsys):
    words = f"finetune answer --preset {pretrained} --train {squad} --valid {unanswerable} --out "
    words += f"{tmp_path / 'out'} {SIZES} --no-squad-v2"
    assert main(words.split()) == 1
    message = f"expected an answer for every question of {unanswerable} with --no-squad-v2; "
    assert message + "received none for question q1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("untraced")
def test_misplaced_answers_are_refused_or_left_out(
    squad, unanswerable, pretrained, tmp_path, capsys
):
    content = json.loads(squad.read_text("utf-8"))
    content["data"][0]["paragraphs"][3]["qas"][0]["answers"] = ["Mars"]
    train = tmp_path / "train.json"
    train.write_text(json.dumps(content), encoding="utf-8")
    words = f"finetune answer --preset {pretrained} --train {train} --out {tmp_path / 'out'} "
    words += f"--epochs 1 --batch-size 8 {SIZES}"
    assert main(words.split()) == 1
    assert "expected an answer of question q3" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*words.split(), "--skip-misplaced"]) == 0
    printed = capsys.readouterr()
    assert "left out 1 questions" in printed.err and "23" in printed.out
    # Scoring needs no place, but an answer.
    assert main(["evaluate", str(tmp_path / "out"), str(train), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 24
    assert main(["evaluate", str(tmp_path / "out"), str(unanswerable)]) == 1
    message = f"expected an answer for every question of {unanswerable} by a model that was "
    message += "trained without --squad-v2; received none for question q1"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "positions", "length", "most"),
    [
        ([], 512, 384, 64),
        ([], 128, 128, 64),
        ([], 19, 19, 9),
        (["--sequence-length", "14"], 19, 14, 7),
        (["--sequence-length", "14", "--max-query-length", "3"], 19, 14, 3),
    ],
)
def test_windows_are_as_long_as_the_model(
    pretrained, monkeypatch, options, positions, length, most
):
    words = ["finetune", "answer", "--preset", str(pretrained), "--train", "x", "--out", "y"]
    asked = {}
    monkeypatch.setattr(record_arguments, "_positions", lambda preset: positions)
    monkeypatch.setattr(
        BertQuestionAnswerer, "from_preset", lambda preset, **given: asked.update(given)
    )
    no_questions = Questions([], [], [], None, [])
    answer.build(build_parser().parse_args([*words, *options]), no_questions, None)
    assert (asked["sequence_length"], asked["max_query_length"]) == (length, most)


@pytest.mark.usefixtures("untraced")
def test_lengths_are_those_of_the_model_unless_told(squad, pretrained, tmp_path):
    words = f"finetune answer --preset {pretrained} --train {squad} --out {tmp_path / 'out'} "
    assert main((words + "--epochs 1 --batch-size 8").split()) == 0
    windows = load_task(tmp_path / "out").windows
    assert (windows.sequence_length, windows.max_prefix_length) == (19, 9)
    arguments = build_parser().parse_args(words.replace("answer", "classify", 1).split())
    assert record_arguments.model_options(arguments)["sequence_length"] == 19
