"""Dropout whose random draw can be made first and used again.

Rematerialisation runs a block's forward computation twice. Both runs must drop
the same units, or the gradients belong to another function than the loss; and a
random state must not change inside the recomputed part, which JAX forbids.
So the block draws its seeds beforehand and replays them in each run.
"""

import contextlib

import keras


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
        if self._drawn is None or not training:
            return super().call(inputs, training=training)
        seed = _DrawnSeed(self._drawn)
        return keras.random.dropout(inputs, self.rate, noise_shape=self.noise_shape, seed=seed)
