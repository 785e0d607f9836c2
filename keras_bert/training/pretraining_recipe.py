"""How long and how fast a pretraining run learns, and the optimizer that follows.

Source: Devlin et al. 2019, appendix A.2 (AdamW, 1e-4, linear decay),
https://arxiv.org/abs/1810.04805
"""

import dataclasses
from typing import Any

from keras_bert.training.lamb import BertLAMB
from keras_bert.training.optimizer import BertAdamW
from keras_bert.training.schedule import LinearWarmupDecay, PolynomialWarmupDecay

OPTIMIZERS = {"adamw": BertAdamW, "lamb": BertLAMB}


@dataclasses.dataclass(frozen=True)
class PretrainingRecipe:
    """The numbers of a run.

    Args:
        steps: updates of the weights.
        learning_rate: the peak.
        warmup_steps: until the peak; None for a tenth of all.
        weight_decay: not for LayerNorm and biases.
        beta_1: decay of the mean of gradients.
        beta_2: decay of the mean of their squares.
        epsilon: of the optimizer.
        global_clipnorm: None for no clipping.
        optimizer: a key of `OPTIMIZERS`.
        decay_power: how the rate falls after the warm-up; 1 is a straight line.
        end_learning_rate: where it falls to.
        accumulation: parts in which the gradient of a batch is computed.

    Raises:
        ValueError: an unknown optimizer, or `accumulation` below 1.
    """

    steps: int
    learning_rate: float = 1e-4
    warmup_steps: int | None = None
    weight_decay: float = 0.01
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-6
    global_clipnorm: float | None = 1.0
    optimizer: str = "adamw"
    decay_power: float = 1.0
    end_learning_rate: float = 0.0
    accumulation: int = 1

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(
                f"expected an optimizer of {', '.join(OPTIMIZERS)}; received {self.optimizer!r}"
            )
        if self.accumulation < 1:
            raise ValueError(f"expected accumulation of at least 1; received {self.accumulation}")

    def schedule(self) -> LinearWarmupDecay:
        """The learning rate of each step.

        Raises:
            ValueError: numbers that the schedule refuses.
        """
        warmup = self.steps // 10 if self.warmup_steps is None else self.warmup_steps
        numbers = (self.learning_rate, self.steps, warmup, self.end_learning_rate)
        if self.decay_power == 1.0:
            return LinearWarmupDecay(*numbers)
        return PolynomialWarmupDecay(*numbers, power=self.decay_power)

    def make_optimizer(self) -> Any:
        """A new optimizer for one run.

        Raises:
            ValueError: numbers that schedule or optimizer refuse.
        """
        return OPTIMIZERS[self.optimizer](
            self.schedule(),
            weight_decay=self.weight_decay,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            global_clipnorm=self.global_clipnorm,
            gradient_accumulation_steps=self.accumulation if self.accumulation > 1 else None,
        )
