"""A TF Hub module as a layer of a Keras 3 model, which `hub.KerasLayer` cannot be.

The layer's weights are the module's own variables, not copies: the module's functions read
them, so that gradients, the optimizer, `get_weights` and files all see the same values.

Source: https://www.tensorflow.org/hub/reusable_saved_models

Shapes: B texts, S positions, H hidden size.
"""

import operator
import os
import pathlib
from typing import Any

import keras

_TRAINING = "training"


@keras.saving.register_keras_serializable(package="keras_bert")
class HubLayer(keras.layers.Layer):
    """Calls a module: in `fit` with its dropout, and trains it unless it is frozen.

    Works with any module that can be called, such as the encoders of the text API, and on
    the TensorFlow backend. `jit_compile` and mixed precision leave the module's own types
    as they are.

    Args:
        handle: a folder with a SavedModel, or what `tensorflow_hub.resolve` takes: the
            address of a module, which is then fetched. A model with this layer is loaded
            by the same handle, which must still be there.
        attribute: a part of the module to call in its place, such as `"mlm"`.
        **kwargs: of `keras.layers.Layer`, such as `trainable` and `name`.

    Call arguments:
        inputs: what the module takes; for an encoder a dict of `input_word_ids`,
            `input_mask` and `input_type_ids`, int32 [B, S] each.
        training: whether dropout acts, where the module has any.

    Returns:
        What the module gives; for an encoder a dict of `pooled_output` and `default`
        [B, H], `sequence_output` [B, S, H] and `encoder_outputs`, a list of [B, S, H].

    Raises:
        RuntimeError: Keras runs on another backend than TensorFlow.
        ValueError: no module is there, or it cannot be called.

    Example:
        >>> ids = {name: keras.Input((None,), dtype="int32", name=name) for name in
        ...        ("input_word_ids", "input_mask", "input_type_ids")}
        >>> vectors = HubLayer("modules/small_encoder/1")(ids)["pooled_output"]
        >>> model = keras.Model(ids, keras.layers.Dense(2)(vectors))
    """

    def __init__(
        self, handle: str | os.PathLike[str], attribute: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.handle = os.fspath(handle)
        self.attribute = attribute
        # Kept: variables die with the object that loading gave.
        self.module = _load(self.handle)
        self._part = _part_of(self.module, attribute, self.handle)
        self._takes_training = _TRAINING in self._part.__call__.function_spec.arg_names
        self._module_weights = self._adopt()
        self.built = True
        if not self.trainable:  # which weights learn only when it changes
            for weight in self._module_weights:
                weight.trainable = False

    def _adopt(self) -> list[keras.Variable]:
        """Keras variables around the module's, in its order; those that train first."""
        trainable = list(getattr(self._part, "trainable_variables", ()))
        known = {id(variable) for variable in trainable}
        others = [
            variable
            for variable in getattr(self._part, "variables", ())
            if id(variable) not in known and variable.dtype.is_floating  # not flags of text
        ]
        with keras.name_scope(self.name):
            return [
                # On TensorFlow this takes the variable itself for its value.
                keras.Variable(
                    variable,
                    dtype=variable.dtype.name,
                    trainable=id(variable) in known,
                    name=variable.name.partition(":")[0].replace("/", "."),
                )
                for variable in (*trainable, *others)
            ]

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Call the module."""
        for loss in getattr(self._part, "regularization_losses", ()):
            self.add_loss(loss())
        if self._takes_training:
            return self._part(inputs, training=bool(training))
        return self._part(inputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "handle": self.handle, "attribute": self.attribute}


def _load(handle: str) -> Any:
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "expected the TensorFlow backend for a module of TF Hub; received "
            f"{keras.backend.backend()!r}: BertBackbone.from_preset takes its weights on any"
        )
    import tensorflow as tf

    # Registers the operations that preprocessing modules are made of.
    import tensorflow_text  # noqa: F401

    folder = handle
    if "://" in handle:
        import tensorflow_hub

        folder = tensorflow_hub.resolve(handle)
    if not tf.saved_model.contains_saved_model(str(folder)):
        raise ValueError(
            f"expected a folder with a SavedModel, or a module's address; received {handle!r}"
        )
    return tf.saved_model.load(str(pathlib.Path(folder)))


def _part_of(module: Any, attribute: str | None, handle: str) -> Any:
    try:
        part = module if attribute is None else operator.attrgetter(attribute)(module)
    except AttributeError as error:
        raise ValueError(f"expected a module with {attribute!r} in {handle}: {error}") from error
    if not callable(part):
        raise ValueError(
            f"expected a module of TensorFlow 2 that can be called in {handle}; received one "
            f"that has signatures only: {sorted(getattr(module, 'signatures', ()))}"
        )
    return part
