"""The dict of three tensors that every BERT model takes, checked and completed.

Shapes: B batch, S sequence length, P masked positions.
"""

from typing import Any

import numpy as np

from keras_bert.layers.checks import check_integer, check_rank, check_same_shape

NAMES = ("input_word_ids", "input_mask", "input_type_ids")


class TakesBertInputs:
    """Lets a functional model on `NAMES` be called without the mask and the types.

    A class that takes more than these, such as `masked_lm_positions` int32 [B, P], names
    all of them in `input_names`.

    Stands before `keras.Model` among the bases. Keras calls `__call__`, and on JAX its
    compiled steps call `call` directly: both complete the inputs.
    """

    input_names: tuple[str, ...] = NAMES

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the model on a dict of ids; see the class of the model."""
        return super().__call__(checked_inputs(inputs, self.input_names), *args, **kwargs)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Computes the model's outputs for a dict of ids."""
        return super().call(checked_inputs(inputs, self.input_names), training=training, mask=mask)

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Returns the outputs' specs; an optional input that is None has any shape."""
        given = {name: tensor for name, tensor in inputs.items() if tensor is not None}
        return super().compute_output_spec(self.input | given, training=training, mask=mask)


def checked_inputs(inputs: Any, names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    """The dict of a model's inputs, None for what is missing.

    Args:
        inputs: a dict of `input_word_ids` and optionally the others of `names`: `NAMES`
            are integers [B, S] each, any others [B, P]; lists become arrays.
        names: of all inputs of the model.

    Raises:
        ValueError: something else than such a dict, other keys, floats, ranks other than
            2, or unequal shapes.
    """
    if not isinstance(inputs, dict) or "input_word_ids" not in inputs or inputs.keys() - {*names}:
        received = f"keys {sorted(inputs)}" if isinstance(inputs, dict) else type(inputs).__name__
        optional = " and ".join([", ".join(names[1:-1]), names[-1]])
        raise ValueError(
            f"expected a dict of input_word_ids and optionally {optional}; received {received}"
        )
    tensors = {name: inputs.get(name) for name in names}
    for name, tensor in tensors.items():
        if isinstance(tensor, list | tuple):
            tensors[name] = np.asarray(tensor)
        if tensor is not None:
            check_integer(name, tensors[name])
            check_rank(name, tensors[name].shape, 2)
    check_same_shape({name: tensors[name].shape for name in NAMES if tensors[name] is not None})
    return tensors
