"""Tasks to and from folders: a checkpoint of the backbone with the head's arrays beside it.

A keras_bert folder holds a whole task. A Hugging Face or Google folder with a classifier
gives its head too; any other gives the backbone, under a new head.
"""

import importlib
import os
import pathlib
from typing import Any, Self

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.preset_io import checkpoint_of, with_dropout
from keras_bert.models.weights import load_checkpoint
from keras_bert.presets import resolve_preset
from keras_bert.text.preprocessor import BertPreprocessor

# What `load_task` may make: a folder names its class, and runs no code of its own.
TASKS = {
    "BertClassifier": "keras_bert.models.classifier",
    "BertQuestionAnswerer": "keras_bert.models.question_answerer",
    "BertMaskedLM": "keras_bert.models.masked_lm",
    "BertMultiTask": "keras_bert.models.multi_task",
    "BertMultipleChoice": "keras_bert.models.multiple_choice",
    "BertPretrainer": "keras_bert.models.pretrainer",
    "BertRegressor": "keras_bert.models.regressor",
    "BertRoleLabeler": "keras_bert.models.role_labeler",
    "BertSentenceEncoder": "keras_bert.models.sentence_encoder",
    "BertTokenClassifier": "keras_bert.models.token_classifier",
}


class TaskPresets:
    """`from_preset` and `save_to_preset` for a task.

    A task defines `head_settings(checkpoint, given)` (the constructor's arguments, and
    whether the checkpoint's head fits them), `head_metadata()` and `head_variables()`.
    """

    # Parts of the table of names that stay new where a checkpoint has nothing of them.
    may_be_new: tuple[str, ...] = ("pooler",)

    @classmethod
    def from_preset(
        cls,
        name_or_path: str | os.PathLike[str],
        *,
        sequence_length: int | None = None,
        dtype: Any = None,
        gradient_checkpointing: bool = False,
        hidden_dropout_prob: float | None = None,
        attention_probs_dropout_prob: float | None = None,
        **head: Any,
    ) -> Self:
        """Makes the task with the weights, the vocabulary and the settings of a folder.

        Args:
            name_or_path: a registered name (`keras_bert.presets.PRESETS`), or a folder in
                Google's, Hugging Face's or keras_bert's own format.
            sequence_length: tokens of a row; the folder's own, or 128.
            dtype: a Keras dtype policy for the backbone, such as "mixed_bfloat16".
            gradient_checkpointing: see `BertBackbone`.
            hidden_dropout_prob: of training, in the backbone and before a head that has no
                `dropout` of its own; None means the folder's, like the next.
            attention_probs_dropout_prob: of the probabilities of attention.
            **head: arguments of the task's constructor, before those of the folder. A
                folder's head is taken where it fits them; otherwise the head is new.

        Raises:
            ValueError: no such name or folder, no vocabulary in it, damaged files, weights
                that do not fit, or an argument that the task does not have.
        """
        folder = resolve_preset(name_or_path)
        return cls.from_checkpoint(
            read_checkpoint(folder),
            folder,
            sequence_length=sequence_length,
            dtype=dtype,
            gradient_checkpointing=gradient_checkpointing,
            hidden_dropout_prob=hidden_dropout_prob,
            attention_probs_dropout_prob=attention_probs_dropout_prob,
            **head,
        )

    @classmethod
    def from_checkpoint(
        cls,
        checkpoint: Checkpoint,
        folder: pathlib.Path,
        *,
        sequence_length: int | None = None,
        dtype: Any = None,
        gradient_checkpointing: bool = False,
        hidden_dropout_prob: float | None = None,
        attention_probs_dropout_prob: float | None = None,
        **head: Any,
    ) -> Self:
        """As `from_preset`, of a checkpoint that was read and perhaps changed.

        Args:
            checkpoint: the configuration, the weights and the settings.
            folder: has the vocabulary.
            sequence_length: as for `from_preset`, like the rest.
            dtype: of the backbone.
            gradient_checkpointing: see `BertBackbone`.
            hidden_dropout_prob: as for `from_preset`.
            attention_probs_dropout_prob: as for `from_preset`.
            **head: arguments of the task's constructor.

        Raises:
            ValueError: as `from_preset`.
        """
        config = with_dropout(checkpoint.config, hidden_dropout_prob, attention_probs_dropout_prob)
        backbone = BertBackbone(config, dtype=dtype, gradient_checkpointing=gradient_checkpointing)
        preprocessor = preprocessor_of(checkpoint, folder, sequence_length)
        settings, has_head = cls.head_settings(checkpoint, head)
        task = cls(backbone, preprocessor, **settings)
        load_checkpoint(
            task if has_head else backbone, checkpoint, str(folder), may_be_new=cls.may_be_new
        )
        return task

    def save_to_preset(
        self, folder: str | os.PathLike[str], *, format: str = "keras", overwrite: bool = False
    ) -> pathlib.Path:
        """Writes the task with its head, vocabulary and settings, all of it or nothing.

        Args:
            folder: a folder that is empty or not there yet.
            format: "keras" keeps everything; "huggingface" is for transformers and, of a
                sentence encoder, sentence-transformers; "google" for Google's TF1 code.
            overwrite: replace a folder that holds something.

        Returns:
            The folder, which `from_preset` takes, and of the format "keras" `load_task`.

        Raises:
            ValueError: the format has no such head, or a configuration that it cannot express.
            FileExistsError: the folder is not empty and `overwrite` is false.
            OSError: the disk is full or the place cannot be written to; nothing is left.
        """
        checkpoint = checkpoint_of(
            self,
            preprocessor=self.preprocessor,
            labels=getattr(self, "labels", None),
            metadata=self.head_metadata(),
        )
        return write_checkpoint(checkpoint, folder, format, overwrite=overwrite)


def load_task(folder: str | os.PathLike[str], **options: Any) -> Any:
    """The task that a folder holds, of whichever class it names.

    Args:
        folder: what `save_to_preset` or `keras-bert finetune` wrote; or a folder or preset
            of Hugging Face, whose configuration declares the task's architecture.
        **options: of `from_preset`.

    Raises:
        ValueError: the folder holds no task.
    """
    # As late as the tasks themselves, which stand above this module.
    from keras_bert.models.published_tasks import published_task

    checkpoint = read_checkpoint(resolve_preset(folder))
    name = checkpoint.metadata.get("class_name") or published_task(checkpoint)
    if name not in TASKS:
        raise ValueError(
            f"expected a fine-tuned task ({', '.join(TASKS)}) in {folder}; "
            f"received {name or 'a checkpoint without a task'}"
        )
    return getattr(importlib.import_module(TASKS[name]), name).from_preset(folder, **options)


def preprocessor_of(
    checkpoint: Checkpoint, folder: pathlib.Path, sequence_length: int | None
) -> BertPreprocessor:
    """The preprocessor of a folder, with its settings.

    Args:
        checkpoint: what `read_checkpoint` made of the folder.
        folder: has the vocabulary.
        sequence_length: in place of the folder's own, or of 128.
    """
    stored = checkpoint.metadata.get("preprocessor") or {}
    settings = {key: stored[key] for key in ("sequence_length", "truncation") if key in stored}
    settings.setdefault("sequence_length", min(128, checkpoint.config.max_position_embeddings))
    if sequence_length is not None:
        settings["sequence_length"] = sequence_length
    return BertPreprocessor.from_preset(folder, **settings)
