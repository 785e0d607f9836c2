import pytest

from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import SPECIAL_TOKENS

TOKENS = [
    *SPECIAL_TOKENS,
    *("hello", "world", "un", "##able", "cafe", "caf", "##e", "##é", "Hello", "!", ",", "[", "]"),
    *(
        "mask",
        "中",
        "国",
        "##\u0301",
        "x",
        "##x",
        "…",
        "ς",
        "σ",
        "##ς",
        "##σ",
        "",
        "##",
        "...",
        "a b",
    ),
]


@pytest.fixture(scope="session")
def tokens():
    return list(TOKENS)


@pytest.fixture(scope="session")
def uncased(tokens):
    return BertTokenizer(tokens)


@pytest.fixture(scope="session")
def cased(tokens):
    return BertTokenizer(tokens, lowercase=False)
