"""The batches of a pretraining run, one after another, from any step on.

A run is a number of steps and not of epochs. Its batches are a fixed sequence, pass after
pass over the records, so those from step n on are known without the steps before: that is
what a run that was killed goes on with.

`PretrainingStream` parts the sequence into periods, which Keras takes for epochs: at the end
of each the held-out records are scored and the state is saved.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from keras_bert.data.micro_batches import micro_batches

# Endless batches from a pass and a batch of it on, both counted from 0.
ReadFrom = Callable[[int, int], tf.data.Dataset]


class PretrainingStream:
    """Passes over records in a row, cut into periods of equal length.

    Args:
        read_from: from the numbers of a pass and of a batch in it to the batches from there
            on, without end; always the same ones.
        steps_per_pass: how many batches each pass has.
        steps: batches of the whole run.
        steps_per_period: batches between two evaluations.
        parts: how many smaller batches each one is served as, see `micro_batches`.
        facts: what makes the data the same data, for `fingerprint`.

    Attributes:
        epoch: the period, from 0, that is being trained on.
        in_order: always true: Keras is given a dataset, which it cannot shuffle.

    Raises:
        ValueError: a number below 1.
    """

    in_order = True

    def __init__(
        self,
        read_from: ReadFrom,
        steps_per_pass: int,
        *,
        steps: int,
        steps_per_period: int,
        parts: int = 1,
        facts: Mapping[str, Any] | None = None,
    ):
        numbers = {
            "steps_per_pass": steps_per_pass,
            "steps": steps,
            "steps_per_period": steps_per_period,
            "parts": parts,
        }
        for name, number in numbers.items():
            if number < 1:
                raise ValueError(f"expected {name} of at least 1; received {number}")
        self.read_from = read_from
        self.steps_per_pass = steps_per_pass
        self.steps = steps
        self.steps_per_period = min(steps, steps_per_period)
        self.parts = parts
        self.facts = dict(facts or {})
        self.epoch = 0

    def __len__(self) -> int:
        """What a period serves, parts of batches counted; the last one may end before."""
        return self.steps_per_period * self.parts

    @property
    def periods(self) -> int:
        """How many periods the run has."""
        return math.ceil(self.steps / self.steps_per_period)

    def dataset(self, first_step: int = 0) -> tf.data.Dataset:
        """The batches of the run from a step on, without end.

        Args:
            first_step: how many batches come before, from 0.

        Raises:
            ValueError: `first_step` is negative.
        """
        if first_step < 0:
            raise ValueError(f"expected first_step of at least 0; received {first_step}")
        batches = self.read_from(*divmod(first_step, self.steps_per_pass))
        return batches if self.parts == 1 else micro_batches(batches, self.parts)

    def fingerprint(self) -> dict[str, Any]:
        """What decides the sequence of batches, for `ResumableTraining`."""
        return {"steps": self.steps, **self.facts}
