"""The command over a SavedModel of no package, on Beam's local runner in this process."""

import json
import pathlib

import pytest

from keras_bert.cli.main import main

pytest.importorskip("apache_beam")


@pytest.fixture
def inputs(tmp_path):
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_bytes(b"one\nthree\n\xff\npoison\n\nlast")
    second.write_bytes(b"x" * 50 + b"\nab\n")
    return [str(first), str(second)]


def rows(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text("utf-8").splitlines()]


def answer(*arguments):
    return main(["batch-predict", *map(str, arguments)])


def test_command_answers_in_order_and_goes_on(letters_model, inputs, tmp_path, capsys):
    out = tmp_path / "out"
    settings = [letters_model, *inputs, "--out", out, "--block-lines", 4, "--max-line-bytes", 49]
    assert answer(*settings, "--json") == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["files"], counts["done_before"], counts["dead_letters"]) == (3, 0, 3)
    names = [f"answers-{n:05d}-of-00003.jsonl" for n in range(3)]
    found = [[(row["line"], row["letters"]) for row in rows(out / name)] for name in names]
    assert found == [[(1, 3), (2, 5)], [(5, 0), (6, 4)], [(2, 2)]]
    letters = rows(out / "dead_letters.jsonl")
    assert [(letter["file"], letter["line"]) for letter in letters] == [
        (inputs[0], 3),
        (inputs[0], 4),
        (inputs[1], 1),
    ]
    assert "0xff" in letters[0]["reason"] and "refused by the model" in letters[1]["reason"]

    whole = {name: (out / name).read_bytes() for name in (*names, "dead_letters.jsonl")}
    (out / names[1]).unlink()
    kept = (out / names[0]).stat().st_mtime_ns
    assert answer(*settings, "--json") == 0
    assert json.loads(capsys.readouterr().out)["done_before"] == 2
    assert {name: (out / name).read_bytes() for name in whole} == whole
    assert (out / names[0]).stat().st_mtime_ns == kept

    assert answer(*settings, "--block-lines", 3) == 1
    assert "block_lines 3 (saved: 4)" in capsys.readouterr().err


def test_command_takes_columns_and_keeps_some(letters_model, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"id": "é", "question": "abc", "n": 4}\n{"id": 2, "question": "a", "n": "x"}\n'
    )
    out = tmp_path / "out"
    columns = ["--signature", "asked", "--column", "number=n", "--keep", "id"]
    assert answer(letters_model, path, "--out", out, *columns) == 0
    assert rows(out / "answers-00000-of-00001.jsonl") == [{"line": 1, "id": "é", "sum": 7}]
    assert rows(out / "dead_letters.jsonl")[0]["line"] == 2


def test_command_of_a_worker_that_fails(letters_model, inputs, tmp_path, capsys):
    out = tmp_path / "out"
    assert answer(letters_model, inputs[1], "--out", out, "--signature", "total") == 1
    assert "a row for each of 2 records" in capsys.readouterr().err
    assert not list(out.glob("answers*"))


def test_command_refuses(letters_model, inputs, tmp_path, capsys):
    table = tmp_path / "a.tsv"
    table.write_text("text\nx\n")
    out = ["--out", tmp_path / "out"]
    assert answer(letters_model, *inputs, table, *out, "--column", "text=text") == 1
    assert "JSON lines for columns (text)" in capsys.readouterr().err
    assert answer(letters_model, inputs[0], table, *out) == 1
    assert "with the columns of" in capsys.readouterr().err
    assert answer(letters_model, table, *out, "--keep", "echo") == 1
    assert "names of answers (line, batch, echo, letters); received echo" in capsys.readouterr().err
    assert answer(letters_model, table, *out, "--beam-options='x") == 1
    assert "expected whole words in --beam-options" in capsys.readouterr().err
    assert answer(letters_model, table, *out, "--beam-options=--runner=X") == 1
    assert "expected the runner in --runner" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        answer(letters_model, table, *out, "--column", "text")
    assert "expected INPUT=COLUMN; received 'text'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_command_without_beam(letters_model, inputs, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "apache_beam", None)
    assert answer(letters_model, inputs[0], "--out", tmp_path / "out") == 1
    assert 'pip install "keras-bert-text[beam]"' in capsys.readouterr().err


def test_pipeline_that_ends_without_its_files(letters_model, inputs, tmp_path, capsys, monkeypatch):
    from keras_bert.batch_prediction import pipeline

    monkeypatch.setattr(pipeline, "write_block", lambda *arguments: None)
    assert answer(letters_model, inputs[1], "--out", tmp_path / "out") == 1
    assert "the pipeline ended without 1 of them" in capsys.readouterr().err
