import json

import numpy as np
import pytest

from keras_bert.cli.main import main
from keras_bert.models import BertClassifier, BertRegressor, load_task

WORDS = ["good", "fine", "great", "bad", "poor", "awful"]


def write(path, header, rows):
    path.write_text("\n".join("\t".join(row) for row in (header, *rows)) + "\n", encoding="utf-8")
    return path


def run(capsys, *words):
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


@pytest.fixture
def finetune(pretrained, tmp_path, capsys):
    def finetune(kind, train, *more):
        options = ["--preset", pretrained, "--train", train, "--out", tmp_path / "out"]
        options += ["--epochs", 1, "--batch-size", 4, "--sequence-length", 17, "--json", *more]
        return json.loads(run(capsys, "finetune", kind, *options))

    return finetune


def pairs_file(path, labels):
    rows = [
        (f"the {a}", f"a {b}", label) for a, b, label in zip(WORDS, WORDS[1:], labels, strict=False)
    ]
    return write(path, ("sentence1", "sentence2", "label"), rows)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(
    ("labels", "more", "task"),
    [
        (["0", "1", "0", "1", "1"], [], BertClassifier),
        (["0", "2.5", "1", "4", "1"], [], BertRegressor),
        (["0", "2", "1", "4", "1"], ["--regression"], BertRegressor),
        (["1.0", "0.0", "1.0", "1.0", "0.0"], ["--no-regression"], BertClassifier),
        (["yes", "no", "yes", "no", "no"], [], BertClassifier),
    ],
)
def test_pair_chooses_by_the_labels(finetune, tmp_path, capsys, labels, more, task):
    path = pairs_file(tmp_path / "pairs.tsv", labels)
    scores = finetune("pair", path, "--valid", path, *more)
    loaded = load_task(tmp_path / "out")
    assert isinstance(loaded, task) and loaded.pairs
    assert ("accuracy" if task is BertClassifier else "pearson") in scores
    rows = run(capsys, "predict", tmp_path / "out", path).splitlines()
    assert len(rows) == 5 and "score" in json.loads(rows[0])
    texts = tmp_path / "texts.txt"
    texts.write_text("one text only\n")
    assert main(["predict", str(tmp_path / "out"), str(texts)]) == 1
    message = "expected two texts on line 1, as the model takes pairs; received one"
    assert message in capsys.readouterr().err


def test_pair_needs_pairs(pretrained, reviews_file, tmp_path, capsys):
    words = f"finetune pair --preset {pretrained} --train {reviews_file} --out {tmp_path / 'out'}"
    assert main(words.split()) == 1
    assert "expected two columns of texts in" in capsys.readouterr().err


@pytest.mark.usefixtures("untraced")
def test_embed_from_triplets(finetune, tmp_path, capsys):
    rows = [(f"the {w}", f"very {w} !", "book") for w in WORDS]
    path = write(tmp_path / "triplets.tsv", ("anchor", "positive", "negative"), rows)
    scores = finetune("embed", path, "--valid", path, "--embedding-size", 5)
    assert set(scores) >= {"mrr", "accuracy_at_1", "examples"}
    evaluated = json.loads(run(capsys, "evaluate", tmp_path / "out", path, "--json"))
    assert evaluated["mrr"] == pytest.approx(scores["mrr"])
    texts = tmp_path / "texts.txt"
    texts.write_text("the good film\n\nawful\n")
    lines = run(capsys, "predict", tmp_path / "out", texts).splitlines()
    vectors = np.array([json.loads(line)["embedding"] for line in lines])
    assert vectors.shape == (3, 5)
    encoder = load_task(tmp_path / "out")
    np.testing.assert_allclose(vectors, encoder.encode(["the good film", "", "awful"]), atol=2e-6)
    two = pairs_file(tmp_path / "two.tsv", ["0"] * 5)
    assert main(["predict", str(tmp_path / "out"), str(two)]) == 1
    message = "expected one text on line 2, as the model takes single texts; received two"
    assert message in capsys.readouterr().err
    lines = run(capsys, "predict", tmp_path / "out", two, "--text-column", "sentence2").splitlines()
    assert len(lines) == 5
    saved = tmp_path / "vectors.npy"
    assert run(capsys, "predict", tmp_path / "out", texts, "--out", saved) == ""
    assert np.load(saved).dtype == np.float32
    np.testing.assert_allclose(np.load(saved), vectors, atol=2e-6)
    assert finetune("embed", path, "--loss", "triplet", "--overwrite")["examples"] == 6


def test_embed_from_scores(finetune, tmp_path, capsys):
    path = pairs_file(tmp_path / "pairs.tsv", ["0", "5", "2.5", "1", "3"])
    scores = finetune("embed", path, "--valid", path, "--max-score", 5)
    assert set(scores) >= {"spearman", "pearson"}
    words = ["finetune", "embed", "--preset", "x", "--train", path, "--out", tmp_path / "other"]
    assert main([*map(str, words), "--max-score", "0"]) == 1
    assert "expected --max-score above 0; received 0.0" in capsys.readouterr().err


def test_embed_refuses_scores_beyond_cosines(pretrained, tmp_path, capsys):
    path = pairs_file(tmp_path / "pairs.tsv", ["0", "5", "2.5", "1", "3"])
    words = f"finetune embed --preset {pretrained} --train {path} --out {tmp_path / 'out'} "
    assert main((words + "--sequence-length 17").split()) == 1
    assert "scores from -1 to 1, as cosines are; received 5" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("question", [False, True])
def test_choice(finetune, tmp_path, capsys, question):
    extra = {"question": "was it good ?"} if question else {}
    rows = [
        {"context": f"the {w} film", "choices": [w, "the", "book"], "label": 0} | extra
        for w in WORDS
    ]
    path = tmp_path / "choices.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    scores = finetune("choice", path, "--valid", path)
    assert 0 <= scores["accuracy"] <= 1
    two = tmp_path / "two.jsonl"
    rows[1] = rows[1] | {"choices": ["a", "bad"]}
    two.write_text("\n".join(map(json.dumps, rows)))
    answers = list(map(json.loads, run(capsys, "predict", tmp_path / "out", two).splitlines()))
    assert [len(answer["probabilities"]) for answer in answers] == [3, 2, 3, 3, 3, 3]
    assert all(a["label"] in r["choices"] for a, r in zip(answers, rows, strict=True))
    other = tmp_path / "other.jsonl"
    other.write_text(
        json.dumps(
            {"context": "a", "choices": ["b", "c"]} | ({} if question else {"question": "q"})
        )
    )
    assert main(["predict", str(tmp_path / "out"), str(other)]) == 1
    assert "question" in capsys.readouterr().err
    assert main(["predict", str(tmp_path / "out"), str(other), "--format", "csv"]) == 1
    assert "expected --format jsonl for records of this kind" in capsys.readouterr().err
