"""Records the embeddings that sentence-transformers computes with all-minilm-l6-v2.

Run with sentence-transformers and torch, with the folder of the model (`keras-bert inspect
all-minilm-l6-v2` prints it):
    python tests/golden/record_sentence_embeddings.py FOLDER
It writes `sentence_embeddings.npz` beside this file. Recorded with sentence-transformers
6.2.0, transformers 5.23.0, torch 2.13.0.
"""

import pathlib
import sys

import numpy as np
from record_minilm import SENTENCES
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules

SENTENCES = [*SENTENCES, "", "word " * 200]


def main() -> None:
    """Mean pooling and length 1 on the folder's encoder, at most 128 word pieces."""
    transformer = modules.Transformer(sys.argv[1], max_seq_length=128)
    pooling = modules.Pooling(transformer.get_embedding_dimension(), "mean")
    model = SentenceTransformer(modules=[transformer, pooling, modules.Normalize()], device="cpu")
    embeddings = model.encode(SENTENCES, batch_size=3)
    path = pathlib.Path(__file__).with_name("sentence_embeddings.npz")
    np.savez_compressed(path, sentences=np.array(SENTENCES), embeddings=embeddings)


if __name__ == "__main__":
    main()
