"""Records what transformers' BertForMultipleChoice computes, as a golden folder.

Run with transformers and torch, from the repository's root:
    python tests/golden/record_multiple_choice.py
It writes `huggingface_multiple_choice/` beside this file, as `record_huggingface.py` does
for the other heads; `logits` are [records, choices]. Recorded with transformers 5.23.0,
torch 2.13.0.
"""

import numpy as np
import torch
import transformers
from record_huggingface import HERE, SIZES, randomised, save_tokenizer

RECORDS, CHOICES, LENGTH = 3, 5, 7


def main() -> None:
    """Records the folder."""
    folder = HERE / "huggingface_multiple_choice"
    config = transformers.BertConfig(**SIZES, attn_implementation="eager")
    model = randomised(transformers.BertForMultipleChoice(config), seed=5)
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    save_tokenizer(folder)
    random = np.random.default_rng(13)
    shape = (RECORDS, CHOICES, LENGTH)
    lengths = random.integers(1, LENGTH + 1, shape[:2])
    mask = (np.arange(LENGTH) < lengths[..., None]).astype("int64")
    features = {
        "input_ids": random.integers(0, SIZES["vocab_size"], shape) * mask,
        "attention_mask": mask,
        "token_type_ids": random.integers(0, SIZES["type_vocab_size"], shape),
    }
    with torch.no_grad():
        logits = model(**{name: torch.tensor(array) for name, array in features.items()}).logits
    arrays = {name: array.astype("int32") for name, array in features.items()}
    np.savez_compressed(folder / "outputs.npz", logits=logits.numpy(), **arrays)


if __name__ == "__main__":
    main()
