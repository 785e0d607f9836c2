import pytest

from keras_bert.batch_prediction.record_layout import Layout, find_layout, format_of


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_text_is_one_input(file):
    path = file("a.txt", "text\tlabel\n")  # no table, unlike where columns are asked for
    assert find_layout(path, ["text"]) == Layout("text", False, None, {"text": 0}, {})


def test_tsv_by_usual_names_by_names_and_by_places(file):
    path = file("a.tsv", "id\tsentence1\tsentence2\n1\ta\tb\n")
    pair = {"text": 1, "text_pair": 2}
    assert find_layout(path, ["text", "text_pair"], keep=["id"]) == Layout(
        "tsv", True, 3, pair, {"id": 0}
    )
    assert find_layout(path, ["text"], columns={"text": "ID"}).inputs == {"text": 0}
    assert find_layout(path, ["text"], columns={"text": "2"}, header=False) == Layout(
        "tsv", False, None, {"text": 2}, {}
    )
    # Places, and usual names in the first row: those two of the three are names.
    found = find_layout(path, ["text", "text_pair"], columns={"text": "1", "text_pair": "2"})
    assert found.header and found.inputs == pair
    plain = file("b.tsv", "1\ta\tb\n")
    assert not find_layout(plain, ["text"], columns={"text": "1"}).header


def test_json_lines_by_the_keys_of_the_first_row(file):
    path = file("a.jsonl", '\n{"q": "x", "number": 3, "id": 7}\n')
    found = find_layout(path, ["question", "number"], columns={"question": "q"}, keep=["id"])
    inputs = {"question": "q", "number": "number"}
    assert found == Layout("jsonl", False, None, inputs, {"id": "id"})


def test_layout_refuses_what_it_cannot_read(file):
    table = file("a.tsv", "text\tid\nx\t1\n")
    text = file("a.txt", "x\n")
    bare = file("b.tsv", "x\t1\n")
    with pytest.raises(ValueError, match=r"expected a name that ends in .txt.* received 'a.csv'"):
        format_of("a.csv", None)
    with pytest.raises(ValueError, match=r"a format of text, tsv, jsonl; .* format 'csv'"):
        format_of("a.tsv", "csv")
    with pytest.raises(ValueError, match=r"inputs of the signature, text; received .*for txt"):
        find_layout(table, ["text"], columns={"txt": "id"})
    with pytest.raises(ValueError, match=r"for a signature of 2 inputs, text, text_pair; received"):
        find_layout(text, ["text", "text_pair"])
    with pytest.raises(ValueError, match=r"JSON lines for columns \(id\); received plain text"):
        find_layout(text, ["text"], keep=["id"])
    with pytest.raises(ValueError, match=r"expected rows in .*; received an empty file"):
        find_layout(file("c.jsonl", "\n\n"), ["text"])
    with pytest.raises(ValueError, match=r"no header; received none for text_pair, id"):
        find_layout(bare, ["text", "text_pair"], columns={"text": 0}, keep=["id"], header=False)
    with pytest.raises(ValueError, match=r'expected a column "text_pair" in .*; received'):
        find_layout(table, ["text", "text_pair"])
    with pytest.raises(ValueError, match=r'expected a column "name" in .*; received columns'):
        find_layout(table, ["text"], keep=["name"])
