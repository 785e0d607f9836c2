import io
import json
import re

import pytest

from keras_bert.cli.main import main
from keras_bert.models import load_task

SENTENCES = [
    ("the film was good !", "O O O B-GOOD O"),
    ("a very poor book", "O B-BAD I-BAD O"),
    ("great film", "S-GOOD O"),
    ("the book was bad", "O O O S-BAD"),
] * 3
COLUMNS = "".join(
    "# a comment of some words\n"
    + "".join(f"{word} {tag}\n" for word, tag in zip(text.split(), tags.split(), strict=True))
    + "\n"
    for text, tags in SENTENCES
)
ROLES = [
    {
        "id": "a",
        "words": ["the", "film", "was", "good"],
        "predicates": [
            {"index": 2, "sense": "be.01", "tags": ["B-ARG1", "I-ARG1", "B-V", "B-ARG2"]},
            {"index": 1, "tags": ["O", "B-V", "O", "O"]},
        ],
    },
    {
        "words": ["a", "book"],
        "predicates": [{"index": 1, "tags": ["O", "B-V"]}],
    },
]


def run(capsys, *words):
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def files(tmp_path):
    words, roles = tmp_path / "train.conll", tmp_path / "roles.jsonl"
    words.write_text(COLUMNS, encoding="utf-8")
    roles.write_text("".join(json.dumps(row) + "\n" for row in ROLES), encoding="utf-8")
    return words, roles


def recipe(pretrained, train, out):
    options = ["--preset", pretrained, "--train", train, "--valid", train, "--out", out]
    return [*options, "--epochs", 1, "--sequence-length", 11, "--json"]


@pytest.mark.usefixtures("untraced")
def test_tag(pretrained, tmp_path, capsys, monkeypatch):
    train, _ = files(tmp_path)
    out = tmp_path / "out"
    scores = json.loads(
        run(capsys, "finetune", "tag", *recipe(pretrained, train, out), "--stride", 3)
    )
    assert scores["examples"] == 12
    assert {"f1", "precision", "recall", "f1 BAD", "f1 GOOD"} <= set(scores)
    task = load_task(out)
    assert task.labels == ["O", "B-BAD", "I-BAD", "B-GOOD", "I-GOOD"] and task.stride == 3
    evaluated = json.loads(run(capsys, "evaluate", out, train, "--json"))
    assert evaluated["f1"] == scores["f1"]
    rows = [json.loads(line) for line in run(capsys, "predict", out, train).splitlines()]
    assert [row["words"] for row in rows] == [text.split() for text, _ in SENTENCES]
    assert all(len(row["tags"]) == len(row["words"]) for row in rows)
    typed = b"the good film\n\nbad\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(typed))))
    rows = [json.loads(line) for line in run(capsys, "predict", out).splitlines()]
    assert [row["text"] for row in rows] == ["the good film", "", "bad"]
    assert "words" not in rows[0]
    version = run(capsys, "export", out, tmp_path / "served").split()[-1]
    assert version


@pytest.fixture(scope="module")
def tagger(pretrained, tmp_path_factory):
    """What `keras-bert finetune tag` wrote."""
    folder = tmp_path_factory.mktemp("tagger")
    train, _ = files(folder)
    words = ["finetune", "tag", *recipe(pretrained, train, folder / "out"), "--stride", 3]
    assert main([str(word) for word in words]) == 0
    return folder / "out"


