"""Finds names of persons, places and organisations, and serves the finder.

    python examples/tag_entities.py ["a sentence" ...]

Fine-tunes a sentence encoder on 48 tagged sentences (examples/entities), scores it on 16
others, exports a SavedModel that takes texts of any length and returns entities with their
offsets, and answers from that SavedModel. `--smoke` does the same with a tiny random model
in seconds.
"""

import argparse
import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.data.conll import read_conll
from keras_bert.models import BertBackbone, BertTokenClassifier
from keras_bert.text import BertPreprocessor, BertTokenizer

HERE = pathlib.Path(__file__).resolve().parent
TYPES = ["PER", "LOC", "ORG"]
TEXTS = (
    "Grete Hermann took the train from Bremen to Göttingen.",
    "Nobody at Siemens had heard of Ada Byron, and that was a pity.",
)


def read(part: str) -> tuple[list[list[str]], list[list[str]]]:
    """(words, tags) of the sentences of one part of the data set."""
    sentences = read_conll(HERE / "entities" / f"{part}.conll")
    return [s.words for s in sentences], [s.tags for s in sentences]


def tiny_tagger(sentences: list[list[str]]) -> BertTokenClassifier:
    """A random model whose vocabulary is the words of some sentences."""
    words = sorted({word.lower() for words in sentences for word in words})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    sizes = {"hidden_size": 22, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(vocabulary), intermediate_size=29, **sizes)
    tokenizer = BertTokenizer(vocabulary=vocabulary, lowercase=True)
    return BertTokenClassifier(BertBackbone(config), BertPreprocessor(tokenizer, 64), TYPES)


def served_entities(version: pathlib.Path, texts: list[str]) -> list[list[tuple]]:
    """(entity, type, score, first byte) of each text, as the exported model gives them."""
    model = tf.saved_model.load(version)
    answers = model.signatures["serving_default"](text=tf.constant(texts))
    columns = [answers[name].numpy() for name in ("entities", "types", "scores", "byte_starts")]
    rows = []
    for row, number in enumerate(answers["num_entities"].numpy()):
        entities = zip(*(column[row, :number] for column in columns), strict=True)
        rows.append([(text.decode(), type.decode(), *rest) for text, type, *rest in entities])
    return rows


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", nargs="*", default=TEXTS)
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", default="runs/entities", help="model folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny random model, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    train, test = read("train"), read("test")
    if arguments.smoke:
        arguments.epochs, arguments.out = 1, tempfile.mkdtemp()
        tagger = tiny_tagger(train[0])
    else:
        tagger = BertTokenClassifier.from_preset(arguments.preset, labels=TYPES, sequence_length=64)

    recipe = {"epochs": arguments.epochs, "batch_size": 8}
    batches = tagger.batches(*train, batch_size=8, shuffle=True)
    tagger.compile_for(batches.records, learning_rate=2e-4, **recipe)
    tagger.fit(batches, epochs=arguments.epochs, verbose=2)

    scores = tagger.score(*test)
    print(f"\nentities of {len(test[0])} held-out sentences:")
    for name in ("precision", "recall", "f1"):
        print(f"  {name:<10}{scores[name]:6.1%}")

    version = tagger.export(pathlib.Path(arguments.out) / "1", overwrite=True)
    print(f"\nexported {version}, which finds:")
    for text, entities in zip(
        arguments.texts, served_entities(version, list(arguments.texts)), strict=True
    ):
        print(f"  {text}")
        for entity, type, score, start in entities:
            print(f"    {type}  {entity}  ({score:.0%}, from byte {start})")


if __name__ == "__main__":
    main()
