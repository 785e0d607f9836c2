"""The encoder module of TF Hub's text API: three tensors of ids in, vectors out.

Source: https://www.tensorflow.org/hub/common_saved_model_apis/text, "Transformer encoders"

Shapes: B texts, S positions, P masked positions, H hidden size, V vocabulary.
"""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from keras_bert.export.hub_module import HubCallable, save_module, traced

_NAMES = ("input_word_ids", "input_mask", "input_type_ids")
_INPUTS = {name: tf.TensorSpec([None, None], tf.int32, name) for name in _NAMES}
_MASKED_LM_INPUTS = {
    **_INPUTS,
    "masked_lm_positions": tf.TensorSpec([None, None], tf.int32, "masked_lm_positions"),
}

Encode = Callable[[Mapping[str, tf.Tensor], bool], dict[str, Any]]


class EncoderModule(HubCallable):
    """What `hub.load` gives for an encoder.

    Args:
        encode: from the dict of int32 [B, S] and whether dropout acts to a dict of
            `pooled_output` [B, H], `sequence_output` [B, S, H] and `encoder_outputs`, a
            list of [B, S, H]; all float32.
        variables: what `encode` reads, in order.
        vocabulary: path of the `vocab.txt` that is copied into the module.
        lowercase: whether texts are lower-cased before tokenization.
        masked_lm: the same as `encode` with `masked_lm_positions` int32 [B, P] in and
            `mlm_logits` [B, P, V] out; None if there is no such head.
        masked_lm_variables: what `masked_lm` reads beside `variables`.

    Attributes:
        mlm: a `HubCallable`, if there is a head.
        vocab_file: the vocabulary as an asset.
        do_lower_case: a bool variable.
    """

    def __init__(
        self,
        encode: Encode,
        variables: Sequence[tf.Variable],
        vocabulary: pathlib.Path,
        lowercase: bool,
        masked_lm: Encode | None = None,
        masked_lm_variables: Sequence[tf.Variable] = (),
    ) -> None:
        super().__init__(traced(_with_default(encode), _INPUTS), variables)
        if masked_lm is not None:
            call = traced(masked_lm, _MASKED_LM_INPUTS)
            self.mlm = HubCallable(call, [*variables, *masked_lm_variables])
        self.vocab_file = tf.saved_model.Asset(str(vocabulary))
        self.do_lower_case = tf.Variable(lowercase, trainable=False, name="do_lower_case")

    def save(self, folder: pathlib.Path) -> None:
        """Writes the module; its signature has `encoder_outputs_0` and on for the layers."""
        save_module(self, folder, _INPUTS, _flat)


def _with_default(encode: Encode) -> Encode:
    """`default` is what modules of any kind call the vector of a text."""

    def call(inputs: Mapping[str, tf.Tensor], training: bool) -> dict[str, Any]:
        outputs = encode(inputs, training)
        return outputs | {"default": outputs["pooled_output"]}

    return call


def _flat(outputs: dict[str, Any]) -> dict[str, tf.Tensor]:
    layers = outputs["encoder_outputs"]
    named = {f"encoder_outputs_{number}": layer for number, layer in enumerate(layers)}
    # Servers want each output to be a tensor of its own.
    named["default"] = tf.identity(outputs["default"])
    return {name: outputs[name] for name in ("pooled_output", "sequence_output")} | named
