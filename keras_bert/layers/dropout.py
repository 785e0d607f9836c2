"""Dropout whose random draw can be made first and used again.

Rematerialisation runs a block's forward computation twice. Both runs must drop
the same units, or the gradients belong to another function than the loss; and a
random state must not change inside the recomputed part, which JAX forbids.
So the block draws its seeds beforehand and replays them in each run.
"""

import contextlib

import keras
from keras import ops


class _DrawnSeed(keras.random.SeedGenerator):
    """A seed that was drawn already, in the form that random ops take."""

    def __init__(self, value):
        # No state variable: the base class would make one.
        self._value = value

    def next(self, ordered=True):
        """Return the drawn seed, the same at each call."""
        return self._value


@keras.saving.register_keras_serializable(package="keras_bert")
class ReplayableDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` that can drop the same units more than once.

    Args:
        rate: Probability of dropping a unit, in [0, 1).
        noise_shape: Shape of the random mask where units share it; see Keras.
        seed: Integer that the random draws follow from.
        **kwargs: Of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        inputs: Float tensor of any shape.
        training: Whether to drop units; nothing happens otherwise.

    Returns:
        A tensor of the shape and dtype of `inputs`.

    Example:
        >>> dropout = ReplayableDropout(0.5)
        >>> with dropout.replaying(dropout.draw()):
        ...     first, second = dropout(x, training=True), dropout(x, training=True)  # equal
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(rate, noise_shape=noise_shape, seed=seed, **kwargs)
        self._drawn = None

    def draw(self):
        """Return the next seed (integer tensor [2]), advancing the generator.

        None where the rate is 0, because nothing random happens then.
        """
        return self.seed_generator.next() if self.rate > 0 else None

    @contextlib.contextmanager
    def replaying(self, seed):
        """Within this context, drop what the drawn `seed` says."""
        self._drawn = seed
        try:
            yield
        finally:
            self._drawn = None

    def call(self, inputs, training=False):
        """Drop units of `inputs` while training."""
        if not training or self.rate == 0:
            return inputs
        seed = self.seed_generator if self._drawn is None else _DrawnSeed(self._drawn)
        if keras.config.backend() == "tensorflow" and self.noise_shape is None:
            return inputs * _mask(inputs, self.rate, seed)
        return keras.random.dropout(inputs, self.rate, noise_shape=self.noise_shape, seed=seed)


def _mask(inputs, rate, seed):
    """Zeros where units of `inputs` are dropped, and elsewhere what keeps their sum.

    TensorFlow draws 32 random bits a unit for its own dropout. Half of them bring a rate
    as near as 1e-5, in half of the time.
    """
    *others, last = ops.shape(inputs)
    pairs = -(-last // 2)
    numbers = keras.random.randint((*others, pairs, 1), -(2**31), 2**31 - 1, seed=seed)
    halves = ops.reshape(ops.view(numbers, "int16"), (*others, 2 * pairs))[..., :last]
    dropped = min(round(rate * 2**16), 2**16 - 1)
    kept = ops.cast(halves >= dropped - 2**15, inputs.dtype)  # of -2¹⁵ to 2¹⁵ - 1
    return kept * (1 / (1 - dropped / 2**16))
