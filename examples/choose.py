"""Chooses which of four descriptions fits a request.

    python examples/choose.py

Makes multiple-choice records of the library requests in examples/intents: a request, and
descriptions of four intents. Four of the twelve intents are held out of training altogether,
which a classifier could not do: a choice is read, not numbered. `--smoke` does the same with
a tiny random model in seconds.
"""

import argparse
import os
import pathlib
import random

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from keras_bert.config import BertConfig
from keras_bert.data import read_records
from keras_bert.models import BertBackbone, BertMultipleChoice
from keras_bert.text import BertPreprocessor, BertTokenizer

HERE = pathlib.Path(__file__).resolve().parent
DESCRIPTIONS = {
    "ebooks": "reading electronic books and films",
    "events": "events and workshops",
    "fees": "fees and fines to pay",
    "hold_pickup": "collecting a reserved book",
    "join": "becoming a member",
    "lost_or_damaged": "a book that is lost or damaged",
    "opening_hours": "when the library opens and closes",
    "renew": "keeping a book for longer",
    "replace_card": "a library card that is lost or broken",
    "reserve": "reserving a book",
    "room_booking": "booking a room",
    "sign_in": "signing in, passwords",
}
HELD_OUT = ("ebooks", "opening_hours", "replace_card", "room_booking")


def read(part: str, held_out: bool) -> tuple[tuple[list[str], list[list[str]]], list[str]]:
    """((requests, four descriptions each), the right ones) of the held-out intents or others."""
    records = read_records(HERE / "intents" / f"{part}.tsv")
    intents = [name for name in DESCRIPTIONS if (name in HELD_OUT) == held_out]
    draw = random.Random(3)
    requests, choices, right = [], [], []
    for text, label in zip(records.texts, records.labels, strict=True):
        if label in intents:
            four = [label, *draw.sample([name for name in intents if name != label], 3)]
            draw.shuffle(four)
            requests.append(text)
            choices.append([DESCRIPTIONS[name] for name in four])
            right.append(DESCRIPTIONS[label])
    return (requests, choices), right


def tiny_task(texts: list[str]) -> BertMultipleChoice:
    """A random model whose vocabulary is the words of some texts."""
    words = sorted({word for text in texts for word in text.lower().split() if word.isalpha()})
    tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    sizes = {"hidden_size": 22, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words) + 5, intermediate_size=29, **sizes)
    return BertMultipleChoice(BertBackbone(config), BertPreprocessor(tokenizer, 40))


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="a tiny random model, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    train, right = read("train", held_out=False)
    if arguments.smoke:
        arguments.epochs = 1
        task = tiny_task(train[0])
    else:
        task = BertMultipleChoice.from_preset(arguments.preset, sequence_length=40, pooling="mean")
    task.compile_for(len(right), epochs=arguments.epochs, batch_size=16, learning_rate=2e-4)
    task.fit(train, right, epochs=arguments.epochs, batch_size=16, verbose=2)

    print("\naccuracy, of four descriptions each (by chance 25%):")
    for held_out, name in ((False, "intents seen in training"), (True, "four other intents")):
        test, answers = read("test", held_out)
        print(f"  {name:<26}{task.score(test, answers, verbose=0)['accuracy']:.1%}")

    choices = [DESCRIPTIONS[name] for name in ("fees", "renew", "reserve", "sign_in")]
    (answer,) = task.answer((["may I keep this novel for another week"], [choices]), verbose=0)
    print(f"\n  may I keep this novel for another week: {answer['label']} ({answer['score']:.0%})")


if __name__ == "__main__":
    main()
