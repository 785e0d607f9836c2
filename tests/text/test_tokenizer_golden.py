"""What Google's `FullTokenizer` made of odd texts; see tests/parity/record_tokenizer_golden.py."""

import json
import pathlib

import pytest

from keras_bert.text.tokenizer import BertTokenizer

GOLDEN = pathlib.Path(__file__).with_name("tokenizer_golden.json")


@pytest.fixture(scope="module")
def golden():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["uncased", "cased"])
def test_tokens_are_googles(golden, name):
    texts = [text.encode("latin-1") for text in golden["texts"]]
    assert len(texts) >= 500
    tokenizer = BertTokenizer(golden["vocabulary"], lowercase=name == "uncased")
    rows = tokenizer(texts).to_list()
    for text, ids, expected in zip(texts, rows, golden[name], strict=True):
        assert " ".join(tokenizer.vocabulary[i] for i in ids) == expected, text
