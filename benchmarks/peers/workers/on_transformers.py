"""transformers on torch, CPU: eager attention, SDPA, `torch.compile`; autocast for bfloat16."""

import contextlib
import pathlib

from answer_loop import answer
from rows import given_texts, ids_of_rows, refuse_dtype


def made(settings, kind, **config):
    """A model of the prepared weights, and what a step runs under."""
    import torch
    import transformers

    refuse_dtype(settings, "float32", "bfloat16")
    torch.set_num_threads(settings["threads"])
    model = getattr(transformers, kind).from_pretrained(
        pathlib.Path(settings["folder"]) / "weights",
        attn_implementation="eager" if settings["way"] == "eager" else "sdpa",
        **config,
    )
    return model


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


def texts(settings):
    """Batches, sorted by length unless `unsorted`; masked mean, unit length."""
    import torch
    from transformers import AutoTokenizer

    model = without_gradients(settings)
    tokenizer = AutoTokenizer.from_pretrained(pathlib.Path(settings["folder"]) / "weights")
    given, size = given_texts(settings), settings["batch"]

    @torch.inference_mode()
    def run():
        order = range(len(given))
        if settings["way"] != "unsorted":
            order = sorted(order, key=lambda number: -len(given[number]))
        vectors = torch.empty(len(given), model.config.hidden_size)
        for begin in range(0, len(given), size):
            chosen = list(order[begin : begin + size])
            inputs = tokenizer(
                [given[number] for number in chosen],
                padding=True,
                truncation=True,
                max_length=settings["length"],
                return_tensors="pt",
            )
            hidden = model(**inputs).last_hidden_state.float()
            mask = inputs["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1)
            vectors[chosen] = torch.nn.functional.normalize(mean)
        return vectors.numpy()

    return run


if __name__ == "__main__":
    jobs = {"forward": forward, "train": train, "fit": fit, "texts": texts}
    answer(jobs, ("transformers", "torch"))
