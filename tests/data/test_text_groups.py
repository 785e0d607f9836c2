import gzip
import json

import pytest

from keras_bert.data.text_groups import read_text_groups


def test_usual_names_of_groups(tmp_path):
    path = tmp_path / "r.tsv"
    path.write_text("id\tquery\tpositive\tnegative_1\tnegative_2\n1\ta\tb\tc\td\n2\te\tf\tg\th\n")
    groups = read_text_groups(path)
    assert groups.inputs() == (["a", "e"], ["b", "f"], ["c", "g"], ["d", "h"])
    assert groups.labels is None and len(groups) == 2 and groups.lines == [2, 3]
    named = read_text_groups(path, columns=["positive", "query"])
    assert named.inputs() == (["b", "f"], ["a", "e"])


def test_scored_pairs(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('sentence1,sentence2,score\n"a, b",c,4.5\nd,e,0\n')
    groups = read_text_groups(path)
    assert groups.inputs() == (["a, b", "d"], ["c", "e"])
    assert groups.labels.tolist() == [4.5, 0]
    assert read_text_groups(path, columns=[0, 1], header=True).labels is None
    labelled = read_text_groups(path, columns=["sentence2", "sentence1"], label_column="score")
    assert labelled.labels.tolist() == [4.5, 0]


def test_json_lines(tmp_path):
    rows = [{"anchor": "a", "positive": "b", "negative": "c"}] * 2
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    assert read_text_groups(path).inputs() == (["a"] * 2, ["b"] * 2, ["c"] * 2)


def test_bad_files(tmp_path):
    path = tmp_path / "r.tsv"
    path.write_text("")
    with pytest.raises(ValueError, match=r"expected rows in .*; received an empty file"):
        read_text_groups(path)
    path.write_text("text\tlabel\na\t1\n")
    with pytest.raises(ValueError, match=r"expected 2 or more columns of texts in .*received one"):
        read_text_groups(path)
    with pytest.raises(ValueError, match=r"expected 2 or more columns of texts; received \['te"):
        read_text_groups(path, columns=["text"])
    path.write_text("sentence1\tsentence2\tscore\na\tb\thigh\n")
    with pytest.raises(ValueError, match="expected a finite number as label on line 2"):
        read_text_groups(path)
    path.write_text("anchor\tpositive\tnegative\na\tb\n")
    with pytest.raises(ValueError, match="expected 3 columns on line 2"):
        read_text_groups(path)
