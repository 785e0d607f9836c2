"""How long and how fast a pretraining run learns, and the optimizer that follows.

Source: Devlin et al. 2019, appendix A.2 (AdamW, 1e-4, linear decay), and
https://arxiv.org/abs/1810.04805
"""

import dataclasses
from typing import Any

from keras_bert.training.optimizer import create_optimizer


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

    Raises:
        ValueError: numbers that the schedule or the optimizer refuses.
    """

    steps: int
    learning_rate: float = 1e-4
    warmup_steps: int | None = None
    weight_decay: float = 0.01
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-6
    global_clipnorm: float | None = 1.0

    def optimizer(self) -> Any:
        """A new optimizer for one run."""
        return create_optimizer(
            self.learning_rate,
            self.steps,
            self.warmup_steps,
            self.weight_decay,
            global_clipnorm=self.global_clipnorm,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )
