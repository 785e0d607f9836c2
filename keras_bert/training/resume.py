"""Training that goes on after `kill -9` as if nothing had happened.

`ResumableTraining` saves the whole state of a run, and the same `fit` with the
same callback goes on from there to the result of an uninterrupted run: weights,
optimizer, dropout, metrics, history, early stopping, and the order of the data.

Keras's `BackupAndRestore` (3.15) is not enough for that: it starts an epoch again
from its first batch with the weights of its middle; draws other dropout masks
(seed generators are not saved); forgets history and early stopping; writes its two
files in place, so that a kill in between loses both; and resumes a run with other
data or another batch size without a word.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras_bert.checkpoints.atomic_file import remove_leftovers
from keras_bert.data.batches import EpochCounter, FeatureBatches
from keras_bert.training import run_state
from keras_bert.training.fast_forward import FastForward
from keras_bert.training.interrupt import InterruptNote
from keras_bert.training.processes import require_agreement, writes_results
from keras_bert.training.run_fingerprint import check_same_run, run_fingerprint
from keras_bert.training.state_file import read_facts, read_state, write_state


class ResumableTraining(keras.callbacks.Callback):
    """Saves a run's state, and resumes from it when the same run is started again.

    The state is saved at the start of each epoch, at the end of the run, at Ctrl-C
    and, if asked for, every so many steps: `FOLDER/state.npz`, three times the
    size of the weights, replaced in one step. A finished run that is started again
    gives back its weights and history and trains no further. Delete the folder
    (or call `delete`) to start anew.

    The data must come in the same order again: `FeatureBatches` do, and arrays and
    `tf.data` without random shuffling. Put this callback last, so that it saves
    what the others did (`fit_callbacks` does).

    Args:
        folder: where the state is kept; made if need be.
        save_every_steps: also save after this many steps; None for epochs alone.
        data: the `FeatureBatches` that `fit` reads, if it does.
        callbacks: the other callbacks of `fit`, whose state is kept.
        verbose: whether to say on standard error what is resumed.

    Raises:
        ValueError: in `fit`, where the saved state is of another run or damaged,
            and where `fit` would shuffle or cut `data` itself.
        KeyboardInterrupt: in `fit`, after Ctrl-C, when the state is saved.
        OSError: in `fit`, where the folder cannot be written.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        save_every_steps: int | None = None,
        *,
        data: FeatureBatches | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: bool = True,
    ):
        super().__init__()
        if save_every_steps is not None and save_every_steps < 1:
            raise ValueError(
                f"expected save_every_steps of at least 1 or None; received {save_every_steps}"
            )
        self.path = Path(folder) / "state.npz"
        self.save_every_steps = save_every_steps
        self.verbose = verbose
        self._note: InterruptNote | None = None
        self.attach(data, callbacks)

    def attach(
        self, data: FeatureBatches | None, callbacks: Sequence[keras.callbacks.Callback] = ()
    ) -> None:
        """Sets the data and the other callbacks of the coming `fit`."""
        self.data = data
        self.others = run_state.stateful([c for c in callbacks if c is not self])

    def delete(self) -> None:
        """Deletes the saved state, and its folder if nothing else is in it."""
        remove_leftovers(self.path)
        self.path.unlink(missing_ok=True)
        if self.path.parent.is_dir() and not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()

    def saved_epoch(self) -> int:
        """The epoch, from 0, that the saved state is in; 0 where there is none.

        Data that cannot go to an epoch by itself is made from there on.

        Raises:
            ValueError: the saved state is damaged.
        """
        return read_facts(self.path)["epoch"] if self.path.exists() else 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Restores the saved state, if there is one."""
        self._check_data()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.path)
        self._epoch = self._step = self._unsaved = 0
        self._logs: dict[str, float] = {}
        self._resumed: tuple[dict, dict] | None = None
        self._forward: FastForward | None = None
        self._metrics_of_epoch: dict | None = None
        self._run = run_fingerprint(self.model, self.params, self.data, self.others)
        if self.path.exists():
            self._restore()
        for name in ("epoch", "step"):
            saved = self._resumed[1][name] if self._resumed else -1
            require_agreement(saved, f"the {name} saved in {self.path}")
        self._note = InterruptNote(self.model)
        self._note.install()

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Goes on where the saved state was, or saves the state that the epoch starts from."""
        self.model._initial_epoch = 0  # for later calls of fit
        self._epoch, self._step = epoch, 0
        if self.data is not None:
            self.data.epoch = epoch
        if self._resumed is not None:
            self._go_on(*self._resumed)
            self._resumed = None
        else:
            self._save()
        self._stop_if_interrupted(saved=True)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Saves the state every so many steps, and at an interrupt."""
        if self._forward is not None and self._forward.active:
            return
        self._check_order()
        steps = batch + 1 - self._step
        self._step, self._unsaved = batch + 1, self._unsaved + steps
        self._logs = {name: float(value) for name, value in (logs or {}).items()}
        if self.save_every_steps is not None and self._unsaved >= self.save_every_steps:
            self._save()
        self._stop_if_interrupted()

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Keeps the epoch's metrics, which validation is about to reset."""
        self._metrics_of_epoch = run_state.take_metrics(self.model)

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Saves the state before validation at an interrupt during it."""
        self._stop_if_interrupted()

    def on_test_end(self, logs: dict | None = None) -> None:
        """Validation may be interrupted up to here."""
        self._metrics_of_epoch = None

    def on_train_end(self, logs: dict | None = None) -> None:
        """Saves the result, so that a finished run is not trained again."""
        self.model._initial_epoch = 0
        if self._resumed is not None:  # it was finished before
            run_state.put_history(self.model, self._resumed[1]["history"])
            self._resumed = None
        else:
            self._save(finished=True)
        self._note.remove()
        self._stop_if_interrupted(saved=True)

    def _restore(self) -> None:
        arrays, facts = read_state(self.path)
        check_same_run(facts["run"], self._run, self.path)
        run_state.put_variables(self.model, arrays)
        self._resumed = (arrays, facts)
        epoch, step = facts["epoch"], facts["step"]
        self.model._initial_epoch = self.params["epochs"] if facts["finished"] else epoch
        if facts["finished"]:
            self._say(f"Finished before, restored from {self.path}")
        else:
            self._say(
                f"Resuming in epoch {epoch + 1} of {self.params['epochs']} after step {step} "
                f"of {self.params['steps'] or '?'}, from {self.path}"
            )

    def _go_on(self, arrays: dict, facts: dict) -> None:
        run_state.put_history(self.model, facts["history"])
        run_state.put_callbacks(self.others, facts["callbacks"], arrays)
        self._step, self._logs = facts["step"], facts["logs"]
        if not self._step:
            return
        built = run_state.put_metrics(self.model, arrays)

        def before_training(batch: Any) -> None:
            if not built:  # TensorFlow builds metrics at the first step
                self.model.test_on_batch(*keras.utils.unpack_x_y_sample_weight(batch))
                run_state.put_variables(self.model, arrays)
                run_state.put_metrics(self.model, arrays)

        self._forward = FastForward(self.model, self._step, self._logs, before_training)

    def _save(self, finished: bool = False) -> None:
        model = self.model  # on JAX this brings the state of the step into the variables
        seen, weights = run_state.take_callbacks(self.others)
        metrics = self._metrics_of_epoch
        if metrics is None:
            metrics = run_state.take_metrics(model) if self._step else {}
        facts = {
            "run": self._run,
            "epoch": self._epoch,
            "step": self._step,
            "finished": finished,
            "logs": self._logs,
            "history": run_state.take_history(model),
            "callbacks": seen,
        }
        if writes_results():
            arrays = {**run_state.take_variables(model), **metrics, **weights}
            write_state(self.path, arrays, facts)
        self._unsaved = 0

    def _stop_if_interrupted(self, saved: bool = False) -> None:
        if self._note is None or not self._note.noted:
            return
        if not saved:
            self._save()
        self._note.remove()
        raise KeyboardInterrupt(
            f"training interrupted in epoch {self._epoch + 1} after step {self._step} of "
            f"{self.params['steps'] or '?'}; the state is saved in {self.path}: "
            "start the same run again to go on"
        )

    def _check_data(self) -> None:
        if self.data is not None and self.params["steps"] != len(self.data):
            raise ValueError(
                f"expected fit without steps_per_epoch, for the {len(self.data)} batches of "
                f"the data; received {self.params['steps']} steps an epoch"
            )

    def _check_order(self) -> None:
        if self.data is not None and not self.data.in_order:
            raise ValueError(
                "expected fit(..., shuffle=False), as FeatureBatches shuffle by themselves; "
                "received batches in another order, which could not be resumed"
            )

    def _say(self, message: str) -> None:
        if self.verbose:
            sys.stderr.write(f"{message}\n")


def fit_callbacks(
    callbacks: Sequence[keras.callbacks.Callback] | None, data: FeatureBatches
) -> list[keras.callbacks.Callback]:
    """The callbacks for a `fit` that reads `data`.

    Args:
        callbacks: those of the caller.
        data: the batches, whose epoch is then counted.

    Returns:
        The callbacks with an `EpochCounter`; a `ResumableTraining` among them knows
        data and callbacks, and comes last.
    """
    callbacks = list(callbacks or ())
    last = [c for c in callbacks if isinstance(c, ResumableTraining)]
    others = [c for c in callbacks if not isinstance(c, ResumableTraining)]
    for callback in last:
        callback.attach(data, others)
    return [EpochCounter(data), *others, *last]
