"""transformers on torch, CPU: eager attention, SDPA, `torch.compile`; autocast for bfloat16."""

import contextlib
import pathlib

from answer_loop import answer
from rows import given_texts, ids_of_rows, refuse_dtype


def made(settings, kind, weights="weights", **config):
    """A model of the prepared weights."""
    import torch
    import transformers

    refuse_dtype(settings, "float32", "bfloat16")
    torch.set_num_threads(settings["threads"])
    return getattr(transformers, kind).from_pretrained(
        pathlib.Path(settings["folder"]) / weights,
        attn_implementation="eager" if settings["way"] == "eager" else "sdpa",
        **config,
    )


def without_gradients(settings, **config):
    """The encoder for inference: its weights themselves are of the precision."""
    import torch

    model = made(settings, "BertModel", add_pooling_layer=False, **config).eval()
    model = model.to(getattr(torch, settings["dtype"]))
    return torch.compile(model) if settings["way"] == "compile" else model


def forward(settings):
    """Ids to `last_hidden_state`."""
    import torch

    model = without_gradients(settings)
    ids, mask = map(torch.from_numpy, ids_of_rows(settings))

    @torch.inference_mode()
    def run():
        return model(input_ids=ids, attention_mask=mask).last_hidden_state.float().numpy()

    return run


def steps_of(settings, model, device, loss_of):
    """Forward, backward, clipping and AdamW: what `loss_of` takes → the loss, on the device."""
    import torch

    optimizer = torch.optim.AdamW(
        model.parameters(), lr=5e-5, weight_decay=0.01, fused=device == "cuda" or None
    )
    mixed = settings["dtype"] == "bfloat16"
    scope = torch.autocast(device, torch.bfloat16) if mixed else contextlib.nullcontext()

    def step(**tensors):
        with scope:
            loss = loss_of(**tensors)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return step


def training_step(settings):
    """A step of a classifier: tensors → the loss."""
    import torch

    rate = settings["dropout"]
    model = made(
        settings,
        "BertForSequenceClassification",
        num_labels=2,
        hidden_dropout_prob=rate,
        attention_probs_dropout_prob=rate,
    ).train()
    if settings.get("checkpointing"):
        model.gradient_checkpointing_enable()
    called = torch.compile(model) if settings["way"] == "compile" else model
    step = steps_of(settings, model, "cpu", lambda **tensors: called(**tensors).loss)
    return lambda **tensors: step(**tensors).item()


def train(settings):
    """A step on full rows; the loss."""
    import torch

    step = training_step(settings)
    ids, mask = map(torch.from_numpy, ids_of_rows(settings))
    labels = torch.arange(settings["batch"]) % 2
    return lambda: step(input_ids=ids, attention_mask=mask, labels=labels)


def fit(settings):
    """An epoch on strings; batches of like lengths in random order unless `unsorted`."""
    import numpy as np
    import torch
    from transformers import AutoTokenizer

    step, given, size = training_step(settings), given_texts(settings), settings["batch"]
    tokenizer = AutoTokenizer.from_pretrained(pathlib.Path(settings["folder"]) / "weights")
    generator = np.random.default_rng(0)

    def run():
        rows = tokenizer(given, truncation=True, max_length=settings["length"])["input_ids"]
        order = generator.permutation(len(rows))
        if settings["way"] != "unsorted":
            order = sorted(order, key=lambda number: -len(rows[number]))
        batches = [order[begin : begin + size] for begin in range(0, len(order), size)]
        losses = []
        for number in generator.permutation(len(batches)):
            chosen = batches[number]
            inputs = tokenizer.pad(
                {"input_ids": [rows[text] for text in chosen]}, return_tensors="pt"
            )
            labels = torch.tensor([int(text) % 2 for text in chosen])
            losses.append(step(**inputs, labels=labels))
        return np.float64(np.mean(losses))

    return run


def by_batches(settings, model, width, answers_of):
    """Batches, sorted by length unless `unsorted`: a row of `width` numbers a text."""
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(pathlib.Path(settings["folder"]) / "weights")
    given, size = given_texts(settings), settings["batch"]

    @torch.inference_mode()
    def run():
        order = range(len(given))
        if settings["way"] != "unsorted":
            order = sorted(order, key=lambda number: -len(given[number]))
        rows = torch.empty(len(given), width)
        for begin in range(0, len(given), size):
            chosen = list(order[begin : begin + size])
            inputs = tokenizer(
                [given[number] for number in chosen],
                padding=True,
                truncation=True,
                max_length=settings["length"],
                return_tensors="pt",
            )
            rows[chosen] = answers_of(model(**inputs), inputs)
        return rows.numpy()

    return run


def texts(settings):
    """Masked mean, unit length."""
    import torch

    def vectors_of(outputs, inputs):
        hidden = outputs.last_hidden_state.float()
        mask = inputs["attention_mask"].unsqueeze(-1)
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1))

    model = without_gradients(settings)
    return by_batches(settings, model, model.config.hidden_size, vectors_of)


def classify(settings):
    """Probabilities."""
    import torch
    from transformers import AutoTokenizer, pipeline

    folder = "classifier"
    model = made(settings, "BertForSequenceClassification", folder).eval()
    model = model.to(getattr(torch, settings["dtype"]))
    if settings["way"] != "pipeline":
        width = model.config.num_labels
        return by_batches(settings, model, width, lambda found, _: found.logits.float().softmax(-1))
    tokenizer = AutoTokenizer.from_pretrained(pathlib.Path(settings["folder"]) / folder)
    given, numbers = given_texts(settings), model.config.label2id
    classifier = pipeline(
        "text-classification",
        model=model,
        tokenizer=tokenizer,
        batch_size=settings["batch"],
        top_k=None,
        truncation=True,
        max_length=settings["length"],
    )

    def run():
        rows = (sorted(row, key=lambda one: numbers[one["label"]]) for row in classifier(given))
        return [[one["score"] for one in row] for row in rows]

    return run


if __name__ == "__main__":
    jobs = {"forward": forward, "train": train, "fit": fit, "texts": texts, "classify": classify}
    answer(jobs, ("transformers", "torch"))
