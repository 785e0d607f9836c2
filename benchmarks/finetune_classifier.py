"""Fine-tunes one pretrained BERT on one labelled file, with keras_bert or transformers.

Both engines get the same rows, the same held-out tenth, the same number of steps and the
same recipe (AdamW, linear warm-up over a tenth and decay, clip 1.0, batch-longest
padding), each in its own process and environment:

    python benchmarks/finetune_classifier.py keras_bert MODEL train_sentences.tsv.gz
    python benchmarks/finetune_classifier.py transformers FOLDER train_sentences.tsv.gz

MODEL is a Hugging Face folder, or for keras_bert also a preset's name. The file is a TSV
without quoting: text, label; a first row that says so is left out. Without arguments it is
keras_bert, MiniLM and the library intents. Prints one JSON line.
"""

import argparse
import gzip
import json
import random
import tempfile
import time


def split(path: str, held_out: float = 0.1) -> tuple[list, list]:
    """The rows of a TSV, shuffled by a fixed seed: training part and held-out part."""
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as lines:
        rows = [tuple(line.rstrip("\n").split("\t")) for line in lines]
    rows = rows[1:] if rows[0] == ("text", "label") else rows
    random.Random(7).shuffle(rows)
    cut = int(len(rows) * held_out)
    return rows[cut:], rows[:cut]


def with_keras_bert(arguments: argparse.Namespace, train: list, test: list) -> float:
    """Held-out accuracy of `BertClassifier`."""
    import keras

    from keras_bert.models import BertClassifier

    keras.utils.set_random_seed(arguments.seed)
    classifier = BertClassifier.from_preset(
        arguments.model, labels=sorted({label for _, label in train}), sequence_length=128
    )
    recipe = {"epochs": arguments.epochs, "batch_size": arguments.batch_size}
    classifier.compile_for(len(train), **recipe, learning_rate=arguments.learning_rate)
    texts, labels = zip(*train, strict=True)
    classifier.fit(list(texts), list(labels), **recipe, seed=arguments.seed, verbose=2)
    texts, labels = zip(*test, strict=True)
    return classifier.score(list(texts), list(labels))["accuracy"]


def with_transformers(arguments: argparse.Namespace, train: list, test: list) -> float:
    """Held-out accuracy of `BertForSequenceClassification` with the standard Trainer."""
    import torch
    import transformers

    transformers.set_seed(arguments.seed)
    names = sorted({label for _, label in train})
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        arguments.model, num_labels=len(names)
    )

    def encode(rows: list) -> list:
        return [
            {**tokenizer(text, truncation=True, max_length=128), "labels": names.index(label)}
            for text, label in rows
        ]

    steps = -(-len(train) // arguments.batch_size) * arguments.epochs
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=tempfile.mkdtemp(),
            num_train_epochs=arguments.epochs,
            per_device_train_batch_size=arguments.batch_size,
            learning_rate=arguments.learning_rate,
            warmup_steps=int(0.1 * steps),
            weight_decay=0.01,
            max_grad_norm=1.0,
            seed=arguments.seed,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=encode(train),
        data_collator=transformers.DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    with torch.inference_mode():
        predictions = trainer.predict(encode(test)).predictions.argmax(-1)
    truth = [names.index(label) for _, label in test]
    return float((predictions == truth).mean())


def main() -> None:
    """Times one engine's whole fine-tuning and prints its held-out accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    engines = {"keras_bert": with_keras_bert, "transformers": with_transformers}
    parser.add_argument("engine", nargs="?", choices=engines, default="keras_bert")
    parser.add_argument("model", nargs="?", default="all-minilm-l6-v2")
    parser.add_argument("records", nargs="?", default="examples/intents/train.tsv")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    train, test = split(arguments.records)
    started = time.monotonic()
    accuracy = engines[arguments.engine](arguments, train, test)
    facts = {"train": len(train), "held_out": len(test), "accuracy": round(accuracy, 4)}
    print(json.dumps({**vars(arguments), **facts, "seconds": round(time.monotonic() - started)}))


if __name__ == "__main__":
    main()
