"""transformers on torch with CUDA: SDPA, `torch.compile`; autocast for bfloat16.

Nothing is fetched from the device between steps.

Shapes: B rows, S positions, P predictions of a row.
"""

import device_torch
from answer_loop import answer
from on_transformers import made, steps_of
from rows import ids_of_rows, masked_positions, refuse_dtype


def begun(settings, kind, **config):
    """The model on the device, the device, and the tensors ids and mask [B, S]."""
    import torch

    refuse_dtype(settings, "float32", "tf32", "bfloat16")
    device = device_torch.begin(settings)
    model = made(settings | {"dtype": "float32"}, kind, **config).to(device)
    ids, mask = (torch.from_numpy(rows).to(device) for rows in ids_of_rows(settings))
    return model, device, ids, mask


def forward(settings):
    """Ids to `last_hidden_state`; the weights themselves are of the precision."""
    import torch

    model, _, ids, mask = begun(settings, "BertModel", add_pooling_layer=False)
    model = model.eval().to(getattr(torch, settings["dtype"].replace("tf32", "float32")))
    called = torch.compile(model) if settings["way"] == "compile" else model

    @torch.inference_mode()
    def run():
        return called(input_ids=ids, attention_mask=mask).last_hidden_state

    return run


def compiled_steps(settings, model, device, loss_of):
    """`steps_of`, of the compiled loss where that is the way."""
    import torch

    called = torch.compile(loss_of) if settings["way"] == "compile" else loss_of
    return steps_of(settings, model, device, called)


def rates(settings):
    """Both rates of dropout."""
    rate = settings["dropout"]
    return {"hidden_dropout_prob": rate, "attention_probs_dropout_prob": rate}


def train(settings):
    """A step of the classifier of two labels."""
    import torch

    model, device, ids, mask = begun(
        settings, "BertForSequenceClassification", num_labels=2, **rates(settings)
    )
    model.train()
    labels = torch.arange(settings["batch"], device=device) % 2
    return compiled_steps(
        settings,
        model,
        device,
        lambda: model(input_ids=ids, attention_mask=mask, labels=labels).loss,
    )


def masked_lm(settings):
    """A step of the masked language model, with the head at the predicted positions alone."""
    import torch

    model, device, ids, mask = begun(settings, "BertForMaskedLM", **rates(settings))
    model.train()
    positions = torch.from_numpy(masked_positions(settings)).to(device, torch.int64)  # [B, P]
    words = ids.gather(1, positions)
    rows = torch.arange(len(ids), device=device)[:, None]

    def loss_of():
        vectors = model.bert(input_ids=ids, attention_mask=mask).last_hidden_state  # [B, S, H]
        logits = model.cls(vectors[rows, positions])  # [B, P, V]
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), words.flatten())

    return compiled_steps(settings, model, device, loss_of)


if __name__ == "__main__":
    jobs = {"gpu_forward": forward, "gpu_train": train, "gpu_masked_lm": masked_lm}
    answer(jobs, ("transformers", "torch"), device_torch)
