"""Chooses among a speech recogniser's hypotheses by how probable they are as sentences.

    python examples/rerank_nbest.py [--preset NAME|DIR] [--weight X]

A recogniser gives each utterance a list of hypotheses with scores; a masked language model
adds its pseudo-log-likelihood (Salazar et al. 2020), and the best sum wins. The lists below
are of our own writing, so that the numbers show how it is done and not how much it helps.
A preset with a masked LM head is used as it is; one without, such as the default, first
learns a head from 576 short requests to a library (examples/intents), in a few minutes.
`--smoke` does the same with a tiny random model in seconds.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_bert.checkpoints import read_checkpoint
from keras_bert.config import BertConfig
from keras_bert.data import read_records
from keras_bert.models import BertBackbone, BertMaskedLM
from keras_bert.presets import resolve_preset
from keras_bert.text import BertPreprocessor, BertTokenizer

HERE = pathlib.Path(__file__).resolve().parent
LENGTH = 32
# What was said, and hypotheses with the recogniser's log-probabilities.
LISTS = [
    (
        "can i renew my book online",
        [(-7.1, "can i re new my book on line"), (-7.4, "can i renew my book online"),
         (-8.0, "can eye renew my book online")],
    ),
    (
        "where is the nearest branch",
        [(-5.2, "wear is the nearest branch"), (-5.3, "where is the nearest branch"),
         (-6.1, "where is the near rest branch")],
    ),
    (
        "i forgot my password",
        [(-4.0, "i four got my password"), (-4.4, "i forgot my password"),
         (-4.6, "i forgot my past word")],
    ),
    (
        "is there a fine for late books",
        [(-6.6, "is there a fine for late books"), (-6.8, "is their a fine for late books"),
         (-7.0, "is there a find for eight books")],
    ),
    (
        "how do i get a new card",
        [(-5.5, "how due i get a new card"), (-5.9, "how do i get a new card"),
         (-6.0, "how do i get a knew cart")],
    ),
    (
        "when do you open on sunday",
        [(-4.9, "when do you open on sunday"), (-5.0, "wendy you open on sunday"),
         (-5.6, "when do you hope on sundae")],
    ),
]  # fmt: skip


def word_errors(said: str, heard: str) -> int:
    """Words to insert, leave out or replace (Levenshtein's distance)."""
    words, row = said.split(), list(range(len(heard.split()) + 1))
    for i, word in enumerate(words, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard.split(), 1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
            diagonal, row[j] = row[j], best
    return row[-1]


def tiny_model(texts: list[str]) -> BertMaskedLM:
    """A random model whose vocabulary is the words of some texts."""
    words = sorted({word for text in texts for word in text.lower().split() if word.isalpha()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    sizes = {"hidden_size": 22, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(vocabulary), intermediate_size=29, **sizes)
    preprocessor = BertPreprocessor(BertTokenizer(vocabulary), LENGTH)
    return BertMaskedLM(BertBackbone(config), preprocessor)


def main() -> None:
    """Loads or trains, re-ranks, and prints the word error rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--weight", type=float, default=0.5, help="of the language model")
    parser.add_argument("--epochs", type=int, default=10, help="where there is no head")
    parser.add_argument("--smoke", action="store_true", help="a tiny random model")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(1)
    texts = read_records(HERE / "intents" / "train.tsv", require_labels=False).texts
    if arguments.smoke:
        model, has_head, texts, epochs = tiny_model(texts), False, texts[:32], 1
    else:
        has_head = "mlm" in read_checkpoint(resolve_preset(arguments.preset)).heads
        model = BertMaskedLM.from_preset(arguments.preset, sequence_length=LENGTH)
        epochs = arguments.epochs
    if not has_head:
        model.compile_for(len(texts), epochs=epochs, learning_rate=3e-4)
        history = model.fit(texts, epochs=epochs, verbose=0).history
        print(f"learnt a head: perplexity {history['perplexity'][-1]:.0f} at the masks")
    errors = np.zeros(3, int)
    for said, hypotheses in LISTS:
        scores, heard = zip(*hypotheses, strict=True)
        sums = np.array(scores) + arguments.weight * model.score_texts(list(heard))["score"]
        wrong = [word_errors(said, text) for text in heard]
        errors += [wrong[int(np.argmax(scores))], wrong[int(np.argmax(sums))], min(wrong)]
        print(f"  {heard[int(np.argmax(scores))]:32} -> {heard[int(np.argmax(sums))]}")
    words = sum(len(said.split()) for said, _ in LISTS)
    for name, count in zip(("recogniser", "re-ranked", "best of each list"), errors, strict=True):
        print(f"word error rate, {name}: {count / words:.1%}")


if __name__ == "__main__":
    main()
