import pytest

from keras_bert.checkpoints.vocabulary_file import (
    looks_lowercase,
    read_vocabulary,
    require_room,
    write_vocabulary,
)


def test_word_pieces_come_back_whatever_they_hold(tmp_path):
    tokens = ["[PAD]", "a", "##\u2028", "\u2028", "\x85", "", "é", "e\u0301", " ", "東京"]
    write_vocabulary(tokens, tmp_path)
    assert read_vocabulary(tmp_path) == tokens


def test_windows_lines_and_a_last_line_without_an_end(tmp_path):
    (tmp_path / "vocab.txt").write_bytes(b"a\r\nb\r\nc")
    assert read_vocabulary(tmp_path) == ["a", "b", "c"]


def test_no_file_is_no_vocabulary(tmp_path):
    assert read_vocabulary(tmp_path) is None


def test_another_encoding_is_refused(tmp_path):
    (tmp_path / "vocab.txt").write_bytes("é\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"expected UTF-8 in .*vocab.txt; received .*0xe9"):
        read_vocabulary(tmp_path)


@pytest.mark.parametrize("token", ["a\nb", "a\r"])
def test_line_breaks_inside_a_word_piece_are_refused(tmp_path, token):
    with pytest.raises(ValueError, match="expected word pieces without line breaks; received"):
        write_vocabulary(["a", token], tmp_path)


def test_ids_beyond_the_embeddings_are_refused():
    require_room(None, 3, "here")
    require_room(["a", "b"], 3, "here")
    require_room(["a", "b", "c"], 3, "here")
    with pytest.raises(ValueError, match="at most vocab_size=2 word pieces in here; received 3"):
        require_room(["a", "b", "c"], 2, "here")


def test_capitals_tell_the_case_and_marks_do_not():
    assert looks_lowercase(["[UNK]", "<S>", "a", "##b", "東"]) is True
    assert looks_lowercase(["[UNK]", "a", "##B"]) is False
    assert looks_lowercase(None) is None
