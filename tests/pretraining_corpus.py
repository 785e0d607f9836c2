"""A corpus of random words, and the vocabulary of its words."""

import random

from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

STEMS = [first + second for first in "bdfgklmnprst" for second in ("a", "e", "ou")]
ENDS = ["n", "st", "ble"]
VOCABULARY = Vocabulary([*SPECIAL_TOKENS, *STEMS, *(f"##{end}" for end in ENDS), "."])


def sentence(rng, words):
    return " ".join(rng.choice(STEMS) + rng.choice(["", *ENDS]) for _ in range(words)) + " ."


def document(rng, sentences):
    return [sentence(rng, rng.randint(1, 13)) for _ in range(sentences)]


def make_documents(count, seed=5):
    rng = random.Random(seed)
    return [document(rng, rng.randint(1, 11)) for _ in range(count)]


def write_corpus(path, documents):
    path.write_text("\n\n".join("\n".join(lines) for lines in documents) + "\n", "utf-8")
    return path


def make_tokenizer():
    return BertTokenizer(VOCABULARY)
