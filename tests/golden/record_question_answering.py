"""Records what transformers' BertForQuestionAnswering computes, and the best spans of it.

Run with transformers and torch, from the repository's root:
    python tests/golden/record_question_answering.py
It writes `huggingface_question_answering/` beside this file: the folder that
`save_pretrained` writes, and `answers.json` with logits and with the span of the highest
sum of logits, found by looking at every span and cut by the tokenizer's own offsets.
Recorded with transformers 5.23.0, torch 2.13.0.
"""

import json
import pathlib

import torch
import transformers
from record_huggingface import SIZES, randomised, save_tokenizer

FOLDER = pathlib.Path(__file__).parent / "huggingface_question_answering"
LONGEST_ANSWER = 4
RECORDS = [
    ("ab?", "abc de Berlin, f"),
    ("cab", "é 東 Berlin ßb c!"),
    ("a", "aßß  dé🙂 g\tBerlin"),
    ("f g", "Berlin Berlin b"),
    ("x", "a b c d e f g h i j k"),
]


def best_span(start: list, end: list, offsets: list, context: str) -> str:
    """The text between the best start and end; offsets are None outside of the context."""
    spans = [
        (start[i] + end[j], offsets[i][0], offsets[j][1])
        for i in range(len(offsets))
        for j in range(i, min(i + LONGEST_ANSWER, len(offsets)))
        if offsets[i] is not None and offsets[j] is not None
    ]
    _, begin, limit = max(spans)
    return context[begin:limit]


def main() -> None:
    """Records the folder."""
    config = transformers.BertConfig(**SIZES, attn_implementation="eager")
    model = randomised(transformers.BertForQuestionAnswering(config), seed=5)
    model.save_pretrained(FOLDER)
    (FOLDER / "model.safetensors").chmod(0o644)
    save_tokenizer(FOLDER)
    tokenizer = transformers.AutoTokenizer.from_pretrained(FOLDER)
    rows = []
    for question, context in RECORDS:
        encoded = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
        places = encoded.pop("offset_mapping")[0].tolist()
        inside = [number == 1 for number in encoded.sequence_ids(0)]
        with torch.no_grad():
            found = model(**encoded)
        start, end = found.start_logits[0].tolist(), found.end_logits[0].tolist()
        offsets = [place if own else None for place, own in zip(places, inside, strict=True)]
        rows.append(
            {
                "question": question,
                "context": context,
                "ids": encoded["input_ids"][0].tolist(),
                "logits": [list(pair) for pair in zip(start, end, strict=True)],
                "answer": best_span(start, end, offsets, context),
            }
        )
    text = json.dumps({"max_answer_length": LONGEST_ANSWER, "rows": rows}, ensure_ascii=False)
    (FOLDER / "answers.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
