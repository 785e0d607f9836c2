"""Fine-tunes a BERT with transformers' own models and Trainer on the rows of `rows.py`.

    python benchmarks/finetuning/with_transformers.py FOLDER ROWS.json PREDICTIONS.json

Runs in the environment of `../peers/requirements/torch.txt`. The recipe is the one of its
examples: AdamW, weight decay 0.01, clip 1.0, batch-longest padding, with BERT's linear
warm-up over a tenth. Words carry their tag on the first word piece; passages are cut into
windows with a stride, and answers are searched in the n best starts and ends. Writes a
prediction a held-out row, for questions that may have no answer the best one and how far
none is ahead of it (`null`). Prints one JSON line: times are wall and processor seconds,
prediction from strings to answers.
"""

import argparse
import json
import pathlib
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers

MAX_QUERY, MAX_ANSWER, N_BEST = 64, 30, 20


class Rows(torch.utils.data.Dataset):
    """Encoded rows, for the Trainer."""

    def __init__(self, rows: list[dict]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict:
        return self.rows[index]


def train_on(a: argparse.Namespace, model: Any, rows: list[dict], collator: Any) -> Any:
    """Runs the Trainer."""
    steps = -(-len(rows) // a.batch_size) * a.epochs
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=tempfile.mkdtemp(),
            num_train_epochs=a.epochs,
            per_device_train_batch_size=a.batch_size,
            per_device_eval_batch_size=a.batch_size,
            learning_rate=a.learning_rate,
            warmup_steps=int(0.1 * steps),
            weight_decay=0.01,
            max_grad_norm=1.0,
            seed=a.seed,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            remove_unused_columns=False,
        ),
        train_dataset=Rows(rows),
        data_collator=collator,
    )
    trainer.train()
    a.trained = time.monotonic(), time.process_time()
    return trainer.model.eval()


def logits_of(a: argparse.Namespace, model: Any, rows: list[dict], collator: Any) -> list:
    """Model outputs, row by row, in batches of like length."""
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row]["input_ids"]))
    found: list = [None] * len(rows)
    with torch.inference_mode():
        for start in range(0, len(order), a.batch_size):
            part = order[start : start + a.batch_size]
            outputs = model(**collator([rows[row] for row in part]))
            tensors = [value.numpy() for name, value in outputs.items() if "logits" in name]
            for place, row in enumerate(part):
                found[row] = [tensor[place] for tensor in tensors]
    return found


def sequences(a: argparse.Namespace, tokenizer: Any, train: list, test: list, number: bool) -> list:
    """`classify` and `regress`."""
    names = sorted({row["label"] for row in train})
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        a.model, num_labels=1 if number else len(names)
    )

    def encode(row: dict, labelled: bool) -> dict:
        pair = {"text_pair": row["pair"]} if row["pair"] is not None else {}
        encoded = tokenizer(row["text"], **pair, truncation=True, max_length=a.sequence_length)
        label = float(row["label"]) if number else names.index(row["label"])
        return {**encoded, "labels": label} if labelled else dict(encoded)

    collator = transformers.DataCollatorWithPadding(tokenizer)
    model = train_on(a, model, [encode(row, True) for row in train], collator)
    logits = logits_of(a, model, [encode(row, False) for row in test], collator)
    if number:
        return [float(row[0][0]) for row in logits]
    return [names[int(row[0].argmax())] for row in logits]


def tags(a: argparse.Namespace, tokenizer: Any, train: list, test: list, predicates: bool) -> list:
    """`tag` and `srl`: the tag of a word on its first piece."""
    names = sorted({tag for row in train for tag in row["tags"]})
    model = transformers.AutoModelForTokenClassification.from_pretrained(
        a.model, num_labels=len(names)
    )

    def encode(row: dict, labelled: bool) -> dict:
        second = {"text_pair": [row["words"][row["predicate"]]]} if predicates else {}
        encoded = tokenizer(
            row["words"],
            **second,
            is_split_into_words=True,
            truncation="only_first" if predicates else True,
            max_length=a.sequence_length,
        )
        if not labelled:  # held-out rows may have tags that were never seen
            return {**encoded}
        firsts = first_pieces(encoded)
        labels = [-100 if word is None else names.index(row["tags"][word]) for word in firsts]
        return {**encoded, "labels": labels}

    def first_pieces(encoded: Any) -> list:
        words, sequence = encoded.word_ids(), encoded.sequence_ids()
        return [
            word if sequence[i] == 0 and (i == 0 or words[i - 1] != word) else None
            for i, word in enumerate(words)
        ]

    collator = transformers.DataCollatorForTokenClassification(tokenizer)
    padding = transformers.DataCollatorWithPadding(tokenizer)
    model = train_on(a, model, [encode(row, True) for row in train], collator)
    logits = logits_of(a, model, [encode(row, False) for row in test], padding)
    predictions = []
    for row, (scores,) in zip(test, logits, strict=True):
        second = {"text_pair": [row["words"][row["predicate"]]]} if predicates else {}
        encoded = tokenizer(
            row["words"],
            **second,
            is_split_into_words=True,
            truncation="only_first" if predicates else True,
            max_length=a.sequence_length,
        )
        found = ["O"] * len(row["words"])
        for piece, word in enumerate(first_pieces(encoded)):
            if word is not None:
                found[word] = names[int(scores[piece].argmax())]
        predictions.append(found)
    return predictions


