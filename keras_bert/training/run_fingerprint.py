"""What makes a run the same run: its data, model, optimizer and length."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras


def run_fingerprint(
    model: keras.Model, params: dict[str, Any], data: Any, callbacks: Sequence[Any]
) -> dict[str, Any]:
    """Facts that a resumed run must share with the one that was saved.

    Args:
        model: compiled, in `fit`.
        params: what Keras tells callbacks: `epochs`, `steps`.
        data: `FeatureBatches`, or None where the data is not known.
        callbacks: those whose state is kept.

    Returns:
        Facts by dotted names, as JSON holds them.
    """
    optimizer = keras.optimizers.serialize(model.optimizer)
    factors = optimizer["config"].get("learning_rate_multipliers")
    if factors is not None:  # the paths change when a model is made twice in one process
        optimizer["config"]["learning_rate_multipliers"] = list(factors.values())
    facts = {
        "backend": keras.backend.backend(),
        "epochs": params["epochs"],
        "steps_per_epoch": params["steps"],
        "data": None if data is None else data.fingerprint(),
        "optimizer": {"class": optimizer["class_name"], **optimizer["config"]},
        "trainable_parameters": sum(math.prod(v.shape) for v in model.trainable_variables),
        "callbacks": [type(callback).__name__ for callback in callbacks],
    }
    return json.loads(json.dumps(_flat(facts)))


def check_same_run(saved: dict[str, Any], current: dict[str, Any], path: Path) -> None:
    """Compares two fingerprints.

    Raises:
        ValueError: names every difference.
    """
    names = [name for name in {**saved, **current} if saved.get(name) != current.get(name)]
    if names:
        differences = ", ".join(
            f"{name} {current.get(name)!r} (saved: {saved.get(name)!r})" for name in names
        )
        raise ValueError(
            f"expected the run that is saved in {path}; received another, with {differences}: "
            "start it with the saved settings, or delete the file to start anew"
        )


def _flat(facts: Any, prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one, with dotted names; objects' own names change and are left out."""
    if not isinstance(facts, dict):
        return {prefix: facts}
    flat: dict[str, Any] = {}
    for name, value in facts.items():
        if name not in ("name", "module", "registered_name"):
            flat.update(_flat(value, f"{prefix}.{name}" if prefix else name))
    return flat
