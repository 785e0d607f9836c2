import pytest

from keras_bert.data.tagging_schemes import Span
from keras_bert.data.word_texts import check_words, is_words, join_words


@pytest.mark.parametrize(
    ("words", "separator", "text"),
    [
        (["Ada", "met", "Bo", "."], None, "Ada met Bo ."),
        (["吴", "重", "阳", "，", "1", "9", "Ada", "京"], None, "吴重阳， 1 9 Ada 京"),
        (["吴", "重"], " ", "吴 重"),
        (["1", "9"], "", "19"),
        (["a", "", "b"], None, "a  b"),
        (["吴", "", "重"], None, "吴 重"),
        ([], None, ""),
    ],
)
def test_join(words, separator, text):
    joined = join_words(words, separator)
    assert joined.text == text
    assert [text[a:b] for a, b in zip(joined.starts, joined.limits, strict=True)] == words


def test_spans_of_words_and_of_characters():
    joined = join_words(["New", "York", "", "😀", "吴", "重"])
    span = Span("LOC", 0, 2)
    assert joined.characters(span) == Span("LOC", 0, 8)
    assert joined.words(Span("LOC", 0, 8)) == span
    assert joined.words(Span("LOC", 5, 6)) == Span("LOC", 1, 2)  # within a word
    last = joined.characters(Span("PER", 4, 6))
    assert joined.text[last.start : last.limit] == "吴重"
    assert joined.words(last) == Span("PER", 4, 6)


def test_which_records_are_words():
    assert is_words([["a"], ["b"]]) and is_words([[]]) and is_words((("a",),))
    assert not is_words(["a"]) and not is_words([]) and not is_words("ab")


@pytest.mark.parametrize("words", [["ok", 3], "text", None])
def test_what_is_no_words(words):
    with pytest.raises(ValueError, match="expected words, a list of str, in row 1; received"):
        check_words([["fine"], words])
