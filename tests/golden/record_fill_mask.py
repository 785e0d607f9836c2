"""Records what transformers' fill-mask pipeline answers, from a small random BERT.

Run with transformers and torch, from the repository's root:
    python tests/golden/record_fill_mask.py
It writes `huggingface_masked_lm/` beside this file: the folder that `save_pretrained`
writes, and `fill_mask.json` with texts, the pipeline's words and scores for every mask,
the ids of texts with special tokens written in them, and pseudo-log-likelihoods of texts,
each word piece masked once. Recorded with transformers 5.23.0, torch 2.13.0.
"""

import json
import pathlib

import torch
import transformers
from record_huggingface import randomised

FOLDER = pathlib.Path(__file__).parent / "huggingface_masked_lm"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    "the",
    "a",
    "cat",
    "dog",
    "bird",
    "sat",
    "ran",
    "flew",
    "on",
    "over",
    "under",
    "mat",
    "road",
    "hill",
    "and",
    "was",
    "is",
    "old",
    "new",
    "very",
    "##s",
    "##ed",
    "##ing",
    "##ly",
    "cafe",
    "東",
    "京",
    ".",
    ",",
    "!",
    "?",
]
SIZES = {
    "vocab_size": len(SPECIAL) + len(WORDS),
    "hidden_size": 22,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 37,
    "max_position_embeddings": 23,
}
MASKED = [
    "the cat sat on the [MASK].",
    "[MASK]",
    "the [MASK] ran[MASK]ing over [MASK] old hill [MASK]",
    "A very, VERY old [MASK]! Caf\u00e9 [MASK]東京?",
    "[MASK][MASK][MASK] unheardof [mask] [MASK]",
]
SPECIAL_TEXTS = [*MASKED, "[CLS] the [SEP] cat [PAD][UNK]s", "[MASK", "[[MASK]]", "cats[SEP]sats"]
SENTENCES = ["the cat sat on the mat.", "mat the on sat cat the.", "dogs", "birds flew over 東京!"]
TOP_K = 5


def pseudo_log_likelihood(model, tokenizer, text: str) -> list[float]:
    """Log-probabilities of the pieces of a text, each masked alone."""
    ids = tokenizer(text, return_tensors="pt")["input_ids"][0]
    values = []
    for place in range(1, len(ids) - 1):
        masked = ids.clone()
        masked[place] = tokenizer.mask_token_id
        with torch.no_grad():
            logits = model(masked[None]).logits[0, place]
        values.append(torch.log_softmax(logits.double(), -1)[ids[place]].item())
    return values


def main() -> None:
    """Records the folder."""
    config = transformers.BertConfig(**SIZES, attn_implementation="eager")
    model = randomised(transformers.BertForMaskedLM(config), seed=5)
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *WORDS])}
    tokenizer = transformers.BertTokenizer(vocab=vocabulary, do_lower_case=True)
    model.save_pretrained(FOLDER)
    (FOLDER / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(FOLDER)
    fill = transformers.pipeline("fill-mask", model=model, tokenizer=tokenizer, top_k=TOP_K)
    answers = []
    for text in MASKED:
        found = fill(text)
        masks = found if isinstance(found[0], list) else [found]
        answers.append([[[word["token_str"], word["score"]] for word in mask] for mask in masks])
    golden = {
        "masked": MASKED,
        "answers": answers,
        "special_texts": SPECIAL_TEXTS,
        "special_ids": tokenizer(SPECIAL_TEXTS, add_special_tokens=False)["input_ids"],
        "sentences": SENTENCES,
        "log_probabilities": [pseudo_log_likelihood(model, tokenizer, s) for s in SENTENCES],
    }
    text = json.dumps(golden, ensure_ascii=False, indent=1)
    (FOLDER / "fill_mask.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
