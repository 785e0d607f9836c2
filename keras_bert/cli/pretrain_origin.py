"""What a run of `keras-bert pretrain` begins with, in facts that another start must share.

Paths tell little: a file may have changed under its name, and the same may lie elsewhere.
"""

import argparse
import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_bert.config import BertConfig
    from keras_bert.text.tokenizer import BertTokenizer

# The flags whose files are compared and not their paths.
SOURCES = ("vocab", "preset", "init", "config")


def origin_facts(
    arguments: argparse.Namespace, tokenizer: "BertTokenizer", config: "BertConfig | None"
) -> dict[str, Any]:
    """Facts by names that tell their flag.

    Args:
        arguments: of the command.
        tokenizer: of `--vocab`, `--preset` or `--init`.
        config: of a new model; None with `--init`.

    Raises:
        ValueError: `--init` is no checkpoint.
    """
    from keras_bert.data.pretraining_manifest import vocabulary_sha256

    flag = next(f"--{name}" for name in SOURCES if getattr(arguments, name))
    facts: dict[str, Any] = {
        f"vocabulary of {flag}": vocabulary_sha256(tokenizer.vocabulary),
        f"lowercase of {flag}": tokenizer.lowercase,
    }
    if arguments.config and config is not None:
        facts |= {f"{name} of --config": value for name, value in config.to_dict().items()}
    if arguments.init:
        facts["weights of --init"] = _checkpoint_sha256(arguments.init)
    return facts


def _checkpoint_sha256(name: str) -> str:
    """Of the configuration and the weights, in whichever format they lie there."""
    import numpy as np

    from keras_bert.checkpoints.formats import read_checkpoint
    from keras_bert.presets import resolve_preset

    checkpoint = read_checkpoint(resolve_preset(name))
    state = hashlib.sha256(json.dumps(checkpoint.config.to_dict()).encode())
    for key, array in sorted(checkpoint.arrays.items()):
        state.update(f"{key} {array.dtype} {array.shape}\n".encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()
