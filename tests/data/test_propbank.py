import json

import pytest

from keras_bert.data.propbank import Proposition, read_propbank

WORDS = ["Ada", "wrote", "and", "read", "it"]
FIRST = {"index": 1, "sense": "write.01", "tags": ["B-ARG0", "B-V", "O", "O", "B-ARG1"]}
SECOND = {"index": 3, "tags": ["B-ARG0", "O", "O", "B-V", "B-ARG1"]}


@pytest.fixture
def write(tmp_path):
    def write(*rows):
        path = tmp_path / "roles.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        return path

    return write


def test_one_proposition_a_predicate(write):
    path = write({"id": "a", "words": WORDS, "predicates": [FIRST, SECOND]})
    assert read_propbank(path) == [
        Proposition("a", WORDS, 1, "write.01", FIRST["tags"]),
        Proposition("a", WORDS, 3, "", SECOND["tags"]),
    ]


def test_tags_may_be_left_out_of_what_is_not_labelled(write):
    path = write({"words": WORDS, "predicates": [{"index": 3}]})
    assert read_propbank(path, labelled=False) == [Proposition("", WORDS, 3, "", None)]
    with pytest.raises(ValueError, match=r"tags, 5 strings, on line 1 of .*; received None"):
        read_propbank(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"words": "Ada wrote"}, "words as a list of strings on line 2 of .*; received 'Ada"),
        ({"words": ["Ada", ""]}, r"words as a list of strings on line 2 of .*received \['Ada'"),
        ({"predicates": None}, "predicates as a list of objects on line 2 of .*; received None"),
        ({"predicates": [3]}, r"predicates as a list of objects on line 2 of .*; received \[3\]"),
        ({"predicates": [FIRST | {"index": 5}]}, "index from 0 to 4 on line 2 of .*; received 5"),
        ({"predicates": [FIRST | {"index": True}]}, "index from 0 to 4 on .*; received True"),
        ({"predicates": [FIRST | {"tags": ["O"]}]}, "5 strings, on line 2 .*; received 1 values"),
        (
            {"predicates": [FIRST | {"tags": ["ARG0", *"OOOO"]}]},
            "expected a tag O, .*; received 'ARG0' on line 2 of",
        ),
    ],
)
def test_bad_lines(write, changes, message):
    good = {"words": WORDS, "predicates": [FIRST]}
    with pytest.raises(ValueError, match=message):
        read_propbank(write(good, good | changes))


def test_no_predicates(write):
    with pytest.raises(ValueError, match=r"expected at least one predicate in .*; received none"):
        read_propbank(write({"words": WORDS, "predicates": []}))
