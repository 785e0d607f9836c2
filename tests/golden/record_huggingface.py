"""Records what transformers computes from small random BERTs, as golden files.

Run with transformers and torch, from the repository's root:
    python tests/golden/record_huggingface.py
It writes `huggingface_pretraining/` (encoder, masked-LM and next-sentence heads) and
`huggingface_classifier/` (named labels, a cased tokenizer) beside this file: each the
folder that `save_pretrained` writes, and `outputs.npz`. Sizes are distinct primes where
they can be, so that no transpose can hide; every parameter is random, so that no bias or
gamma can be forgotten. Recorded with transformers 5.23.0, torch 2.13.0.
"""

import pathlib

import numpy as np
import torch
import transformers

HERE = pathlib.Path(__file__).parent
SIZES = {
    "vocab_size": 53,
    "hidden_size": 21,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 29,
    "max_position_embeddings": 19,
    "type_vocab_size": 5,
}
LABELS = ["quiet", "loud", "louder", "deafening"]
BATCH, LENGTH = 13, 11


def randomised(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Draws every parameter anew, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
            if name.endswith("LayerNorm.weight"):
                parameter.add_(1.0)
    return model.eval()


def inputs() -> dict[str, torch.Tensor]:
    """Ids, segment types and a mask that leaves 1, 2, … of the positions unpadded."""
    generator = np.random.default_rng(11)
    lengths = np.array([11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11])
    mask = (np.arange(LENGTH) < lengths[:, None]).astype("int64")
    ids = generator.integers(0, SIZES["vocab_size"], (BATCH, LENGTH))
    types = generator.integers(0, SIZES["type_vocab_size"], (BATCH, LENGTH))
    arrays = {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": types}
    return {name: torch.tensor(array) for name, array in arrays.items()}


def record(folder: pathlib.Path, model: torch.nn.Module) -> None:
    """Saves the model, its inputs, and all that it computes from them."""
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    features = inputs()
    with torch.no_grad():
        encoder = model.bert(**features, output_hidden_states=True, output_attentions=True)
        heads = model(**features)
    outputs = {name: tensor.numpy().astype("int32") for name, tensor in features.items()}
    outputs["sequence_output"] = encoder.last_hidden_state.numpy()
    outputs["pooled_output"] = encoder.pooler_output.numpy()
    outputs["hidden_states"] = np.stack([h.numpy() for h in encoder.hidden_states])
    outputs["attention_scores"] = np.stack([a.numpy() for a in encoder.attentions])
    outputs |= {name: value.numpy() for name, value in heads.items()}
    np.savez_compressed(folder / "outputs.npz", **outputs)


def save_tokenizer(folder: pathlib.Path) -> None:
    """A cased vocabulary, as transformers 5 saves it: inside `tokenizer.json` alone."""
    special = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(ord("a") + i) for i in range(23)] + [f"##{chr(ord('a') + i)}" for i in range(20)]
    tokens = [*special, "Berlin", *letters, "é", "##ß", "東"]
    if len(tokens) != SIZES["vocab_size"]:
        raise ValueError(f"expected {SIZES['vocab_size']} tokens; received {len(tokens)}")
    vocabulary = {token: number for number, token in enumerate(tokens)}
    transformers.BertTokenizer(vocab=vocabulary, do_lower_case=False).save_pretrained(folder)


def main() -> None:
    """Records both folders."""
    config = transformers.BertConfig(**SIZES, attn_implementation="eager")
    pretraining = transformers.BertForPreTraining(config)
    record(HERE / "huggingface_pretraining", randomised(pretraining, seed=2))
    names = dict(enumerate(LABELS))
    config = transformers.BertConfig(
        **SIZES,
        attn_implementation="eager",
        id2label=names,
        label2id={label: number for number, label in names.items()},
    )
    classifier = transformers.BertForSequenceClassification(config)
    record(HERE / "huggingface_classifier", randomised(classifier, seed=3))
    save_tokenizer(HERE / "huggingface_classifier")


if __name__ == "__main__":
    main()
