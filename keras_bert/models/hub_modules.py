"""An encoder and its preprocessing as the two modules of TF Hub's text API.

The functions are traced on a plain model that computes in float32, with raw variables
in the place of its own: they carry the names of published modules, and a loaded module
needs no state of Keras, so that it trains under `tf.distribute` too.

Source: https://www.tensorflow.org/hub/common_saved_model_apis/text
"""

import json
import os
import pathlib
import re
import tempfile
import types
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_bert.checkpoints.atomic import atomic_folder
from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import read_checkpoint
from keras_bert.checkpoints.hub_names import hub_names
from keras_bert.export.backend import require_tensorflow
from keras_bert.export.hub_encoder import EncoderModule
from keras_bert.export.hub_preprocess import PreprocessModule
from keras_bert.export.saved_model import EXTRA_ASSETS, version_folder
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.preset_io import checkpoint_of
from keras_bert.models.pretraining_heads import masked_lm_head, masked_lm_variables
from keras_bert.models.task import Task, refuse_misfit
from keras_bert.models.task_presets import preprocessor_of
from keras_bert.models.weights import load_checkpoint, named_variables
from keras_bert.presets import resolve_preset
from keras_bert.text.preprocessor import BertPreprocessor

# A seed of Keras is two numbers.
_SEED = {"shape": [2], "maxval": tf.int32.max, "dtype": tf.int32}


class HubModules(NamedTuple):
    """The version folders of the two modules."""

    encoder: pathlib.Path
    preprocess: pathlib.Path


def export_hub_modules(
    source: str | os.PathLike[str] | Task,
    folder: str | os.PathLike[str],
    *,
    name: str,
    sequence_length: int | None = None,
    version: int | None = None,
    overwrite: bool = False,
) -> HubModules:
    """Writes `NAME_encoder` and `NAME_preprocess`, which `hub.load` and `hub.KerasLayer` load.

    A head of `source` is left out, but for the masked language model's, which becomes
    `.mlm` of the encoder.

    Args:
        source: a preset's name, a checkpoint folder of any format, or a task.
        folder: where the modules go, each in a folder of its name with its versions.
        name: of letters, digits, `.`, `_` and `-`.
        sequence_length: tokens that the preprocessing gives for a text when it is not
            asked for a length; the source's own, or 128.
        version: the number of the version; the next one that is free in both by default.
        overwrite: replace versions that are there.

    Returns:
        The version folders of the encoder and the preprocessing.

    Raises:
        ValueError: what cannot be a name, a source without a vocabulary, damaged files,
            or a length beyond the encoder's positions.
        FileExistsError: a version is there and `overwrite` is false.
        OSError: the folder cannot be written to; of a module that fails nothing is left.
        RuntimeError: Keras runs on another backend than TensorFlow.
    """
    require_tensorflow()
    checkpoint, preprocessor, origin = _read(source, sequence_length)
    encoder, preprocess = _folders(pathlib.Path(folder), name, version)
    traced = _Traced(checkpoint, preprocessor, origin)
    with (
        tempfile.TemporaryDirectory() as temporary,
        atomic_folder(encoder, overwrite=overwrite) as encoder_partial,
        atomic_folder(preprocess, overwrite=overwrite) as preprocess_partial,
    ):
        vocabulary = pathlib.Path(temporary) / "vocab.txt"
        preprocessor.tokenizer.vocabulary.save(vocabulary)
        traced.module(vocabulary, preprocessor.tokenizer.lowercase).save(encoder_partial)
        _write_card(encoder_partial / EXTRA_ASSETS, checkpoint, preprocessor)
        PreprocessModule(preprocessor).save(preprocess_partial)
    return HubModules(encoder, preprocess)


def _read(
    source: str | os.PathLike[str] | Task, sequence_length: int | None
) -> tuple[Checkpoint, BertPreprocessor, str]:
    """What a source holds, its preprocessor, and its name for messages."""
    if isinstance(source, str | os.PathLike):
        folder = resolve_preset(source)
        checkpoint = read_checkpoint(folder)
        return checkpoint, preprocessor_of(checkpoint, folder, sequence_length), str(folder)
    if not isinstance(source, Task):
        raise ValueError(
            "expected a preset's name, a checkpoint folder or a task; "
            f"received {type(source).__name__}"
        )
    settings = source.preprocessor.get_config()
    if sequence_length is not None:
        settings["sequence_length"] = sequence_length
    return checkpoint_of(source), BertPreprocessor.from_config(settings), type(source).__name__


