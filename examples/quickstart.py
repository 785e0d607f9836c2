"""From pretrained weights to a served answer: what `make demo` runs.

    python examples/quickstart.py ["a question for the library" ...]

Fine-tunes a sentence encoder on 576 short requests to a library's help desk, compares it
on 168 held-out ones with two baselines, exports one SavedModel that takes strings, and
answers from that SavedModel in a fresh process (examples/answer.py), which imports only
TensorFlow. `--smoke` does the same with a tiny random model in seconds.
"""

import argparse
import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from keras_bert.config import BertConfig
from keras_bert.data import read_records
from keras_bert.models import BertBackbone, BertClassifier
from keras_bert.text import BertPreprocessor, BertTokenizer

HERE = pathlib.Path(__file__).resolve().parent
QUESTIONS = (
    "my kid spilled juice on a picture book, what now?",
    "any chance I could hold on to this novel for a few more days",
    "is there a spot where our study group can talk out loud tomorrow",
)


def read(part: str) -> tuple[list[str], list[str]]:
    """(texts, labels) of one part of the data set."""
    records = read_records(HERE / "intents" / f"{part}.tsv")
    return records.texts, records.labels


def baselines(train, test) -> dict[str, float]:
    """Held-out accuracy of always the same answer, and of weighted bags of words."""
    most_common = collections.Counter(train[1]).most_common(1)[0][0]
    words = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10))
    return {
        "majority": sum(label == most_common for label in test[1]) / len(test[1]),
        "bag of words": words.fit(*train).score(*test),
    }


def tiny_classifier(texts: list[str], labels: list[str]) -> BertClassifier:
    """A random model whose vocabulary is the words of a few texts."""
    words = sorted({word for text in texts for word in text.lower().split() if word.isalpha()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    sizes = {"hidden_size": 22, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(vocabulary), intermediate_size=29, **sizes)
    tokenizer = BertTokenizer(vocabulary=vocabulary, lowercase=True)
    return BertClassifier(
        BertBackbone(config), BertPreprocessor(tokenizer, sequence_length=64), labels
    )


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", nargs="*", help="asked at the end; typed if none is given")
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", default="runs/library-intents", help="model folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny random model, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    train, test = read("train"), read("test")
    labels = sorted(set(train[1]))
    if arguments.smoke:
        train, arguments.epochs = (train[0][:64], train[1][:64]), 1
        arguments.out = tempfile.mkdtemp()
        classifier = tiny_classifier(train[0], labels)
    else:
        classifier = BertClassifier.from_preset(
            arguments.preset, labels=labels, sequence_length=64, pooling="mean"
        )

    started = time.monotonic()
    recipe = {"epochs": arguments.epochs, "batch_size": 16}
    classifier.compile_for(len(train[0]), learning_rate=2e-4, **recipe)
    classifier.fit(*train, validation_data=test, **recipe)
    print(f"fine-tuned in {time.monotonic() - started:.0f} s\n")

    accuracy = classifier.evaluate(*test, verbose=0, return_dict=True)["accuracy"]
    print(f"accuracy on {len(test[0])} held-out texts, {len(labels)} intents:")
    for name, value in {**baselines(train, test), "this model": accuracy}.items():
        print(f"  {name:<14}{value:6.1%}")

    version = classifier.export(pathlib.Path(arguments.out) / "1", overwrite=True)
    print(f"\nexported {version}; a fresh process answers from it:", flush=True)
    command = [sys.executable, str(HERE / "answer.py"), str(version)]
    subprocess.run([*command, *(arguments.questions or QUESTIONS)], check=True)
    if not arguments.questions and sys.stdin.isatty():
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
