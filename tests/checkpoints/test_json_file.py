import pathlib

import pytest

from keras_bert.checkpoints.json_file import read_json, require_types, write_json


def test_objects_come_back(tmp_path):
    values = {"a": [1, None, 1e-12], "é": {"b": True}}
    write_json(values, tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") == values


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (b"{", r"expected UTF-8 JSON in .*x.json; received"),
        (b'{"a": "\xff"}', r"expected UTF-8 JSON in .*x.json; received"),
        (b"[1]", r"expected a JSON object in .*x.json; received a list"),
    ],
)
def test_other_content_is_refused(tmp_path, content, received):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ValueError, match=received):
        read_json(tmp_path / "x.json")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"expected a JSON file .*x.json; received no such file"):
        read_json(tmp_path / "x.json")


def test_types_are_checked_where_there_is_a_value():
    types = {"a": int, "b": (int, float)}
    require_types({"a": 1, "b": 0.5, "c": "x"}, types, pathlib.Path("x.json"))
    require_types({"a": None}, types, pathlib.Path("x.json"))
    with pytest.raises(ValueError, match=r"expected a in x.json to be of type int; received '1'"):
        require_types({"a": "1"}, types, pathlib.Path("x.json"))
    with pytest.raises(ValueError, match=r"expected b .* of type int or float; received \[\]"):
        require_types({"b": []}, types, pathlib.Path("x.json"))
