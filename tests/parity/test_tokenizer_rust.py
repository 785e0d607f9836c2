"""BertTokenizer beside Rust `tokenizers`, live, where that one follows Google's rules.

It departs from them in characters of Unicode versions after its own, in unassigned,
private and U+FFFD characters, in Zl and Zp, and in the final sigma; texts with those
are left out. Its offsets leave stripped accents at the end of a piece outside; those of
overlong words and of reordered marks are wrong, and are not compared.
"""

import random
import unicodedata

import pytest
import tokenizer_texts

from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

tokenizers = pytest.importorskip("tokenizers")
COUNT = 12_000
LIMIT = 100  # of characters in a word, in Rust


def departs(text):
    strange = any(char in "Σ\ufffd" or not tokenizer_texts.is_old(char) for char in text)
    return strange or any(unicodedata.category(char) in ("Co", "Zl", "Zp") for char in text)


def offsets_depart(text):
    decomposed = unicodedata.normalize("NFD", text)
    marks = {unicodedata.category(c) for c in decomposed if unicodedata.combining(c)}
    return marks > {"Mn"} or marks == {"Mc"} or any(len(w) > LIMIT for w in decomposed.split())


@pytest.fixture(scope="module")
def agreed(tmp_path_factory):
    odd, pool = tokenizer_texts.odd_texts(COUNT, seed=5)
    texts = [text.decode("utf-8", "ignore") for text in odd]
    path = tmp_path_factory.mktemp("rust") / "vocab.txt"
    Vocabulary(tokenizer_texts.character_vocabulary(pool)).save(path)
    kept = [text for text in texts if not departs(text)]
    assert len(kept) > COUNT // 3
    return kept, path


@pytest.mark.parametrize("lowercase", [True, False])
def test_tokens_and_offsets(agreed, lowercase):
    texts, path = agreed
    ours = BertTokenizer(path, lowercase=lowercase, max_characters_per_word=LIMIT)
    rust = tokenizers.BertWordPieceTokenizer(str(path), lowercase=lowercase)
    theirs = rust.encode_batch(texts, add_special_tokens=False)
    found = ours.tokenize_with_offsets(texts)
    columns = (found.ids.to_list(), found.char_starts.to_list(), found.char_limits.to_list())
    for text, encoding, ids, starts, limits in zip(texts, theirs, *columns, strict=True):
        assert ids == encoding.ids, ascii(text)
        if offsets_depart(text):
            continue
        assert starts == [start for start, _ in encoding.offsets], ascii(text)
        for mine, (_, limit) in zip(limits, encoding.offsets, strict=True):
            assert mine >= limit
            assert {unicodedata.category(char) for char in text[limit:mine]} <= {"Mn"}


def test_special_tokens_written_in_texts(agreed):
    texts, path = agreed
    written = ("[MASK]", "[SEP]", "[CLS]", "[PAD]", "[UNK]", "[mask]", "[MASK")
    generator = random.Random(7)
    mixed = []
    for text in texts:
        place = generator.randrange(len(text) + 1)
        mixed.append(text[:place] + "".join(generator.choices(written, k=2)) + text[place:])
    mixed = [text for text in mixed if not departs(text)]
    ours = BertTokenizer(path, max_characters_per_word=LIMIT, keep_special_tokens=True)
    rust = tokenizers.BertWordPieceTokenizer(str(path), lowercase=True)
    rust.add_special_tokens(list(SPECIAL_TOKENS))
    theirs = rust.encode_batch(mixed, add_special_tokens=False)
    for text, encoding, ids in zip(mixed, theirs, ours(mixed).to_list(), strict=True):
        assert ids == encoding.ids, ascii(text)
