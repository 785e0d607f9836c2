"""The dict of three tensors that every BERT model takes, checked and completed.

Shapes: B batch, S sequence length, P masked positions, T texts of a packed row.
"""

from typing import Any

import numpy as np

from keras_bert.layers.checks import check_integer, check_rank, check_same_shape
from keras_bert.training.replicas import one_replica

NAMES = ("input_word_ids", "input_mask", "input_type_ids")
# Of rows that hold several texts: the number of each position's text, and where texts begin.
PACKED_NAMES = (*NAMES, "input_sequence_ids", "first_positions")
_REQUIRED = ("input_word_ids", "input_sequence_ids")
_OF_POSITIONS = (*NAMES, "input_sequence_ids")


class TakesBertInputs:
    """Lets a functional model on `NAMES` be called without the mask and the types.

    A class that takes more than these, such as `masked_lm_positions` int32 [B, P], names
    all of them in `input_names`.

    Stands before `keras.Model` among the bases. Keras calls `__call__`, and on JAX its
    compiled steps call `call` directly: both complete the inputs.

    Raises:
        ValueError: an argument of the constructor that the class does not know.
    """

    input_names: tuple[str, ...] = NAMES

    def __init__(
        self,
        *,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        trainable: bool | None = None,  # None leaves the parts as they are
        **unknown: Any,
    ) -> None:
        if unknown:  # Keras (3.15) passes over them in silence
            raise ValueError(
                f"expected arguments of {type(self).__name__}; "
                f"received {', '.join(unknown)}, which it does not have"
            )
        super().__init__(inputs=inputs, outputs=outputs, name=name, trainable=trainable)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the model on a dict of ids; see the class of the model."""
        return super().__call__(checked_inputs(inputs, self.input_names), *args, **kwargs)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Computes the model's outputs for a dict of ids."""
        return super().call(checked_inputs(inputs, self.input_names), training=training, mask=mask)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Builds from the rows of one replica; Keras (3.15) would average ids over replicas."""
        if iterator is not None and self._distribute_strategy is not None:
            iterator, data_batch = None, one_replica(iterator, self._distribute_strategy)
        super()._maybe_symbolic_build(iterator, data_batch)

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Returns the outputs' specs; an optional input that is None has any shape."""
        given = {name: tensor for name, tensor in inputs.items() if tensor is not None}
        return super().compute_output_spec(self.input | given, training=training, mask=mask)


def checked_inputs(inputs: Any, names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    """The dict of a model's inputs, None for what is missing.

    Args:
        inputs: a dict of `input_word_ids` and optionally the others of `names`: `NAMES`
            are integers [B, S] each, any others [B, P]; lists become arrays.
        names: of all inputs of the model; `input_sequence_ids` among them is required.

    Raises:
        ValueError: something else than such a dict, other keys, floats, ranks other than
            2, or unequal shapes.
    """
    required = [name for name in names if name in _REQUIRED]
    given = inputs.keys() if isinstance(inputs, dict) else ()
    if not {*required} <= {*given} or {*given} - {*names}:
        received = f"keys {sorted(inputs)}" if isinstance(inputs, dict) else type(inputs).__name__
        others = [name for name in names if name not in required]
        optional = " and ".join([", ".join(others[:-1]), others[-1]])
        raise ValueError(
            f"expected a dict of {' and '.join(required)} and optionally {optional}; "
            f"received {received}"
        )
    tensors = {name: inputs.get(name) for name in names}
    for name, tensor in tensors.items():
        if isinstance(tensor, list | tuple):
            tensors[name] = np.asarray(tensor)
        if tensor is not None:
            check_integer(name, tensors[name])
            check_rank(name, tensors[name].shape, 2)
    check_same_shape(
        {name: tensors[name].shape for name in _OF_POSITIONS if tensors.get(name) is not None}
    )
    return tensors
