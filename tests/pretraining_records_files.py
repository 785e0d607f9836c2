"""Small files of pretraining records, for the tests of what reads them."""

import pathlib

import numpy as np
import tensorflow as tf

from keras_bert.data.record_schema import serialize

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(24))]


def features(rows, seed, next_sentence=True, length=13, predictions=3):
    """Rows in which each masked word can be told from its neighbour."""
    random = np.random.default_rng(seed)
    ids = random.integers(5, len(WORDS), (rows, length)).astype("int32")
    ids[:, 1::2] = ids[:, :-1:2]
    positions = np.sort(random.permuted(np.tile(np.arange(1, length), (rows, 1)), axis=1)[:, :3])
    positions = positions[:, :predictions].astype("int32")
    weights = np.ones((rows, predictions), "float32")
    weights[::3, -1] = 0
    made = {
        "input_word_ids": ids.copy(),
        "input_mask": np.ones_like(ids),
        "input_type_ids": np.zeros_like(ids),
        "masked_lm_positions": positions,
        "masked_lm_ids": np.take_along_axis(ids, positions, 1),
        "masked_lm_weights": weights,
    }
    np.put_along_axis(made["input_word_ids"], positions, 4, 1)
    if next_sentence:
        made["next_sentence_labels"] = random.integers(0, 2, rows).astype("int32")
    return made


def write_records(folder, rows_of_files=(11, 7, 5), seed=1, **options):
    """Files of records in a new folder; and the vocabulary beside it."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    for number, rows in enumerate(rows_of_files):
        with tf.io.TFRecordWriter(str(folder / f"part-{number:05d}.tfrecord")) as writer:
            for record in serialize(features(rows, seed + number, **options)):
                writer.write(record)
    (folder.parent / "vocab.txt").write_text("".join(f"{word}\n" for word in WORDS))
    return folder
