"""AdamW as BERT was trained with it.

Source: google-research/bert, `optimization.py` (class `AdamWeightDecayOptimizer`):
gradients are clipped by their global norm first; m and v are Adam's, without bias
correction; the weight decay is added to m / (sqrt(v) + epsilon), so that it never
enters m or v; the sum is scaled by the learning rate of the step, counted from 0.
LayerNorm's variables and all biases are not decayed; embeddings are.

Keras's own AdamW differs on TensorFlow in two ways that matter here: the gradient
of an embedding table comes as slices, one a token, and Keras (3.15) squares them
one by one, so that a word which occurs twice in a batch gets a wrong v (and a
global norm that is not the gradient's); and the exclusions from weight decay are
lost when a model is saved.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from keras_bert.training.adam_kernel import apply_adam, has_adam_kernel
from keras_bert.training.layer_decay import layer_multipliers
from keras_bert.training.replicas import SumsReplicas
from keras_bert.training.schedule import LinearWarmupDecay

# Ends of `variable.name`, which in Keras 3 is the last part of the path alone.
NOT_DECAYED = ("gamma", "beta", "bias")


@keras.saving.register_keras_serializable(package="keras_bert")
class BertAdamW(SumsReplicas, keras.optimizers.AdamW):
    r"""Adam with decoupled weight decay, as in Google's BERT.

    For a gradient g, a variable w, and the step t from 1::

        m = beta_1 m + (1 - beta_1) g          v = beta_2 v + (1 - beta_2) g^2
        c = sqrt(1 - beta_2^t) / (1 - beta_1^t)   with bias correction, else 1
        w = w - rate * multiplier * (c m / (sqrt(v) + epsilon) + weight_decay w)

    Args:
        learning_rate: a float or a schedule.
        weight_decay: 0 for none.
        beta_1: decay of m.
        beta_2: decay of v.
        epsilon: added to sqrt(v), which is not corrected for its bias.
        bias_correction: False for Google's original update.
        not_decayed: variables whose name ends so are not decayed.
        learning_rate_multipliers: from `variable.path` to a factor, for every
            trainable variable; see `layer_multipliers`.
        **kwargs: `global_clipnorm`, `gradient_accumulation_steps`, `use_ema`,
            `name` and others of Keras optimizers.
    """

    def __init__(
        self,
        learning_rate: Any = 2e-5,
        weight_decay: float = 0.01,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        bias_correction: bool = True,
        not_decayed: Sequence[str] = NOT_DECAYED,
        learning_rate_multipliers: Mapping[str, float] | None = None,
        **kwargs: Any,
    ):
        if kwargs.pop("amsgrad", False):
            raise ValueError("expected amsgrad=False; received amsgrad=True, which BERT has not")
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            **kwargs,
        )
        self.bias_correction = bias_correction
        self.not_decayed = tuple(not_decayed)
        self.learning_rate_multipliers = learning_rate_multipliers

    def build(self, var_list: list) -> None:
        """Makes m and v, and looks up each variable's decay and factor.

        Raises:
            ValueError: for variables that `learning_rate_multipliers` does not name.
        """
        if self.built:
            return
        super().build(var_list)
        self._decays = [
            self.weight_decay
            * (not v.name.endswith(self.not_decayed) and self._use_weight_decay(v))
            for v in var_list
        ]
        factors = self.learning_rate_multipliers
        if factors is None:
            self._factors = (1.0,) * len(var_list)
            return
        missing = [v.path for v in var_list if v.path not in factors]
        if missing:
            raise ValueError(
                f"expected learning_rate_multipliers for all trainable variables; received "
                f"none for {missing}"
            )
        self._factors = tuple(factors[v.path] for v in var_list)

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """One step; the slices of an embedding's gradient are summed first."""
        super().apply([_whole(gradient) for gradient in grads], trainable_variables)

    def _get_current_learning_rate(self) -> Any:
        """The schedule's rate at the update, which is not the batch under accumulation.

        Keras (3.15) asks the schedule for the number of batches, so that warm-up and decay
        pass `gradient_accumulation_steps` times too fast.
        """
        rate = self._learning_rate
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            return rate(self.iterations)
        return super()._get_current_learning_rate()

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates m, v and one variable; see the class for the formula."""
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        gradient = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype) * self._factors[index]
        beta_1, beta_2 = self.beta_1, self.beta_2
        if self.bias_correction:
            # Rounded before they are taken from 1, and so the same in m, v and the correction.
            beta_1, beta_2 = (ops.cast(beta, variable.dtype) for beta in (beta_1, beta_2))
            step = ops.cast(self.iterations + 1, variable.dtype)
            powers = (beta_1**step, beta_2**step)
        if self._decays[index]:
            self.assign_sub(variable, rate * self._decays[index] * ops.convert_to_tensor(variable))
        if self.bias_correction and has_adam_kernel():
            apply_adam(variable, m, v, gradient, rate, beta_1, beta_2, self.epsilon, powers)
            return
        self.assign_add(m, (gradient - m) * (1.0 - beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1.0 - beta_2))
        update = m / (ops.sqrt(v) + self.epsilon)
        if self.bias_correction:
            update *= ops.sqrt(1.0 - powers[1]) / (1.0 - powers[0])
        self.assign_sub(variable, rate * update)

    def _apply_weight_decay(self, variables: list) -> None:
        """Keras would decay here too; `update_step` has its own."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["amsgrad"]
        factors = self.learning_rate_multipliers
        config.update(
            bias_correction=self.bias_correction,
            not_decayed=list(self.not_decayed),
            learning_rate_multipliers=factors if factors is None else dict(factors),
        )
        return config


