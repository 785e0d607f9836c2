"""Everything that the rest of a training run depends on, taken and put back.

Beside the weights: the optimizer's slots and step, the states of the seed
generators (dropout goes on with the masks that it would have drawn), the metrics
in the middle of an epoch, the history, and what callbacks such as early stopping
have seen.

Keras's `save_weights`, and so its `BackupAndRestore`, leaves out the seed
generators (they are in `model.variables` and not in `model.weights`), metrics,
history and callbacks.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_bert.training.optimizer import build_optimizer

# What callbacks of Keras (early stopping, learning rate on a plateau, checkpoints)
# carry from epoch to epoch.
_CALLBACK_STATE = (
    "best",
    "best_epoch",
    "best_weights",
    "cooldown_counter",
    "stopped_epoch",
    "wait",
)

Arrays = dict[str, np.ndarray]


def take_variables(model: keras.Model) -> Arrays:
    """The model's and its optimizer's variables; builds the optimizer if need be."""
    return {**_take("model", model.variables), **_take("optimizer", _optimizer_variables(model))}


def put_variables(model: keras.Model, arrays: Arrays) -> None:
    """Assigns what `take_variables` took; nothing, if anything does not fit.

    Raises:
        ValueError: for variables of other number, shape or dtype.
    """
    groups = {"model": model.variables, "optimizer": _optimizer_variables(model)}
    for group, variables in groups.items():
        found = [_signature(array) for array in _group(group, arrays)]
        expected = [_signature(variable) for variable in variables]
        if found != expected:
            odd = next(
                (pair for pair in zip(expected, found, strict=False) if pair[0] != pair[1]),
                (f"{len(expected)} variables", f"{len(found)}"),
            )
            raise ValueError(
                f"expected the saved {group} to fit this one, with {odd[0]}; received {odd[1]}"
            )
    for group, variables in groups.items():
        _put(variables, _group(group, arrays))


def take_metrics(model: keras.Model) -> Arrays:
    """The running totals of loss and metrics."""
    return _take("metrics", model.metrics_variables)


def put_metrics(model: keras.Model, arrays: Arrays) -> bool:
    """Assigns what `take_metrics` took; False if the metrics are not built yet."""
    saved = _group("metrics", arrays)
    if len(saved) != len(model.metrics_variables):
        return False
    _put(model.metrics_variables, saved)
    return True


def take_callbacks(callbacks: Sequence[Any]) -> tuple[list[dict[str, Any]], Arrays]:
    """What callbacks have seen: numbers as facts, best weights as arrays."""
    facts, arrays = [], {}
    for index, callback in enumerate(callbacks):
        seen = {
            name: getattr(callback, name) for name in _CALLBACK_STATE if hasattr(callback, name)
        }
        weights = seen.pop("best_weights", None)
        for i, weight in enumerate(weights or ()):
            arrays[f"best_weights_{index}/{i}"] = np.asarray(weight)
        facts.append({name: None if v is None else float(v) for name, v in seen.items()})
    return facts, arrays


def put_callbacks(callbacks: Sequence[Any], facts: list[dict[str, Any]], arrays: Arrays) -> None:
    """Gives callbacks back what they had seen."""
    for index, (callback, seen) in enumerate(zip(callbacks, facts, strict=True)):
        for name, value in seen.items():
            counts = name != "best" and value is not None
            setattr(callback, name, int(value) if counts else value)
        if hasattr(callback, "best_weights"):
            callback.best_weights = _group(f"best_weights_{index}", arrays) or None


def stateful(callbacks: Sequence[Any]) -> list[Any]:
    """The callbacks that carry something from epoch to epoch."""
    return [c for c in callbacks if any(hasattr(c, name) for name in _CALLBACK_STATE)]


def take_history(model: keras.Model) -> dict[str, Any]:
    """The epochs and their losses and metrics so far."""
    history = model.history
    values = {name: [float(v) for v in column] for name, column in history.history.items()}
    return {"epoch": list(history.epoch), "history": values}


def put_history(model: keras.Model, facts: dict[str, Any]) -> None:
    """Sets the history that `fit` goes on with and returns."""
    model.history.epoch = list(facts["epoch"])
    model.history.history = {name: list(column) for name, column in facts["history"].items()}


def _optimizer_variables(model: keras.Model) -> list[Any]:
    build_optimizer(model)
    return model.optimizer.variables


def _signature(array: Any) -> str:
    return f"{keras.backend.standardize_dtype(array.dtype)}{list(array.shape)}"


def _take(group: str, variables: Sequence[Any]) -> Arrays:
    return {
        f"{group}/{i}": np.array(keras.ops.convert_to_numpy(variable))
        for i, variable in enumerate(variables)
    }


def _group(group: str, arrays: Arrays) -> list[np.ndarray]:
    count = sum(name.startswith(f"{group}/") for name in arrays)
    return [arrays[f"{group}/{i}"] for i in range(count)]


def _put(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
