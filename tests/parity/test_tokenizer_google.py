"""BertTokenizer beside Google's `FullTokenizer`, live, on many odd texts.

Needs tf-models-official, here or in the Python that KERAS_BERT_OFFICIAL_PYTHON names.
KERAS_BERT_PARITY_TEXTS sets how many odd texts (112000 by default), and
KERAS_BERT_PARITY_FILE a text file whose lines are compared too, with the vocabulary
that KERAS_BERT_PARITY_VOCABULARY names.
"""

import gzip
import os
import pathlib

import pytest
import tokenizer_google
import tokenizer_texts

from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import Vocabulary

pytestmark = pytest.mark.skipif(
    tokenizer_google.oracle_python() is None, reason="tf-models-official is not installed"
)
COUNT = int(os.environ.get("KERAS_BERT_PARITY_TEXTS", 112_000))
LINES = os.environ.get("KERAS_BERT_PARITY_FILE")


def mismatches(texts, vocabulary_path, lowercase, limit=200):
    google = tokenizer_google.google_tokens(texts, vocabulary_path, lowercase, limit)
    tokenizer = BertTokenizer(
        vocabulary_path, lowercase=lowercase, max_characters_per_word=limit, name="parity"
    )
    found = []
    for begin in range(0, len(texts), 1000):
        part = texts[begin : begin + 1000]
        ours = [[tokenizer.vocabulary[i] for i in row] for row in tokenizer(part).to_list()]
        pairs = zip(part, ours, google[begin : begin + 1000], strict=True)
        found += [(text, mine, theirs) for text, mine, theirs in pairs if mine != theirs]
    print(f"lowercase={lowercase} limit={limit}: {len(found)} of {len(texts)} texts differ")
    return found


@pytest.mark.parametrize("limit", [200, 400])
@pytest.mark.parametrize("lowercase", [True, False])
def test_odd_texts(tmp_path, lowercase, limit):
    texts, pool = tokenizer_texts.odd_texts(COUNT if limit == 200 else COUNT // 10, seed=limit)
    path = tmp_path / "vocab.txt"
    Vocabulary(tokenizer_texts.character_vocabulary(pool)).save(path)
    assert not mismatches(texts, path, lowercase, limit)[:5]


@pytest.mark.skipif(not LINES, reason="KERAS_BERT_PARITY_FILE is not set")
@pytest.mark.parametrize("lowercase", [True, False])
def test_lines_of_a_file(lowercase):
    content = pathlib.Path(LINES).read_bytes()
    content = gzip.decompress(content) if LINES.endswith(".gz") else content
    texts = [line for line in content.split(b"\n") if line]
    assert not mismatches(texts, os.environ["KERAS_BERT_PARITY_VOCABULARY"], lowercase)[:5]