def spans(a: argparse.Namespace, tokenizer: Any, train: list, test: list) -> list:
    """`squad`: windows with a stride, and the best span of all windows."""
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(a.model)
    collator = transformers.DataCollatorWithPadding(tokenizer)

    def windows(rows: list, labelled: bool) -> tuple[list, list]:
        encoded, places = [], []
        for number, row in enumerate(rows):
            question = tokenizer(
                row["question"], add_special_tokens=False, truncation=True, max_length=MAX_QUERY
            )
            room = a.sequence_length - len(question["input_ids"]) - 3
            cut = tokenizer(
                tokenizer.decode(question["input_ids"]),
                row["context"],
                truncation="only_second",
                max_length=a.sequence_length,
                stride=max(0, room - a.stride),
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )
            for w in range(len(cut["input_ids"])):
                keys = ("input_ids", "attention_mask", "token_type_ids")
                window = {key: cut[key][w] for key in keys}
                inside = [s == 1 for s in cut.sequence_ids(w)]
                offsets = cut["offset_mapping"][w]
                if labelled:
                    start, end = target(row, offsets, inside)
                    window |= {"start_positions": start, "end_positions": end}
                encoded.append(window)
                places.append((number, offsets, inside))
        return encoded, places

    def target(row: dict, offsets: list, inside: list) -> tuple[int, int]:
        if not row["answers"]["text"]:
            return 0, 0
        begin = row["answers"]["answer_start"][0]
        limit = begin + len(row["answers"]["text"][0])
        kept = [i for i, yes in enumerate(inside) if yes]
        hit = [i for i in kept if offsets[i][0] < limit and offsets[i][1] > begin]
        whole = hit and offsets[kept[0]][0] <= begin and offsets[kept[-1]][1] >= limit
        return (hit[0], hit[-1]) if whole else (0, 0)

    train_rows, _ = windows(train, True)
    model = train_on(a, model, train_rows, collator)
    test_rows, places = windows(test, False)
    best: list = [(-np.inf, "")] * len(test)
    null = [np.inf] * len(test)
    for (number, offsets, inside), (start, end) in zip(
        places, logits_of(a, model, test_rows, collator), strict=True
    ):
        null[number] = min(null[number], start[0] + end[0])
        for i in np.argsort(-start)[:N_BEST]:
            for j in np.argsort(-end)[:N_BEST]:
                if i <= j < min(i + MAX_ANSWER, len(inside)) and inside[i] and inside[j]:
                    text = test[number]["context"][offsets[i][0] : offsets[j][1]]
                    best[number] = max(best[number], (start[i] + end[j], text))
    if all(row["answers"]["text"] for row in train):
        return [text for _, text in best]
    return [
        {"text": text, "null": float(null[number] - score)}
        for number, (score, text) in enumerate(best)
    ]


def main() -> None:
    """Fine-tunes, predicts and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a Hugging Face folder")
    parser.add_argument("rows")
    parser.add_argument("predictions")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--sequence-length", type=int, default=128)
    parser.add_argument("--stride", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    content = json.loads(pathlib.Path(a.rows).read_text(encoding="utf-8"))
    transformers.set_seed(a.seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(a.model)
    engines: dict[str, Callable] = {
        "classify": lambda *x: sequences(*x, number=False),
        "regress": lambda *x: sequences(*x, number=True),
        "tag": lambda *x: tags(*x, predicates=False),
        "srl": lambda *x: tags(*x, predicates=True),
        "squad": spans,
    }
    started, busy = time.monotonic(), time.process_time()
    found = engines[content["kind"]](a, tokenizer, content["train"], content["test"])
    ended, trained = (time.monotonic(), time.process_time()), vars(a).pop("trained")
    pathlib.Path(a.predictions).write_text(json.dumps(found), encoding="utf-8")
    rows = len(content["test"]) / 1000
    times = {
        "train_seconds": [round(trained[0] - started, 1), round(trained[1] - busy, 1)],
        "seconds_per_1000": [round((ended[i] - trained[i]) / rows, 2) for i in (0, 1)],
    }
    print(json.dumps({"engine": "transformers", **vars(a), **times}))


if __name__ == "__main__":
    main()
