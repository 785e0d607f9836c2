"""Texts to vectors for engines without text: Rust `tokenizers`, batches sorted by length."""

import pathlib

import numpy as np


def texts_step(settings, given, run):
    """A step that embeds all texts.

    Args:
        settings: of the job.
        given: the texts.
        run: ids and mask int64 [B, S] → float32 [B, S, H].
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(
        str(pathlib.Path(settings["folder"]) / "weights" / "tokenizer.json")
    )
    tokenizer.enable_truncation(settings["length"])
    tokenizer.no_padding()

    def step():
        rows = [encoding.ids for encoding in tokenizer.encode_batch(given)]
        order = sorted(range(len(rows)), key=lambda number: -len(rows[number]))
        batches = (
            order[i : i + settings["batch"]] for i in range(0, len(order), settings["batch"])
        )
        vectors = [None] * len(rows)
        for chosen in batches:
            for number, vector in zip(chosen, embed([rows[n] for n in chosen], run), strict=True):
                vectors[number] = vector
        return np.stack(vectors)

    return step


def embed(rows, run):
    """Masked mean of unit length of each row of ids."""
    mask = np.zeros((len(rows), len(rows[0])), "int64")  # the longest is first
    ids = np.zeros_like(mask)
    for number, row in enumerate(rows):
        ids[number, : len(row)], mask[number, : len(row)] = row, 1
    hidden = run(ids, mask)
    mean = np.einsum("bsh,bs->bh", hidden, mask.astype("float32")) / mask.sum(1, keepdims=True)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)
