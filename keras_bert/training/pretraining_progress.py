"""The length of a run in steps, its speed, and its end where it learns nothing more.

Keras counts epochs; a pretraining run ends after a number of steps, in the middle of an
epoch where that is where it falls.
"""

import math
import time
from typing import Any

import keras

from keras_bert.training.fast_forward import FastForward


class StopAfterSteps(keras.callbacks.Callback):
    """Ends `fit` after so many steps of the whole run.

    Args:
        steps: of the run.
        steps_per_epoch: of each epoch that `fit` was given.

    Raises:
        ValueError: a number below 1.
    """

    def __init__(self, steps: int, steps_per_epoch: int):
        super().__init__()
        if steps < 1 or steps_per_epoch < 1:
            raise ValueError(
                "expected steps and steps_per_epoch of at least 1; "
                f"received {steps} and {steps_per_epoch}"
            )
        self.steps = steps
        self.steps_per_epoch = steps_per_epoch
        self._before = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Counts the steps of the epochs before."""
        self._before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Stops at the last step."""
        if self._before + batch + 1 >= self.steps:
            self.model.stop_training = True


class RefuseDivergence(keras.callbacks.Callback):
    """Ends `fit` at the first loss that is no finite number.

    It looks at what Keras has on the host after each step, the mean of the epoch so far,
    which no later step makes finite again. Gradients that overflow under float16 leave the
    loss as it is, and are the loss scaling's to mend. Put this before what saves a state.

    Args:
        steps_per_epoch: of each epoch that `fit` was given.
        parts: how many of them make one step of the run.

    Raises:
        RuntimeError: in `fit`, with the step of the run.
    """

    def __init__(self, steps_per_epoch: int, parts: int = 1):
        super().__init__()
        self.steps_per_epoch = steps_per_epoch
        self.parts = parts
        self._before = self._batch = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Counts the steps of the epochs before."""
        self._before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Looks at the loss of the epoch so far."""
        self._batch = batch
        self._require_finite(logs, "loss")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Looks at the held-out loss, which the weights of the last step give."""
        self._require_finite(logs, "val_loss")

    def _require_finite(self, logs: dict[str, Any] | None, name: str) -> None:
        loss = (logs or {}).get(name, 0.0)
        if not math.isfinite(loss):
            step = (self._before + self._batch) // self.parts + 1
            raise RuntimeError(
                f"expected a finite {name} in step {step} of the run; received {loss}: the run "
                "has diverged, begin anew with a lower learning rate or more steps of warm-up"
            )


class Throughput(keras.callbacks.Callback):
    """Shows the tokens a second beside the loss, of the steps since the epoch began.

    The first step of a process, which compiles, is left out.

    Args:
        tokens_per_step: how many tokens one step trains on.

    Attributes:
        tokens_per_second: of the whole run in this process; None before the second step.
    """

    def __init__(self, tokens_per_step: float):
        super().__init__()
        self.tokens_per_step = tokens_per_step
        self.tokens_per_second: float | None = None
        self._steps, self._seconds = 0, 0.0
        self._last: float | None = None
        self._dropped = False

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Time between epochs is the evaluation's, and no training."""
        self._last = time.monotonic() if self._steps else None

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Notes whether a resumed run reads this batch only to get past it."""
        self._dropped = isinstance(self.model.train_function, FastForward)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Adds the step to the count and the speed to the logs."""
        if self._dropped:
            return
        now = time.monotonic()
        if self._last is not None:
            self._steps += 1
            self._seconds += now - self._last
            self.tokens_per_second = self.tokens_per_step * self._steps / max(self._seconds, 1e-9)
        self._last = now
        self._show(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Shows the speed in an epoch's line too."""
        self._show(logs)

    def _show(self, logs: dict[str, Any] | None) -> None:
        if logs is not None and self.tokens_per_second is not None:
            logs["tokens_per_second"] = self.tokens_per_second
