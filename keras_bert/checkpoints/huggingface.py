"""Hugging Face folders: `config.json`, `model.safetensors` (or shards) and a tokenizer.

Written as `save_pretrained` of the class that computes the heads writes them.

Source: transformers `configuration_bert.py`, `modeling_utils.py`.
"""

import pathlib
from typing import Any

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.config_facts import (
    facts_of,
    facts_to_json,
    make_config,
    placeholders,
)
from keras_bert.checkpoints.huggingface_modules import (
    ENCODER_CLASS,
    read_modules,
    write_modules,
)
from keras_bert.checkpoints.huggingface_tensors import from_huggingface, to_huggingface
from keras_bert.checkpoints.huggingface_tokenizer import read_tokenizer, write_tokenizer
from keras_bert.checkpoints.json_file import read_json, write_json
from keras_bert.checkpoints.safetensors_file import read_tensors, write_tensors

CONFIG_FILE = "config.json"
GOOGLES_LONGEST_WORD = 200  # characters; a longer one is [UNK]

# The class that computes these heads, most particular first.
_ARCHITECTURES = {
    "BertForSequenceClassification": {"classifier"},
    "BertForTokenClassification": {"classifier"},
    "BertForMultipleChoice": {"classifier"},
    "BertForQuestionAnswering": {"squad"},
    "BertForPreTraining": {"mlm", "nsp"},
    "BertForMaskedLM": {"mlm"},
    "BertForNextSentencePrediction": {"nsp"},
    "BertModel": set(),
}


def read_huggingface(folder: pathlib.Path) -> Checkpoint:
    """Reads a Hugging Face folder; buffers such as `position_ids` are left out by name.

    Raises:
        ValueError: a file is damaged, or the tensors do not fit the configuration.
    """
    values = read_json(folder / CONFIG_FILE)
    config = make_config(values, folder / CONFIG_FILE)
    labels, metadata = facts_of(values, folder / CONFIG_FILE)
    num_labels = None if labels is None else len(labels)
    arrays = from_huggingface(read_tensors(folder), config, str(folder), num_labels)
    vocabulary, lowercase, longest_word = read_tokenizer(folder)
    if longest_word is not None:
        metadata["preprocessor"] = {"max_characters_per_word": longest_word}
    checkpoint = Checkpoint(config, arrays, vocabulary, lowercase, labels, metadata)
    if "classifier" not in checkpoint.heads:
        checkpoint.labels = None
    _add_modules(checkpoint, folder)
    return checkpoint


def write_huggingface(checkpoint: Checkpoint, folder: pathlib.Path, dtype: str = "float32") -> None:
    """Writes a folder that transformers loads, and sentence-transformers where it may.

    Raises:
        ValueError: a weight that is too large for `dtype`.
    """
    write_json(_config_to_json(checkpoint) | {"dtype": dtype}, folder / CONFIG_FILE)
    prefixed = architecture_of(checkpoint) != "BertModel"
    arrays = {name: a for name, a in checkpoint.arrays.items() if not name.startswith("embedding/")}
    write_tensors(to_huggingface(arrays, checkpoint.config, prefixed), folder, dtype)
    if checkpoint.metadata.get("class_name") == ENCODER_CLASS:
        write_modules(checkpoint, folder)
    if checkpoint.vocabulary is not None:
        preprocessor = checkpoint.metadata.get("preprocessor", {})
        write_tokenizer(
            checkpoint.vocabulary,
            checkpoint.lowercase,
            preprocessor.get("max_characters_per_word", GOOGLES_LONGEST_WORD),
            checkpoint.config.max_position_embeddings,
            folder,
        )


def _add_modules(checkpoint: Checkpoint, folder: pathlib.Path) -> None:
    """Makes the checkpoint that of a sentence encoder where the folder is one."""
    modules = read_modules(folder, checkpoint.config, checkpoint.lowercase)
    if modules is None:
        return
    if modules.refused:
        checkpoint.metadata["refused_modules"] = modules.refused
        return
    checkpoint.arrays |= modules.arrays
    checkpoint.metadata |= {"class_name": ENCODER_CLASS, "task": modules.task}
    preprocessor = checkpoint.metadata.get("preprocessor") or {}
    length = {"sequence_length": modules.sequence_length}
    checkpoint.metadata["preprocessor"] = preprocessor | length


def architecture_of(checkpoint: Checkpoint) -> str:
    """The transformers class for the heads; the one that the checkpoint came from if it fits."""
    heads = set(checkpoint.heads) - {"embedding"}  # which stands in a file of its own
    for declared in checkpoint.metadata.get("architectures", ()):
        if _ARCHITECTURES.get(declared) == heads:
            return declared
    exact = [name for name, needed in _ARCHITECTURES.items() if needed == heads]
    within = [name for name, needed in _ARCHITECTURES.items() if needed <= heads]
    return (exact + within)[0]


def _config_to_json(checkpoint: Checkpoint) -> dict[str, Any]:
    values: dict[str, Any] = {"model_type": "bert"} | checkpoint.config.to_dict()
    if values["hidden_act"] == "gelu_tanh":  # transformers knows the same function as
        values["hidden_act"] = "gelu_new"
    values |= facts_to_json(checkpoint)
    values["architectures"] = [architecture_of(checkpoint)]
    if checkpoint.labels is None and "classifier" in checkpoint.heads:
        labels = placeholders(len(checkpoint.arrays["output_bias"]))
        values["id2label"] = {str(i): label for i, label in enumerate(labels)}
        values["label2id"] = {label: i for i, label in enumerate(labels)}
    vocabulary = checkpoint.vocabulary or []
    if "[PAD]" in vocabulary:
        values["pad_token_id"] = vocabulary.index("[PAD]")
    return values
