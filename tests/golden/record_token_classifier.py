"""Records what transformers finds with a small random token classifier, as a golden file.

Run with transformers and torch, from the repository's root:
    python tests/golden/record_token_classifier.py
It writes `huggingface_token_classifier/` beside this file: the folder that
`save_pretrained` writes, and `answers.json`: for each text its ids, the logits of its word
pieces, and the entities of the pipeline with `aggregation_strategy="first"`, which takes a
word's tag from its first piece. Recorded with transformers 5.23.0, torch 2.13.0.
"""

import json
import pathlib

import torch
import transformers
from record_huggingface import SIZES, randomised, save_tokenizer

FOLDER = pathlib.Path(__file__).parent / "huggingface_token_classifier"
LABELS = ["O", "B-PER", "I-PER", "B-R-LOC", "I-R-LOC"]
TEXTS = [
    "Berlin",
    "abc de Berlin , fg-h",
    "a b c d e f g",
    "Berlin a Berlin b",
    "é 東 a東b zz aß",
    "x a y b abcd w",
]


def main() -> None:
    """Records the folder."""
    names = dict(enumerate(LABELS))
    config = transformers.BertConfig(
        **SIZES,
        attn_implementation="eager",
        id2label=names,
        label2id={label: number for number, label in names.items()},
    )
    model = randomised(transformers.BertForTokenClassification(config), seed=7)
    with torch.no_grad():  # far from ties
        model.classifier.weight.mul_(3)
    model.save_pretrained(FOLDER)
    (FOLDER / "model.safetensors").chmod(0o644)
    save_tokenizer(FOLDER)
    tokenizer = transformers.AutoTokenizer.from_pretrained(FOLDER)
    find = transformers.pipeline(
        "token-classification", model, tokenizer=tokenizer, aggregation_strategy="first"
    )
    rows = []
    for text in TEXTS:
        features = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            logits = model(**features).logits[0]
        keys = ("entity_group", "score", "start", "end")
        entities = [{key: each[key] for key in keys} for each in find(text)]
        rows.append(
            {
                "text": text,
                "ids": features["input_ids"][0].tolist(),
                "logits": [[round(x, 7) for x in row] for row in logits.tolist()],
                "entities": [e | {"score": float(e["score"])} for e in entities],
            }
        )
    text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
    (FOLDER / "answers.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
