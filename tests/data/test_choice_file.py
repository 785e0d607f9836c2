import json

import pytest

from keras_bert.data.choice_file import iter_choices, read_choices

ROWS = [
    {"context": "It rained.", "choices": ["She got wet.", "Sun."], "label": 0},
    {"context": "", "choices": ["Oui ?", "Non"], "label": "Non", "id": 7},
]


def write(path, *rows):
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return path


def test_columns(tmp_path):
    records = read_choices(write(tmp_path / "r.jsonl", *ROWS))
    assert len(records) == 2 and records.lines == [1, 2]
    assert records.inputs() == (["It rained.", ""], [r["choices"] for r in ROWS])
    assert records.labels == [0, "Non"]
    assert read_choices(tmp_path / "r.jsonl", labelled=False).labels is None


def test_usual_names_and_questions(tmp_path):
    row = {"article": "a", "question": "q", "options": ["b", "c", "d"], "answer": 2}
    records = read_choices(write(tmp_path / "r.jsonl", row))
    assert records.inputs() == (["a"], ["q"], [["b", "c", "d"]]) and records.labels == [2]
    (one,) = iter_choices(tmp_path / "r.jsonl")
    assert (one.question, one.label) == ("q", None)


BAD = [
    ([{"context": "a", "label": 0}], r"a key of \['choices', .* on line 1 of .*r.jsonl"),
    ([{"choices": ["a", "b"], "label": 0}], r"a key of \['context'"),
    ([{"context": 3, "choices": ["a", "b"], "label": 0}], "a string as context on line 1.*3"),
    ([{"context": "a", "choices": ["b"], "label": 0}], "a list of 2 or more texts as choices on"),
    ([{"context": "a", "choices": ["b", 3], "label": 0}], "2 or more texts as choices on line 1"),
    ([{"context": "a", "choices": ["b", "c"]}], r"a key of \['label', 'answer'\] on line 1"),
    ([ROWS[0], ROWS[1] | {"label": 2}], "a label from 0 to 1, or one of .* on line 2.*received 2"),
    ([ROWS[0] | {"label": True}], "a label from 0 to 1.*received True"),
    ([ROWS[0] | {"label": "no"}], "a label from 0 to 1.*received 'no'"),
    ([{"context": "a", "choices": ["b", "b"], "label": "b"}], "a label from 0 to 1.*received 'b'"),
    ([ROWS[0], ROWS[1] | {"choices": ["Non", "b", "c"]}], "expected 2 choices on line 2.*rec.* 3"),
    ([ROWS[0], ROWS[1] | {"question": "q"}], "expected questions in all .* lines 1 and 2"),
    ([], "expected records in .*; received none"),
]


@pytest.mark.parametrize(("rows", "message"), BAD)
def test_bad_files(tmp_path, rows, message):
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ValueError, match=message):
        read_choices(path)