def build_optimizer(model: keras.Model) -> None:
    """Makes the variables of a compiled model's optimizer, if they are not there yet.

    Made inside the first step, they have TensorFlow trace the whole step twice.
    """
    if model.optimizer.built:
        return
    strategy = getattr(model, "distribute_strategy", None)  # on TensorFlow alone
    with strategy.scope() if strategy else contextlib.nullcontext():
        model.optimizer.build(model.trainable_variables)


def _whole(gradient: Any) -> Any:
    """The gradient as one tensor: TensorFlow's slices of an embedding table are summed."""
    if not hasattr(gradient, "dense_shape"):  # no tf.IndexedSlices
        return gradient
    import tensorflow as tf

    return tf.convert_to_tensor(gradient)


def create_optimizer(
    learning_rate: float = 2e-5,
    num_train_steps: int | None = None,
    num_warmup_steps: int | None = None,
    weight_decay: float = 0.01,
    *,
    global_clipnorm: float | None = 1.0,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-6,
    bias_correction: bool = True,
    layer_decay: float | None = None,
    model: Any = None,
    **kwargs: Any,
) -> BertAdamW:
    """The optimizer of BERT's training and fine-tuning.

    Args:
        learning_rate: the peak.
        num_train_steps: steps in all, epochs times batches; None keeps the
            learning rate constant.
        num_warmup_steps: None for a tenth of all, as in the paper's fine-tuning code.
        weight_decay: not for LayerNorm and biases.
        global_clipnorm: None for no clipping.
        beta_1: decay of the mean of gradients.
        beta_2: decay of the mean of their squares.
        epsilon: Google's.
        bias_correction: False for Google's original update.
        layer_decay: see `layer_multipliers`; needs `model`.
        model: whose variables the layer-wise decay is for.
        **kwargs: further arguments of `BertAdamW`.

    Raises:
        ValueError: for `num_warmup_steps` without `num_train_steps`, and for
            `layer_decay` without `model`.
    """
    if num_train_steps is None and num_warmup_steps is not None:
        raise ValueError(
            f"expected num_train_steps with num_warmup_steps={num_warmup_steps}; received None"
        )
    if layer_decay is not None and model is None:
        raise ValueError(f"expected a model with layer_decay={layer_decay}; received None")
    if layer_decay is not None:
        kwargs["learning_rate_multipliers"] = layer_multipliers(model, layer_decay)
    rate: Any = float(learning_rate)
    if num_train_steps is not None:
        warmup = num_train_steps // 10 if num_warmup_steps is None else num_warmup_steps
        rate = LinearWarmupDecay(rate, num_train_steps, warmup)
    return BertAdamW(
        rate,
        weight_decay,
        beta_1,
        beta_2,
        epsilon,
        bias_correction,
        global_clipnorm=global_clipnorm,
        **kwargs,
    )