@pytest.mark.parametrize(
    ("name", "content", "options", "key", "found"),
    [
        ("t.jsonl", '{"text": "the good film"}\n', (), "text", "the good film"),
        ("t.json", '{"text": "the good film"}\n', ("--format", "jsonl"), "text", "the good film"),
        ("t.jsonl.gz", '{"words": ["good", "film"]}\n', (), "words", ["good", "film"]),
        ("t.csv", 'text,label\n"good, bad",1\n', (), "text", "good, bad"),
        ("t.txt", "good O\n", (), "text", "good O"),
        ("t.txt", "good O\n", ("--format", "tsv"), "words", ["good"]),
    ],
)
def test_predict_reads_each_format(tagger, tmp_path, capsys, name, content, options, key, found):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    (line,) = run(capsys, "predict", tagger, path, *options).splitlines()
    assert json.loads(line)[key] == found


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("t.jsonl", (), "expected columns of words and tags in .*; received jsonl"),
        ("t", ("--format", "text"), "tags in .*; received text"),
    ],
)
def test_tags_come_in_columns(tagger, tmp_path, capsys, name, options, message):
    path = tmp_path / name
    path.write_text('{"text": "good"}\n', encoding="utf-8")
    assert main(["evaluate", str(tagger), str(path), *options]) == 1
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.usefixtures("untraced")
def test_columns(pretrained, tmp_path, capsys):
    path = tmp_path / "train.iob2"
    path.write_text("# id = 1\n1\tgood\tB-GOOD\t-\n2\tfilm\tO\t-\n", encoding="utf-8")
    out = tmp_path / "out"
    words = ["finetune", "tag", *recipe(pretrained, path, out), "--text-column", 1]
    run(capsys, *words, "--label-column", 2)
    (row,) = run(capsys, "predict", out, path, "--text-column", 1).splitlines()
    assert json.loads(row)["words"] == ["good", "film"]
    assert main([str(w) for w in [*words, "--overwrite", "--label-column", "tag"]]) == 1
    assert "expected --label-column as a position" in capsys.readouterr().err
    assert main([str(w) for w in [*words, "--overwrite", "--label-column", 3]]) == 1
    assert "received '-' on line 2 of" in capsys.readouterr().err


def test_nothing_to_learn(pretrained, tmp_path, capsys):
    path = tmp_path / "train.conll"
    path.write_text("good O\n")
    assert main([str(w) for w in ["finetune", "tag", *recipe(pretrained, path, "x")]]) == 1
    assert "expected at least one entity in the training data" in capsys.readouterr().err


@pytest.mark.usefixtures("untraced")
def test_types_of_the_held_out_file_are_known(pretrained, tmp_path, capsys):
    train, roles = files(tmp_path)
    held_out = tmp_path / "valid.conll"
    held_out.write_text("film B-WORK\nbad B-BAD\n", encoding="utf-8")
    words = ["finetune", "tag", *recipe(pretrained, train, tmp_path / "out")]
    scores = json.loads(run(capsys, *words, "--valid", held_out))
    assert scores["f1 WORK"] == 0
    assert load_task(tmp_path / "out").tags.types == ["BAD", "GOOD", "WORK"]
    more = tmp_path / "valid.jsonl"
    row = {"words": ["a", "film"], "predicates": [{"index": 1, "tags": ["B-ARGM", "B-V"]}]}
    more.write_text(json.dumps(row), encoding="utf-8")
    words = ["finetune", "srl", *recipe(pretrained, roles, tmp_path / "roles"), "--valid", more]
    assert json.loads(run(capsys, *words))["f1 ARGM"] == 0


def test_srl(pretrained, tmp_path, capsys):
    _, train = files(tmp_path)
    out = tmp_path / "out"
    scores = json.loads(run(capsys, "finetune", "srl", *recipe(pretrained, train, out)))
    assert scores["examples"] == 3 and "f1 ARG1" in scores and "f1 V" not in scores
    assert load_task(out).tags.types == ["ARG1", "ARG2", "V"]
    assert json.loads(run(capsys, "evaluate", out, train, "--json"))["f1"] == scores["f1"]
    rows = [json.loads(line) for line in run(capsys, "predict", out, train).splitlines()]
    assert [row["predicate"]["text"] for row in rows] == ["was", "film", "book"]
    assert main(["predict", str(out), str(train), "--format", "tsv"]) == 1
    assert "expected --format jsonl for records of this kind; received 'tsv'" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("kind", ["tag", "srl"])
def test_bad_decoding_is_refused(kind, capsys):
    with pytest.raises(SystemExit):
        main(["finetune", kind, "--decoding", "beam"])
    assert "invalid choice: 'beam'" in capsys.readouterr().err
