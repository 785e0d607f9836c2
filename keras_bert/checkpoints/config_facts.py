"""What a configuration file says beside the encoder's numbers: labels, and the kind of task.

Hugging Face's keys; the other formats borrow them, so that converting loses nothing.

Source: transformers `PretrainedConfig`.
"""

import pathlib
from collections.abc import Mapping
from typing import Any

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.json_file import Types, require_types
from keras_bert.config import BertConfig

CARRIED: dict[str, Types] = {
    "architectures": list,
    "problem_type": str,
    "classifier_dropout": (int, float),
}


def make_config(values: Mapping[str, Any], path: pathlib.Path) -> BertConfig:
    """A `BertConfig` from a file's values.

    Raises:
        ValueError: naming the file, for what `BertConfig` refuses and for missing keys.
    """
    try:
        return BertConfig(**values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"expected a BERT configuration in {path}; received: {error}") from error


def facts_of(
    values: Mapping[str, Any], path: pathlib.Path
) -> tuple[list[str] | None, dict[str, Any]]:
    """The labels, None if they have no names, and the carried keys that are set.

    Raises:
        ValueError: `id2label` does not number its labels 0, 1, …, or a value is of another
            type than the key's.
    """
    require_types(values, CARRIED | {"id2label": dict}, path)
    carried = {key: values[key] for key in CARRIED if values.get(key) is not None}
    return _labels(values.get("id2label"), path), carried


def facts_to_json(checkpoint: Checkpoint) -> dict[str, Any]:
    """The keys that `facts_of` reads back."""
    values = {key: checkpoint.metadata[key] for key in CARRIED if key in checkpoint.metadata}
    if checkpoint.labels is not None:
        values["id2label"] = {str(i): label for i, label in enumerate(checkpoint.labels)}
        values["label2id"] = {label: i for i, label in enumerate(checkpoint.labels)}
    return values


def placeholders(num_labels: int) -> list[str]:
    """What transformers calls labels that nobody named; read back as no names."""
    return [f"LABEL_{i}" for i in range(num_labels)]


def _labels(id2label: dict[str, Any] | None, path: pathlib.Path) -> list[str] | None:
    if not id2label:
        return None
    by_number = {str(number): str(label) for number, label in id2label.items()}
    numbers = [str(i) for i in range(len(by_number))]
    if by_number.keys() != set(numbers):
        raise ValueError(
            f"expected id2label in {path} to number its labels 0 to {len(numbers) - 1}; "
            f"received {sorted(by_number)}"
        )
    labels = [by_number[number] for number in numbers]
    return None if labels == placeholders(len(labels)) else labels
