"""Checkpoints of Google, Hugging Face and keras_bert as arrays by one set of names."""

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import detect_format, read_checkpoint, write_checkpoint

__all__ = ["Checkpoint", "detect_format", "read_checkpoint", "write_checkpoint"]
