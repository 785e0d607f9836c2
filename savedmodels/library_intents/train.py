"""Trains the source of this entry: a small BERT from nothing, on examples/intents.

    python savedmodels/library_intents/train.py FOLDER

Writes a folder for `keras-bert export`. The pieces of its vocabulary are letters, and the
words that stand twice or more in the training texts. Another machine may round otherwise and
so end at other weights: `source/` keeps those that version 1 was exported from.
"""

# ruff: noqa: T201

import collections
import pathlib
import re
import string
import sys

import keras

from keras_bert.config import BertConfig
from keras_bert.data.records import read_records
from keras_bert.models import BertBackbone, BertClassifier
from keras_bert.text import BertPreprocessor, BertTokenizer

INTENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "intents"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def pieces(texts: list[str]) -> list[str]:
    """The vocabulary: special pieces, characters, and words by falling number."""
    letters = string.ascii_lowercase + string.digits
    counts = collections.Counter(w for text in texts for w in re.findall(r"[a-z]+", text.lower()))
    words = [word for word, count in counts.most_common() if count > 1 and len(word) > 1]
    return [*SPECIAL, *string.punctuation, *letters, *(f"##{letter}" for letter in letters), *words]


def make(texts: list[str], labels: list[str]) -> BertClassifier:
    """A new classifier of 1 layer."""
    keras.utils.set_random_seed(0)
    tokenizer = BertTokenizer(pieces(texts))
    config = BertConfig(
        vocab_size=tokenizer.vocabulary_size(),
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=48,
        initializer_range=0.08,
        hidden_dropout_prob=0.3,
    )
    preprocessor = BertPreprocessor(tokenizer, sequence_length=48)
    return BertClassifier(BertBackbone(config), preprocessor, sorted(set(labels)), pooling="mean")


def main(folder: str) -> None:
    """Trains, prints the accuracy on the held-out texts, and writes the folder."""
    train, test = (read_records(INTENTS / f"{part}.tsv") for part in ("train", "test"))
    task = make(train.texts, train.labels)
    task.compile_for(len(train), epochs=30, batch_size=16, learning_rate=3e-3)
    task.fit(train.texts, train.labels, epochs=30, batch_size=16, verbose=0)
    print(task.score(test.texts, test.labels, verbose=0))
    task.save_to_preset(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
