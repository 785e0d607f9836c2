import gzip

import pytest

from keras_bert.data.conll import TaggedSentence, read_conll

SPACED = """-DOCSTART- -X- O

Ada B-PER
Byron I-PER
# O
{spaces}
# a comment of several words
wrote O
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "words.conll"
        path.write_bytes(text.encode("utf-8"))
        return path

    return write


def test_spaces_comments_documents_and_a_word_that_is_a_hash(write):
    assert read_conll(write(SPACED.format(spaces="  "))) == [
        TaggedSentence(["Ada", "Byron", "#"], ["B-PER", "I-PER", "O"], 3),
        TaggedSentence(["wrote"], ["O"], 8),
    ]


def test_tabs_columns_and_line_ends(write):
    text = "# id = 1\r\n1\tNew York\tB-LOC\t-\r\n2\t#\tO\t-\r\n\r\n\r\n1\t\u3000\tO\t-"
    assert read_conll(write(text), word=1, tag=2) == [
        TaggedSentence(["New York", "#"], ["B-LOC", "O"], 2),
        TaggedSentence(["\u3000"], ["O"], 6),
    ]


def test_gzip_and_words_alone(tmp_path):
    path = tmp_path / "words"
    path.write_bytes(gzip.compress("吴 B-NAME\n重 E-NAME\n".encode()))
    assert read_conll(path)[0].tags == ["B-NAME", "E-NAME"]
    assert read_conll(path, tag=None) == [TaggedSentence(["吴", "重"], None, 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ada B-PER\nByron\n", "expected a tag O, .* received 'Byron' on line 2 of .*words"),
        ("Ada X-PER\n", "expected a tag O, .* received 'X-PER' on line 1 of .*words"),
        ("Ada O\n\tO\n", "expected a word on line 2 of .*; received an empty column"),
        (" O\n", "expected a word on line 1 of .*; received an empty column"),
        ("# nothing\n\n", "expected at least one sentence in .*words.conll; received none"),
    ],
)
def test_bad_files(write, text, message):
    with pytest.raises(ValueError, match=message):
        read_conll(write(text))


def test_missing_columns(write):
    path = write("1 Ada B-PER\n2 Byron\n")
    with pytest.raises(ValueError, match=r"a tag in column 2 on line 2 of .*; received 2 columns"):
        read_conll(path, word=1, tag=2)
    with pytest.raises(ValueError, match=r"a word in column 3 on line 1 of .*; received 3 columns"):
        read_conll(path, word=3)
