"""TensorBoard's curves, whole."""

from typing import Any

import keras


class CurveBoard(keras.callbacks.TensorBoard):
    """Keras's `TensorBoard` (3.15), with the scalars of every epoch, and steps that go on.

    With a number as `update_freq` Keras's own also leaves out what an epoch came to, unless
    its last step happens to be a multiple; and in a run that is resumed it counts steps from
    0 again. Arguments are those of Keras's.
    """

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts the steps of the epochs before, where an epoch's steps are known."""
        steps = self.params.get("steps")
        if steps:
            self._global_train_batch = epoch * steps
        super().on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's scalars, whatever its last step."""
        with self.summary.record_if(True):
            super().on_epoch_end(epoch, logs)
