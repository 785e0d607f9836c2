"""Tells whether two requests ask for the same, and re-ranks by it what a search found.

    python examples/compare_requests.py

Trains a cross-encoder on pairs of library requests (examples/intents): each beside the five
that a sentence encoder finds nearest, which are of its intent or not. Pairs drawn otherwise
would teach it little about those that it will have to rank. Scores it on such pairs of
held-out requests, and says how often the first of the five has the right intent, as found and
re-ranked. `--smoke` does the same with tiny random models in seconds.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_bert.config import BertConfig
from keras_bert.data import read_records
from keras_bert.models import BertBackbone, BertClassifier, BertSentenceEncoder
from keras_bert.text import BertPreprocessor, BertTokenizer

HERE = pathlib.Path(__file__).resolve().parent
LABELS = ["other", "same"]
LENGTH, CANDIDATES = 64, 5
Part = tuple[list[str], np.ndarray]  # texts, and the intent of each


def read(part: str) -> Part:
    """The requests of a part and their intents."""
    records = read_records(HERE / "intents" / f"{part}.tsv")
    return records.texts, np.array(records.labels)


def pairs(asked: Part, known: Part, scores: np.ndarray) -> tuple[tuple[list, list], list[str]]:
    """Each request beside the nearest of the known ones, and whether they ask for the same.

    Args:
        asked: requests.
        known: others, or the same ones.
        scores: how alike they are, [asked, known].
    """
    first, second, labels = [], [], []
    for text, intent, alike in zip(*asked, scores, strict=True):
        others = [row for row in np.argsort(-alike) if known[0][row] != text]
        for row in others[:CANDIDATES]:
            first.append(text)
            second.append(known[0][row])
            labels.append(LABELS[int(known[1][row] == intent)])
    return (first, second), labels


def tiny(texts: list[str]) -> tuple[BertBackbone, BertPreprocessor]:
    """A random model whose vocabulary is the words of some texts."""
    words = sorted({word for text in texts for word in text.lower().split() if word.isalpha()})
    tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    sizes = {"hidden_size": 22, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words) + 5, intermediate_size=29, **sizes)
    return BertBackbone(config), BertPreprocessor(tokenizer, LENGTH)


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="tiny random models, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    train, test = read("train"), read("test")
    if arguments.smoke:
        arguments.epochs, test = 1, (test[0][:24], test[1][:24])
        encoder = BertSentenceEncoder(*tiny(train[0]))
        reader = BertClassifier(*tiny(train[0]), LABELS, pairs=True)
    else:
        encoder = BertSentenceEncoder.from_preset(arguments.preset, sequence_length=LENGTH)
        reader = BertClassifier.from_preset(
            arguments.preset, labels=LABELS, pairs=True, sequence_length=LENGTH
        )

    vectors, asked = encoder.encode(train[0]), encoder.encode(test[0])
    learned = pairs(train, train, vectors @ vectors.T)
    reader.compile_for(len(learned[1]), epochs=arguments.epochs, learning_rate=2e-4)
    reader.fit(*learned, epochs=arguments.epochs, verbose=2)
    held_out = pairs(test, train, asked @ vectors.T)
    same = np.mean([label == "same" for label in held_out[1]])
    print(f"\nsame or other, {len(held_out[1])} held-out pairs, of which {same:.1%} are the same:")
    print(f"  accuracy   {reader.score(*held_out, verbose=0)['accuracy']:.1%}")

    found = encoder.search(asked, vectors, k=CANDIDATES).ids  # [N, 5]

    def ranked(text: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ids, scores = reader.rank(text, [train[0][row] for row in rows], label="same", verbose=0)
        return rows[ids], scores

    best = [ranked(text, rows)[0][0] for text, rows in zip(test[0], found, strict=True)]
    print(f"the first of {CANDIDATES} found has the intent, {len(test[0])} held-out requests:")
    for name, rows in (("as found", found[:, 0]), ("re-ranked", np.array(best))):
        print(f"  {name:<9}  {np.mean(train[1][rows] == test[1]):.1%}")
    print(f"  {test[0][0]}")
    for row, score in zip(*ranked(test[0][0], found[0]), strict=True):
        print(f"    {score:.2f}  {train[0][row]}")


if __name__ == "__main__":
    main()
