"""LAMB: Adam whose step in each variable is as long as the variable's own norm allows.

Large batches need large rates, at which variables of unlike size diverge one after another;
LAMB scales each variable's step to its norm.

Source: You et al. 2020, "Large Batch Optimization for Deep Learning: Training BERT in 76
minutes", algorithm 2, https://arxiv.org/abs/1904.00962; LayerNorm's variables and biases
are neither decayed nor scaled, as in tf-models-official.

Keras's own `Lamb` (3.15) is not this algorithm: its weight decay is taken off before the
update and so is not in the norm that the step is scaled by; all variables are scaled; and
it shares the faults that `BertAdamW` tells of.
"""

from typing import Any

import keras
from keras import ops

from keras_bert.training.optimizer import BertAdamW


@keras.saving.register_keras_serializable(package="keras_bert")
class BertLAMB(BertAdamW):
    r"""LAMB as BERT is pretrained with it.

    For a gradient g, a variable w, and the step t from 1::

        m = beta_1 m + (1 - beta_1) g          v = beta_2 v + (1 - beta_2) g^2
        r = (m / (1 - beta_1^t)) / (sqrt(v / (1 - beta_2^t)) + epsilon) + weight_decay w
        w = w - rate * multiplier * (|w| / |r|) r

    For variables of `not_decayed`, and where a norm is 0, `|w| / |r|` is 1.

    Args:
        learning_rate: a float or a schedule.
        **kwargs: of `BertAdamW`; `bias_correction` can only be true.

    Raises:
        ValueError: for `bias_correction=False`.
    """

    def __init__(self, learning_rate: Any = 1e-3, **kwargs: Any):
        if not kwargs.get("bias_correction", True):
            raise ValueError(
                "expected bias_correction=True, which LAMB has; received bias_correction=False"
            )
        super().__init__(learning_rate, **kwargs)

    def build(self, var_list: list) -> None:
        """Makes m and v, and looks up which variables' steps are scaled."""
        if self.built:
            return
        super().build(var_list)
        # Known here alone: a step is given TensorFlow's variables, of other names.
        self._adapted = [not v.name.endswith(self.not_decayed) for v in var_list]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates m, v and one variable; see the class for the formula."""
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        gradient = ops.cast(gradient, variable.dtype)
        self.assign_add(m, (gradient - m) * (1.0 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1.0 - self.beta_2))
        step = ops.cast(self.iterations + 1, variable.dtype)
        mean = m / (1.0 - self.beta_1**step)
        update = mean / (ops.sqrt(v / (1.0 - self.beta_2**step)) + self.epsilon)
        weights = ops.convert_to_tensor(variable)
        if self._decays[index]:
            update += self._decays[index] * weights
        rate = ops.cast(learning_rate, variable.dtype) * self._factors[index]
        if self._adapted[index]:
            rate *= _trust(weights, update)
        self.assign_sub(variable, rate * update)


def _trust(weights: Any, update: Any) -> Any:
    """|w| / |r|, or 1 where either is 0."""
    of_weights, of_update = _norm(weights), _norm(update)
    usable = ops.logical_and(of_weights > 0, of_update > 0)
    return ops.where(usable, of_weights / ops.where(usable, of_update, 1.0), 1.0)


def _norm(values: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(values)))
