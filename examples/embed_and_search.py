"""Teaches a sentence encoder which requests mean the same, and searches with it.

    python examples/embed_and_search.py ["a request" ...]

Trains on pairs of library requests of one intent (examples/intents), with all requests of
other intents in the batch as negatives; scores how often the nearest training text has the
intent of a held-out one, before and after; and finds texts. `--smoke` does the same with a
tiny random model in seconds.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_bert.config import BertConfig
from keras_bert.data import read_records
from keras_bert.models import BertBackbone, BertSentenceEncoder
from keras_bert.models.search import ExactIndex
from keras_bert.text import BertPreprocessor, BertTokenizer
from keras_bert.training import InBatchNegativesLoss

HERE = pathlib.Path(__file__).resolve().parent
QUERIES = ("my card fell into the river", "what time do you close on sundays?")


def read(part: str) -> tuple[list[str], np.ndarray]:
    """Texts, and the number of the intent of each."""
    records = read_records(HERE / "intents" / f"{part}.tsv")
    return records.texts, np.unique(records.labels, return_inverse=True)[1]


def pairs(texts: list[str], intents: np.ndarray) -> tuple[list[str], list[str]]:
    """Each text beside the next one of its intent."""
    seconds = list(texts)
    for intent in set(intents):
        rows = np.flatnonzero(intents == intent)
        for row, other in zip(rows, np.roll(rows, 1), strict=True):
            seconds[row] = texts[other]
    return texts, seconds


def tiny_encoder(texts: list[str]) -> BertSentenceEncoder:
    """A random model whose vocabulary is the words of some texts."""
    words = sorted({word for text in texts for word in text.lower().split() if word.isalpha()})
    tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    sizes = {"hidden_size": 22, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words) + 5, intermediate_size=29, **sizes)
    return BertSentenceEncoder(BertBackbone(config), BertPreprocessor(tokenizer, 32))


def accuracy(encoder: BertSentenceEncoder, train: tuple, test: tuple) -> float:
    """How often the nearest training text has the intent of a held-out one."""
    nearest = encoder.search(test[0], train[0], k=1).ids[:, 0]
    return float((train[1][nearest] == test[1]).mean())


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("queries", nargs="*", default=QUERIES)
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--smoke", action="store_true", help="a tiny random model, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    train, test = read("train"), read("test")
    if arguments.smoke:
        arguments.epochs = 1
        encoder = tiny_encoder(train[0])
    else:
        encoder = BertSentenceEncoder.from_preset(arguments.preset, sequence_length=32)

    print(f"nearest of {len(train[0])} texts has the intent, {len(test[0])} held-out texts:")
    print(f"  before  {accuracy(encoder, train, test):.1%}")
    encoder.compile_for(len(train[0]), epochs=arguments.epochs, loss=InBatchNegativesLoss())
    # Records with an equal number, here that of their intent, are no negatives of each other.
    encoder.fit(pairs(*train), train[1], epochs=arguments.epochs, verbose=2)
    print(f"  after   {accuracy(encoder, train, test):.1%}")

    index = ExactIndex(encoder.encode(train[0]))
    hits = encoder.search(list(arguments.queries), index, k=3)
    for query, ids, scores in zip(arguments.queries, *hits, strict=True):
        print(f"  {query}")
        for number, score in zip(ids, scores, strict=True):
            print(f"    {score:.2f}  {train[0][number]}")


if __name__ == "__main__":
    main()
