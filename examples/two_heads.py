"""Two heads on one encoder: what a request is about, and which desk of a library answers it.

    python examples/two_heads.py ["a request" ...]

Both learn from the library requests in examples/intents; every other record has no label of
the desk. The model is served with a signature for each head. `--smoke` does the same with a
tiny random model.
"""

import argparse
import collections
import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.data import read_records
from keras_bert.models import BertBackbone, BertMultiTask
from keras_bert.text import BertPreprocessor, BertTokenizer

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = ("can I book the quiet room", "my card is gone")
DESKS = {
    "loans": ("renew", "reserve", "hold_pickup", "fees", "lost_or_damaged"),
    "members": ("join", "replace_card", "sign_in"),
    "house": ("events", "opening_hours", "room_booking"),
    "online": ("ebooks",),
}
DESK_OF = {intent: desk for desk, intents in DESKS.items() for intent in intents}


def read(part: str) -> tuple[list[str], dict[str, list]]:
    """Texts, and the labels of both heads."""
    records = read_records(HERE / "intents" / f"{part}.tsv")
    desks = [DESK_OF[intent] for intent in records.labels]
    return records.texts, {"intent": records.labels, "desk": desks}


def tiny_task(texts: list[str], heads: dict) -> BertMultiTask:
    """A random model whose vocabulary is the words of some texts."""
    words = sorted({word for text in texts for word in text.lower().split() if word.isalpha()})
    tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    sizes = {"hidden_size": 22, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words) + 5, intermediate_size=29, **sizes)
    return BertMultiTask(BertBackbone(config), BertPreprocessor(tokenizer, 32), heads)


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", nargs="*", default=TEXTS)
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", default="runs/two_heads", help="model folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny random model, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    (texts, labels), test = read("train"), read("test")
    heads = {
        name: {"task": "classify", "pooling": "mean", "labels": sorted(set(column))}
        for name, column in labels.items()
    }
    if arguments.smoke:
        arguments.epochs, arguments.out = 1, tempfile.mkdtemp()
        task = tiny_task(texts, heads)
    else:
        task = BertMultiTask.from_preset(arguments.preset, heads=heads, sequence_length=32)

    labels["desk"] = [desk if row % 2 else None for row, desk in enumerate(labels["desk"])]
    task.compile_for(len(texts), epochs=arguments.epochs, learning_rate=2e-4)
    task.fit(texts, labels, epochs=arguments.epochs, verbose=2)
    scores = task.score(*test, verbose=0)
    print(f"\naccuracy on {len(test[0])} held-out texts:")
    for name in heads:
        most = collections.Counter(test[1][name]).most_common(1)[0][1] / len(test[0])
        print(f"  {name:<8}{scores[f'{name}_accuracy']:.1%}  (always the same answer: {most:.1%})")

    version = task.export(pathlib.Path(arguments.out) / "1", overwrite=True)
    model = tf.saved_model.load(version)
    print(f"\nexported {version}, with the signatures {', '.join(sorted(model.signatures))}:")
    answers = {
        name: model.signatures[name](text=tf.constant(list(arguments.texts)))["label"].numpy()
        for name in heads
    }
    for row, text in enumerate(arguments.texts):
        print(f"  {text}: {', '.join(answers[name][row].decode() for name in heads)}")


if __name__ == "__main__":
    main()