def _folders(folder: pathlib.Path, name: str, version: int | None) -> HubModules:
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name):
        raise ValueError(f"expected a name of letters, digits, '.', '_' and '-'; received {name!r}")
    modules = HubModules(folder / f"{name}_encoder", folder / f"{name}_preprocess")
    if version is None:
        version = max(int(version_folder(module).name) for module in modules)
    elif version < 1:
        raise ValueError(f"expected a version of at least 1; received {version}")
    return HubModules(*(module / str(version) for module in modules))


class _Traced:
    """A checkpoint's weights in raw variables, and the plain model that reads them."""

    def __init__(self, checkpoint: Checkpoint, preprocessor: BertPreprocessor, origin: str):
        self._backbone = BertBackbone(checkpoint.config, dtype="float32")
        refuse_misfit(self._backbone, preprocessor)
        self._head = masked_lm_head(self._backbone) if "mlm" in checkpoint.heads else None
        named = self._fill(checkpoint, origin)
        names = hub_names(checkpoint.config, masked_lm=self._head is not None)
        self._own = [named[google] for google in names]
        self.variables = [
            tf.Variable(own.value, name=name)
            for own, name in zip(self._own, names.values(), strict=True)
        ]

    def _fill(self, checkpoint: Checkpoint, origin: str) -> dict[str, keras.Variable]:
        if self._head is None:
            load_checkpoint(self._backbone, checkpoint, origin)
            return named_variables(self._backbone)
        self._head.build((None, None, checkpoint.config.hidden_size))
        own = masked_lm_variables(self._head)
        model = types.SimpleNamespace(backbone=self._backbone, head_variables=lambda: own)
        load_checkpoint(model, checkpoint, origin)
        return named_variables(model)

    def module(self, vocabulary: pathlib.Path, lowercase: bool) -> EncoderModule:
        """The module, traced."""
        count = len(hub_names(self._backbone.config))
        variables, more = self.variables[:count], self.variables[count:]
        masked_lm = self._masked_lm if self._head is not None else None
        return EncoderModule(self._encode, variables, vocabulary, lowercase, masked_lm, more)

    def _encode(self, inputs: Mapping[str, tf.Tensor], training: bool) -> dict[str, Any]:
        with self._reading_raw_variables(training):
            outputs = self._backbone(dict(inputs), training=training)
        return {
            name: outputs[name] for name in ("pooled_output", "sequence_output", "encoder_outputs")
        }

    def _masked_lm(self, inputs: Mapping[str, tf.Tensor], training: bool) -> dict[str, Any]:
        features = dict(inputs)
        positions = features.pop("masked_lm_positions")
        outputs = self._encode(features, training)
        with self._reading_raw_variables(training):
            logits = self._head(outputs["sequence_output"], positions)
        return outputs | {"mlm_logits": logits}

    def _reading_raw_variables(self, training: bool) -> keras.StatelessScope:
        """Keras then finds values of ours for its variables, and for its seeds new draws."""
        values = list(zip(self._own, self.variables, strict=True))
        own = set(map(id, self._own))
        seeds = [state for state in self._backbone.variables if id(state) not in own]
        if training:
            values += [(seed, tf.cast(tf.random.uniform(**_SEED), seed.dtype)) for seed in seeds]
        return keras.StatelessScope(state_mapping=values)


def _write_card(
    folder: pathlib.Path, checkpoint: Checkpoint, preprocessor: BertPreprocessor
) -> None:
    """Facts that are not in the graph's tensors, such as the number of heads."""
    facts = {
        "config": checkpoint.config.to_dict(),
        "lowercase": preprocessor.tokenizer.lowercase,
        "sequence_length": preprocessor.sequence_length,
    }
    folder.mkdir()
    (folder / "keras_bert.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
