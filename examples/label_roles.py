"""Says who did what to whom, for every predicate of a sentence, and serves that.

    python examples/label_roles.py

Fine-tunes a sentence encoder on sentences that are made here from a few names and verbs, of
two predicates each and in the active or the passive, scores it on other names and other
verbs, exports a SavedModel, and answers from it: one sentence, asked for each predicate.
`--smoke` does the same with a tiny random model in seconds.
"""

import argparse
import os
import pathlib
import random
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.models import BertBackbone, BertRoleLabeler
from keras_bert.text import BertPreprocessor, BertTokenizer

ROLES = ["ARG0", "ARG1", "V"]  # who acts, what is acted on, and the predicate itself
NAMES = {
    "train": ["Ada", "Bo", "the driver", "Mrs Lee", "my brother", "a tall nurse"],
    "test": ["Emma", "the baker", "an old teacher", "Karl"],
}
VERBS = {
    "train": ["called", "thanked", "followed", "visited", "painted", "helped"],
    "test": ["praised", "invited", "carried"],
}
ASKED = "Karl was invited by the baker and praised Emma ."
Record = tuple[list[str], int, list[str]]  # words, the predicate's index, tags


def tagged(phrase: str, role: str) -> list[tuple[str, str]]:
    """The words of a phrase with their tags."""
    return [(word, f"{'BI'[place > 0]}-{role}") for place, word in enumerate(phrase.split())]


def sentence(draw: random.Random, part: str) -> list[Record]:
    """A sentence whose subject is in two clauses: a record for each of its two predicates."""
    subject, *others = draw.sample(NAMES[part], 3)
    verbs = draw.sample(VERBS[part], 2)
    passives = [draw.random() < 0.5, False]  # "was thanked by", then "called"
    words = subject.split()
    spans = []  # of each clause: where it begins, words before its verb, words with tags
    for verb, other, passive in zip(verbs, others, passives, strict=True):
        before = ["and"] * bool(spans) + ["was"] * passive
        clause = [(word, "O") for word in before] + tagged(verb, "V")
        clause += [("by", "O")] * passive + tagged(other, "ARG0" if passive else "ARG1")
        spans.append((len(words), len(before), clause))
        words += [word for word, _ in clause]
    records = []
    for (begin, lead, clause), passive in zip(spans, passives, strict=True):
        tags = [tag for _, tag in tagged(subject, "ARG1" if passive else "ARG0")]
        tags += ["O"] * (begin - len(tags)) + [tag for _, tag in clause]
        tags += ["O"] * (len(words) + 1 - len(tags))
        records.append(([*words, "."], begin + lead, tags))
    return records


def data(part: str, sentences: int) -> tuple[tuple[list, list], list]:
    """((words, predicates), tags) of the records of some sentences."""
    draw = random.Random(f"roles {part}")
    records = [record for _ in range(sentences) for record in sentence(draw, part)]
    words, predicates, tags = map(list, zip(*records, strict=True))
    return (words, predicates), tags


def tiny_labeler(sentences: list[list[str]]) -> BertRoleLabeler:
    """A random model whose vocabulary is the words of some sentences."""
    words = sorted({word.lower() for words in sentences for word in words})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    sizes = {"hidden_size": 22, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(vocabulary), intermediate_size=29, **sizes)
    tokenizer = BertTokenizer(vocabulary=vocabulary, lowercase=True)
    return BertRoleLabeler(BertBackbone(config), BertPreprocessor(tokenizer, 64), ROLES)


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", default="runs/roles", help="model folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny random model, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    (train, tags), (test, right) = data("train", 120), data("test", 40)
    if arguments.smoke:
        arguments.epochs, arguments.out = 1, tempfile.mkdtemp()
        labeler = tiny_labeler(train[0])
    else:
        labeler = BertRoleLabeler.from_preset(arguments.preset, labels=ROLES, sequence_length=64)
    labeler.compile_for(len(tags), epochs=arguments.epochs, batch_size=16, learning_rate=2e-4)
    labeler.fit(train, tags, epochs=arguments.epochs, batch_size=16, verbose=2)
    print(f"\nroles of {len(right)} held-out predicates: f1 {labeler.score(test, right)['f1']:.1%}")

    version = labeler.export(pathlib.Path(arguments.out) / "1", overwrite=True)
    print(f"exported {version}, which says of {ASKED!r}")
    serve = tf.saved_model.load(version).signatures["serving_default"]
    for verb in ("invited", "praised"):
        start = ASKED.index(verb)
        place = {"predicate_start": [start], "predicate_end": [start + len(verb)]}
        columns = {name: tf.constant(value) for name, value in place.items()}
        answers = serve(text=tf.constant([ASKED]), **columns)
        found = zip(answers["types"][0].numpy(), answers["entities"][0].numpy(), strict=True)
        roles = [
            f"{type.decode()}: {text.decode()}" for type, text in found if type not in (b"", b"V")
        ]
        print(f"  {verb:<9}{', '.join(roles)}")


if __name__ == "__main__":
    main()
