"""Records what transformers computes from all-minilm-l6-v2 on a few sentences.

Run with transformers and torch, with the folder of the model (`keras-bert inspect
all-minilm-l6-v2` prints it):
    python tests/golden/record_minilm.py FOLDER
It writes `minilm.npz` beside this file: the tensors that its tokenizer makes of the
sentences, every 7th number of `sequence_output`, and the whole `pooled_output`. Recorded
with transformers 5.23.0, torch 2.13.0.
"""

import pathlib
import sys

import numpy as np
import torch
import transformers

SENTENCES = [
    "The ferry leaves at noon.",
    "Nobody expected the orchestra to play on after the lights went out, but it did.",
    "déjà vu, naïve façades & 東京 in 2024!",
    "ok",
    "It wasn't cheap; it wasn't quick; it was, however, unusually well made (for once).",
]


def main() -> None:
    """Records all of them as one padded batch."""
    folder = sys.argv[1]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    features = tokenizer(SENTENCES, padding="longest", return_tensors="pt")
    with torch.no_grad():
        outputs = model(**features)
    np.savez_compressed(
        pathlib.Path(__file__).with_name("minilm.npz"),
        sentences=np.array(SENTENCES),
        input_word_ids=features["input_ids"].numpy().astype("int32"),
        input_mask=features["attention_mask"].numpy().astype("int32"),
        sequence_output=outputs.last_hidden_state.numpy()[..., ::7],
        pooled_output=outputs.pooler_output.numpy(),
    )


if __name__ == "__main__":
    main()
