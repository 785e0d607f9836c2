"""Backbones from checkpoint folders of any format, and into keras_bert's own.

A model of `keras.Model` gains the two methods by naming `PresetIO` among its bases.
"""

import dataclasses
import os
import pathlib
from typing import Any, Self

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.config import BertConfig
from keras_bert.models.weights import collect_arrays, load_checkpoint, named_variables
from keras_bert.presets import resolve_preset


class PresetIO:
    """`from_preset` and `save_to_preset` for a backbone."""

    @classmethod
    def from_preset(
        cls,
        name_or_path: str | os.PathLike[str],
        *,
        hidden_dropout_prob: float | None = None,
        attention_probs_dropout_prob: float | None = None,
        **kwargs: Any,
    ) -> Self:
        """Makes a backbone with the weights of a folder.

        Args:
            name_or_path: a registered name (`keras_bert.presets.PRESETS`), or a folder in
                Google's, Hugging Face's or keras_bert's own format.
            hidden_dropout_prob: of training; None means the folder's, like the next.
            attention_probs_dropout_prob: of the probabilities of attention.
            **kwargs: of the constructor, such as `dtype` and `output_attentions`.

        Returns:
            The backbone. Heads that the folder holds are left out. A folder without a
            pooler gives a new one, with a warning.

        Raises:
            ValueError: no such name or folder, damaged files, or weights that do not fit
                the configuration: one message names all of them.
            ModuleNotFoundError: the package of a registered model is not installed.

        Example:
            >>> backbone = BertBackbone.from_preset("all-minilm-l6-v2", dtype="mixed_float16")
        """
        folder = resolve_preset(name_or_path)
        checkpoint = read_checkpoint(folder)
        config = with_dropout(checkpoint.config, hidden_dropout_prob, attention_probs_dropout_prob)
        backbone = cls(config, **kwargs)  # type: ignore[call-arg]
        load_checkpoint(backbone, checkpoint, str(folder))
        return backbone

    def save_to_preset(
        self,
        folder: str | os.PathLike[str],
        *,
        preprocessor: Any = None,
        format: str = "keras",
        overwrite: bool = False,
    ) -> pathlib.Path:
        """Writes the configuration and the weights, all of it or nothing.

        Args:
            folder: a folder that is empty or not there yet.
            preprocessor: the `BertPreprocessor` that goes with the backbone, whose
                vocabulary and settings are written too; a backbone itself has none.
            format: "keras" (`preset.json` and `model.safetensors`), or another of
                `keras_bert.checkpoints.write_checkpoint`.
            overwrite: replace a folder that holds something.

        Returns:
            The folder, which `from_preset` takes.

        Raises:
            FileExistsError: the folder is not empty and `overwrite` is false.
            OSError: the disk is full or the place cannot be written to; nothing is left.
        """
        checkpoint = checkpoint_of(self, preprocessor=preprocessor)
        return write_checkpoint(checkpoint, folder, format, overwrite=overwrite)


def with_dropout(config: BertConfig, hidden: float | None, attention: float | None) -> BertConfig:
    """A configuration with other rates, where they are not None."""
    rates = {"hidden_dropout_prob": hidden, "attention_probs_dropout_prob": attention}
    given = {name: rate for name, rate in rates.items() if rate is not None}
    return dataclasses.replace(config, **given)


def checkpoint_of(
    model: Any,
    *,
    preprocessor: Any = None,
    labels: list[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> Checkpoint:
    """What a model holds at this moment, ready for `write_checkpoint`.

    Args:
        model: as for `keras_bert.models.weights.named_variables`.
        preprocessor: a `BertPreprocessor`, for the vocabulary and its settings.
        labels: the class names of a classifier.
        metadata: more to carry, such as `task`.
    """
    checkpoint = Checkpoint(
        config=getattr(model, "backbone", model).config,
        arrays=collect_arrays(named_variables(model)),
        labels=labels,
        metadata={"class_name": type(model).__name__, **(metadata or {})},
    )
    if preprocessor is not None:
        tokenizer = preprocessor.tokenizer
        checkpoint.vocabulary = list(tokenizer.vocabulary)
        checkpoint.lowercase = tokenizer.lowercase
        checkpoint.metadata["preprocessor"] = {
            "lowercase": tokenizer.lowercase,
            "max_characters_per_word": tokenizer.max_characters_per_word,
            "sequence_length": preprocessor.sequence_length,
            "truncation": preprocessor.truncation,
        }
        if tokenizer.keep_special_tokens:
            checkpoint.metadata["preprocessor"]["keep_special_tokens"] = True
    return checkpoint
