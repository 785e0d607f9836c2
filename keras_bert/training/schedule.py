"""BERT's learning rate: up in a straight line, then down in one.

Source: Devlin et al. 2018, appendix A.2; google-research/bert, `optimization.py`.
There the decay counts from step 0 and not from the end of the warm-up: a run of
100 steps with 10 of warm-up goes 0, 0.1, ..., 0.9 and then on with 0.9, 0.89, ... 0
times the peak, which itself is never reached.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_bert")
class LinearWarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then linear decay to `end`.

    With T training steps, W steps of warm-up and t the step, counted from 0::

        t < W:  peak * t / W
        else:   end + (peak - end) * (1 - min(t, T) / T)

    Args:
        peak: the learning rate that both lines lead to.
        num_train_steps: T.
        num_warmup_steps: W; 0 starts at the peak.
        end: the learning rate from step T on.

    Raises:
        ValueError: unless 0 <= W <= T and T >= 1, and for negative rates.
    """

    def __init__(
        self, peak: float, num_train_steps: int, num_warmup_steps: int = 0, end: float = 0.0
    ):
        super().__init__()
        if num_train_steps < 1 or not 0 <= num_warmup_steps <= num_train_steps:
            raise ValueError(
                "expected num_train_steps of at least 1 and num_warmup_steps from 0 to that; "
                f"received num_train_steps={num_train_steps}, num_warmup_steps={num_warmup_steps}"
            )
        if not (peak >= 0.0 and end >= 0.0):
            raise ValueError(
                f"expected learning rates of at least 0; received peak={peak}, end={end}"
            )
        self.peak = float(peak)
        self.num_train_steps = int(num_train_steps)
        self.num_warmup_steps = int(num_warmup_steps)
        self.end = float(end)

    def __call__(self, step: Any) -> Any:
        """The learning rate, float32, at `step`, a scalar integer."""
        step = ops.cast(step, "float32")
        done = ops.minimum(step / self.num_train_steps, 1.0)
        rate = self.end + (self.peak - self.end) * self._left(1.0 - done)
        if not self.num_warmup_steps:
            return rate
        rising = self.peak * step / self.num_warmup_steps
        return ops.where(step < self.num_warmup_steps, rising, rate)

    def _left(self, part: Any) -> Any:
        """How much of the way down is left, of the part of the steps that is."""
        return part

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "peak": self.peak,
            "num_train_steps": self.num_train_steps,
            "num_warmup_steps": self.num_warmup_steps,
            "end": self.end,
        }


@keras.saving.register_keras_serializable(package="keras_bert")
class PolynomialWarmupDecay(LinearWarmupDecay):
    """Linear warm-up, then a polynomial decay to `end`.

    As `LinearWarmupDecay`, with `(1 - min(t, T) / T)^power` for the way down. Powers above 1
    fall fast at first; powers below 1, such as the 0.5 of many LAMB recipes, at the end.

    Args:
        peak: the learning rate that both ways lead to.
        num_train_steps: T.
        num_warmup_steps: W; 0 starts at the peak.
        end: the learning rate from step T on.
        power: above 0; 1 is linear.

    Raises:
        ValueError: as `LinearWarmupDecay`, and for another power.
    """

    def __init__(
        self,
        peak: float,
        num_train_steps: int,
        num_warmup_steps: int = 0,
        end: float = 0.0,
        power: float = 1.0,
    ):
        super().__init__(peak, num_train_steps, num_warmup_steps, end)
        if not power > 0.0:
            raise ValueError(f"expected a power above 0; received {power}")
        self.power = float(power)

    def _left(self, part: Any) -> Any:
        return part**self.power

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "power": self.power}
