"""Writes what every engine reads: weights, a vocabulary, rows of ids.

Run once before the workers start, by the Python that has keras_bert:

    write_own_files.py '{"folder": …, "preset": …, "vocabulary": …, "config": {…} or null,
                         "batch": …, "length": …}'

`weights/` is a folder in Hugging Face's format, random where a shape is given, whose vocabulary
is the preset's, or where that is null made up, of `vocabulary` words; `rows.json` has
texts of exactly `length` tokens each, and their ids; `reference.json` is the first one's vector
in float32, with which the engines' are compared.
"""

import itertools
import json
import pathlib
import string
import sys

import numpy as np

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.sentence_encoder import BertSentenceEncoder
from keras_bert.presets import resolve_preset
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import SPECIAL_TOKENS


def write_weights(settings, folder):
    """The preset's weights, or random ones of a shape."""
    if settings["config"]:
        preprocessor = preprocessor_of(settings)
        size = len(preprocessor.tokenizer.vocabulary)
        config = BertConfig(vocab_size=size, **settings["config"])
        task = BertSentenceEncoder(BertBackbone(config), preprocessor, pooling="mean")
        task.save_to_preset(folder / "random")
        checkpoint = read_checkpoint(folder / "random")
    else:
        checkpoint = read_checkpoint(resolve_preset(settings["preset"]))
    write_checkpoint(checkpoint, folder / "weights", "huggingface")


def preprocessor_of(settings):
    """The preset's, or one of words that are made up."""
    if settings["preset"] is not None:
        return BertPreprocessor.from_preset(settings["preset"], sequence_length=128)
    words = map("".join, itertools.product(string.ascii_lowercase, repeat=4))
    made_up = itertools.islice(words, settings["vocabulary"] - len(SPECIAL_TOKENS))
    return BertPreprocessor(BertTokenizer([*SPECIAL_TOKENS, *made_up]), sequence_length=128)


def write_rows(folder, batch, length):
    """Texts of words that are one token each, and the ids of `[CLS] … [SEP]`; the texts."""
    vocabulary = (folder / "weights" / "vocab.txt").read_text("utf-8").splitlines()
    ids = {word: number for number, word in enumerate(vocabulary)}
    words = [word for word in vocabulary if word.isascii() and word.isalpha() and len(word) > 2]
    chosen = np.random.default_rng(0).choice(words, (batch, length - 2))
    texts = [" ".join(row) for row in chosen]
    rows = [[ids["[CLS]"], *(ids[word] for word in row), ids["[SEP]"]] for row in chosen]
    (folder / "rows.json").write_text(json.dumps({"texts": texts, "ids": rows}), "utf-8")
    return texts


def write_reference(folder, text, length):
    """The vector of one text: mean over its tokens, of length 1."""
    encoder = BertSentenceEncoder.from_preset(
        folder / "weights", pooling="mean", sequence_length=length
    )
    vector = encoder.encode([text])[0].tolist()
    (folder / "reference.json").write_text(json.dumps(vector), "utf-8")


def main():
    """Write what the settings ask for."""
    settings = json.loads(sys.argv[1])
    folder = pathlib.Path(settings["folder"])
    write_weights(settings, folder)
    texts = write_rows(folder, settings["batch"], settings["length"])
    write_reference(folder, texts[0], settings["length"])


if __name__ == "__main__":
    main()
