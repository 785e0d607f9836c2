import pytest

from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

TOKENS = [*SPECIAL_TOKENS, "the", "##s"]


def write(tmp_path, content: bytes):
    path = tmp_path / "vocab.txt"
    path.write_bytes(content)
    return path


def test_ids_are_line_numbers(tmp_path):
    vocabulary = Vocabulary.from_file(write(tmp_path, "\n".join(TOKENS).encode()))
    assert list(vocabulary) == TOKENS
    assert [vocabulary.id_of(token) for token in TOKENS] == list(range(7))
    assert vocabulary[-1] == "##s" and vocabulary[5:] == ("the", "##s")
    assert "the" in vocabulary and "of" not in vocabulary


def test_lines_end_at_line_feeds_only_and_are_stripped(tmp_path):
    content = "\r\n".join(TOKENS) + "\r\n\u2028\n##\u2028\nx\u2029y\n"
    vocabulary = Vocabulary.from_file(write(tmp_path, content.encode()))
    assert vocabulary[5:] == ("the", "##s", "", "##", "x\u2029y")


@pytest.mark.parametrize("last", ["", "word"])
def test_save_and_read_back(tmp_path, last):
    vocabulary = Vocabulary([*TOKENS, "é", "\u2028" if last else "z", last])
    vocabulary.save(tmp_path / "v.txt")
    assert Vocabulary.from_file(tmp_path / "v.txt") == vocabulary
    assert hash(Vocabulary(list(vocabulary))) == hash(vocabulary)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a vocabulary with tokens; received an empty one"),
        (
            "\n".join([*TOKENS, "the", " ##s "]).encode(),
            r"received duplicates: 'the' \(lines 6 and 8\), '##s' \(lines 7 and 9\)",
        ),
        (b"[PAD]\n[UNK]\nthe\n", r"received one without \[CLS\], \[SEP\], \[MASK\]"),
        (b"[PAD]\n\xff\n", r"in UTF-8; received the invalid byte 0xff at offset 6"),
    ],
)
def test_faulty_files_are_refused_by_name(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=message) as error:
        Vocabulary.from_file(path)
    assert str(path) in str(error.value)


def test_many_duplicates_are_counted():
    with pytest.raises(ValueError, match="and 3 more"):
        Vocabulary([*SPECIAL_TOKENS, *"abcdefgh", *"abcdefgh"])


def test_tokens_are_strings():
    with pytest.raises(ValueError, match="of type str; received 7 as token 5"):
        Vocabulary([*SPECIAL_TOKENS, 7])


def test_of_takes_what_users_have(tmp_path):
    path = write(tmp_path, "\n".join(TOKENS).encode())
    vocabulary = Vocabulary(TOKENS)
    assert Vocabulary.of(vocabulary) is vocabulary
    assert Vocabulary.of(path) == Vocabulary.of(str(path)) == Vocabulary.of(TOKENS) == vocabulary
