"""What a checkpoint holds, whichever format it came from."""

import dataclasses
from typing import Any

import numpy as np

from keras_bert.checkpoints.rows import heads_of
from keras_bert.config import BertConfig


@dataclasses.dataclass
class Checkpoint:
    """A model on disk: its configuration, weights, vocabulary and labels.

    Args:
        config: the encoder's configuration; `hidden_act` in Hugging Face's sense (`gelu` is
            erf, `gelu_new` tanh) whatever the format.
        arrays: float32 arrays by Google's TF1 names, in Google's shapes (see `rows.py`).
        vocabulary: the word pieces, the place in the list being the id; None if the folder
            has none.
        lowercase: whether text is lower-cased (and stripped of accents) first; None if
            neither a file nor a vocabulary says.
        labels: the class names of a classifier, in the order of its outputs.
        metadata: facts that are carried along: `architectures`, `problem_type`,
            `classifier_dropout` of Hugging Face; `class_name`, `preprocessor`, `task` of a
            keras_bert preset.
    """

    config: BertConfig
    arrays: dict[str, np.ndarray]
    vocabulary: list[str] | None = None
    lowercase: bool | None = None
    labels: list[str] | None = None
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads among the arrays, of `mlm`, `nsp`, `classifier` and `squad`."""
        return heads_of(self.arrays)
