"""Goes to the middle of an epoch without training on what was trained on before.

Keras counts an epoch's steps from 0 and offers no other start. So the first steps
are taken by a stand-in for the training function that reads the batches and drops
them: positions, the progress bar and any data pipeline are then where they were.
"""

from collections.abc import Callable
from typing import Any

import keras


class FastForward:
    """Stands in for `model.train_function` for some batches, then gives it back.

    Args:
        model: the model in `fit`.
        batches: how many to read and drop.
        logs: what the dropped steps report: the logs of the last one.
        before_training: called with the last dropped batch, before training goes on.
    """

    def __init__(
        self,
        model: keras.Model,
        batches: int,
        logs: dict[str, float],
        before_training: Callable[[Any], None],
    ):
        self._model = model
        self._left = batches
        self._logs = logs
        self._before_training = before_training
        self._train_function = model.train_function
        model.train_function = self

    @property
    def active(self) -> bool:
        """Whether there are batches left to drop."""
        return self._left > 0

    def __call__(self, *arguments: Any) -> Any:
        """Drops a step's batches; the arguments are Keras's: `[state,] iterator`."""
        *state, iterator = arguments
        try:
            batch = None
            for _ in range(min(self._model.steps_per_execution, self._left)):
                batch = next(iterator)
                self._left -= 1
            if not self._left:
                self._before_training(batch)
        except BaseException:
            self._left = 0
            raise
        finally:
            if not self._left:
                self._model.train_function = self._train_function
        return (self._logs, *state) if state else self._logs
