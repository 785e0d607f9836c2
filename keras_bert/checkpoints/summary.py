"""A checkpoint in numbers: parameters by part, arrays by name, vocabulary, heads."""

import dataclasses
from typing import Any

import numpy as np

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.rows import ROWS, expand


def summarise(checkpoint: Checkpoint) -> dict[str, Any]:
    """Facts about a checkpoint, ready for JSON.

    Returns:
        `config`; `parameters` (in all, by part, and `bytes` as float32); `heads`; `labels`;
        `vocabulary` (`size`, `lowercase`) or None; `metadata`; and `arrays`, a list of
        `name`, `shape` and `parameters` in the model's order.
    """
    rows = [row for row in expand(checkpoint.config) if row.google in checkpoint.arrays]
    sizes = {row.google: int(np.prod(checkpoint.arrays[row.google].shape)) for row in rows}
    parts: dict[str, int] = {}
    for row in rows:
        parts[row.part] = parts.get(row.part, 0) + sizes[row.google]
    total = sum(sizes.values())
    vocabulary = checkpoint.vocabulary
    return {
        "config": dataclasses.asdict(checkpoint.config),
        "parameters": {"total": total, "bytes": 4 * total, "by_part": parts},
        "heads": list(checkpoint.heads),
        "labels": checkpoint.labels,
        "vocabulary": vocabulary and {"size": len(vocabulary), "lowercase": checkpoint.lowercase},
        "metadata": checkpoint.metadata,
        "arrays": [
            {
                "name": row.google,
                "shape": list(checkpoint.arrays[row.google].shape),
                "parameters": sizes[row.google],
            }
            for row in rows
        ],
    }


def describe(checkpoint: Checkpoint) -> str:
    """The same as text for people; the encoder's layers, being alike, share their lines."""
    facts = summarise(checkpoint)
    parameters = facts["parameters"]
    sections = [
        _section("Configuration", facts["config"]),
        _section(
            f"Parameters: {parameters['total']:,} ({parameters['bytes'] / 2**20:.1f} MiB)",
            {part: f"{count:>13,}" for part, count in parameters["by_part"].items()},
        ),
        _section("Text and heads", _text_facts(checkpoint)),
        _section("Arrays (layer_{i}: i from 0)", _array_lines(checkpoint)),
    ]
    return "\n\n".join(sections)


def _section(title: str, values: dict[str, Any]) -> str:
    width = max(map(len, values), default=0)
    return "\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in values.items())])


def _text_facts(checkpoint: Checkpoint) -> dict[str, str]:
    case = {True: "lower-cased", False: "cased", None: "case unknown"}[checkpoint.lowercase]
    vocabulary = checkpoint.vocabulary
    return {
        "vocabulary": f"{len(vocabulary):,} word pieces, {case}" if vocabulary else "none",
        "heads": ", ".join(checkpoint.heads) or "none",
        "labels": ", ".join(checkpoint.labels) if checkpoint.labels else "no names",
        **{name: str(value) for name, value in checkpoint.metadata.items()},
    }


def _array_lines(checkpoint: Checkpoint) -> dict[str, str]:
    lines = {}
    for row in ROWS:
        array = checkpoint.arrays.get(row.google.replace("{i}", "0"))
        if array is not None:
            layers = checkpoint.config.num_hidden_layers if "{i}" in row.google else 1
            times = f"  × {layers}" if layers > 1 else ""
            lines[row.google] = f"{list(array.shape)}{times}"
    return lines
