"""What makes a Hugging Face folder a sentence encoder: the modules of sentence-transformers.

`modules.json` lists them in order: the BERT itself, `1_Pooling/config.json`, perhaps a
`2_Dense` (a projection) and a `Normalize` without files. `sentence_bert_config.json` has
the length at which texts are cut. Two generations of `1_Pooling/config.json` are read: a
boolean for each way of pooling, and one name; the first is written, which all versions read.

Source: sentence-transformers `Transformer`, `Pooling`, `Dense`, `Normalize`.

Shapes: H hidden size, E size of an embedding.
"""

import json
import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.json_file import read_json, require_types, write_json
from keras_bert.checkpoints.safetensors_file import WEIGHTS_FILE, read_tensors, write_tensors
from keras_bert.checkpoints.weight_types import as_float32
from keras_bert.config import BertConfig

ENCODER_CLASS = "BertSentenceEncoder"
MODULES_FILE = "modules.json"
LENGTH_FILE = "sentence_bert_config.json"
SETTINGS_FILE = "config_sentence_transformers.json"
TOKENIZER_SETTINGS_FILE = "tokenizer_config.json"

_KINDS = ("Transformer", "Pooling", "Dense", "Normalize")
_TYPES = "sentence_transformers.models."
_POOLING_FLAGS = {
    "first": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "max": "pooling_mode_max_tokens",
}
_POOLING_NAMES = {"cls": "first", "mean": "mean", "max": "max"}
_KERNEL, _BIAS = "embedding/output_weights", "embedding/output_bias"


class Modules(NamedTuple):
    """A folder's modules as `BertSentenceEncoder` knows them.

    `refused` says what it cannot do, and is None where it does everything.
    """

    task: dict[str, Any]
    arrays: dict[str, np.ndarray]
    sequence_length: int | None
    refused: str | None = None


class _UnlikeError(Exception):
    """A module that the sentence encoder here does not have."""


def read_modules(
    folder: pathlib.Path, config: BertConfig, lowercase: bool | None
) -> Modules | None:
    """Reads what follows the BERT; None for a folder without `modules.json`.

    Args:
        folder: the model's.
        config: of the BERT.
        lowercase: whether its tokenizer lower-cases.

    Raises:
        ValueError: a file is damaged or missing.
    """
    path = folder / MODULES_FILE
    if not path.exists():
        return None
    modules = _module_paths(path)
    try:
        known = [kind for kind in _KINDS if kind in modules or kind in _KINDS[:2]]
        if list(modules) != known:
            raise _UnlikeError(f"the modules {', '.join(modules)}")
        task: dict[str, Any] = {
            "pooling": _pooling(folder / modules["Pooling"] / "config.json", config),
            "normalize": "Normalize" in modules,
            "embedding_size": None,
        }
        _refuse_prompt(folder / SETTINGS_FILE)
        arrays = _projection(folder / modules["Dense"], config) if "Dense" in modules else {}
        if arrays:
            task["embedding_size"] = len(arrays[_BIAS])
        return Modules(task, arrays, _length(folder, config, lowercase))
    except _UnlikeError as unlike:
        return Modules({}, {}, None, f"{unlike} of {folder}")


def write_modules(checkpoint: Checkpoint, folder: pathlib.Path) -> None:
    """Writes the files that make sentence-transformers compute the same embeddings."""
    task = checkpoint.metadata.get("task") or {}
    hidden_size = checkpoint.config.hidden_size
    kinds = ["Transformer", "Pooling"]
    pooling = {"word_embedding_dimension": hidden_size} | {
        flag: way == task.get("pooling", "mean") for way, flag in _POOLING_FLAGS.items()
    }
    _write_in(folder / "1_Pooling", pooling)
    if _KERNEL in checkpoint.arrays:
        kinds.append("Dense")
        _write_projection(checkpoint, folder / "2_Dense")
    if task.get("normalize", True):
        kinds.append("Normalize")
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_{kind}" if number else "",
            "type": f"{_TYPES}{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    (folder / MODULES_FILE).write_text(json.dumps(modules, indent=2) + "\n", encoding="utf-8")
    preprocessor = checkpoint.metadata.get("preprocessor") or {}
    length = preprocessor.get("sequence_length", checkpoint.config.max_position_embeddings)
    write_json({"max_seq_length": length, "do_lower_case": False}, folder / LENGTH_FILE)
    settings: dict[str, Any] = {
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    write_json(settings, folder / SETTINGS_FILE)


def _module_paths(path: pathlib.Path) -> dict[str, str]:
    """Kind of module → its folder, in the order of the file."""
    try:
        modules = json.loads(path.read_bytes().decode("utf-8"))
        paths = {entry["type"].rpartition(".")[2]: str(entry["path"]) for entry in modules}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"expected a list of modules, each with type and path, in {path}; received {error!r}"
        ) from error
    if len(paths) != len(modules) or any(".." in pathlib.Path(p).parts for p in paths.values()):
        raise ValueError(
            f"expected modules of different types inside the folder in {path}; received {modules}"
        )
    return paths


def _pooling(path: pathlib.Path, config: BertConfig) -> str:
    values = read_json(path)
    size = values.get("word_embedding_dimension", values.get("embedding_dimension"))
    if size not in (None, config.hidden_size):
        raise ValueError(
            f"expected vectors of the hidden size {config.hidden_size} in {path}; received {size}"
        )
    named = values.get("pooling_mode")
    if named is None:
        flags = [key for key, value in values.items() if key.startswith("pooling_mode_") and value]
        ways = [way for way, flag in _POOLING_FLAGS.items() if flags == [flag]]
    else:
        flags = [named] if isinstance(named, str) else list(named)
        ways = [way for name, way in _POOLING_NAMES.items() if flags == [name]]
    if not ways:
        raise _UnlikeError(f"the pooling {flags}")
    return ways[0]


def _refuse_prompt(path: pathlib.Path) -> None:
    """Prompts that a caller asks for by name are the caller's; one before every text is not."""
    name = read_json(path).get("default_prompt_name") if path.exists() else None
    if name is not None:
        raise _UnlikeError(f"the prompt {name!r} before every text")


def _projection(folder: pathlib.Path, config: BertConfig) -> dict[str, np.ndarray]:
    """The dense layer's arrays: [E, H] and [E]."""
    values = read_json(folder / "config.json")
    activation = str(values.get("activation_function", "torch.nn.modules.activation.Tanh"))
    if activation.rpartition(".")[2] != "Identity":
        raise _UnlikeError(f"the activation {activation} after the projection")
    if not (folder / WEIGHTS_FILE).exists():
        raise ValueError(
            f"expected the projection's weights in {folder / WEIGHTS_FILE}; received no such file"
        )
    tensors = read_tensors(folder)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    size = len(tensors["linear.weight"]) if "linear.weight" in tensors else 0
    expected = {"linear.weight": (size, config.hidden_size), "linear.bias": (size,)}
    if not values.get("bias", True):
        del expected["linear.bias"]
    if shapes != expected or not size:
        raise ValueError(
            f"expected a projection {expected} in {folder / WEIGHTS_FILE}; received {shapes}"
        )
    tensors.setdefault("linear.bias", np.zeros(size, np.float32))
    source = str(folder / WEIGHTS_FILE)
    names = {"linear.weight": _KERNEL, "linear.bias": _BIAS}
    return {ours: as_float32(tensors[name], name, source) for name, ours in names.items()}


def _length(folder: pathlib.Path, config: BertConfig, lowercase: bool | None) -> int:
    """Word pieces at which texts are cut, as sentence-transformers finds it."""
    values = read_json(folder / LENGTH_FILE) if (folder / LENGTH_FILE).exists() else {}
    require_types(values, {"max_seq_length": int, "do_lower_case": bool}, folder / LENGTH_FILE)
    if values.get("do_lower_case") and not lowercase:
        raise _UnlikeError("text that is lower-cased and keeps its accents")
    path = folder / TOKENIZER_SETTINGS_FILE
    tokenizer = read_json(path) if path.exists() else {}
    lengths = (values.get("max_seq_length") or tokenizer.get("model_max_length"), 10**9)
    return int(min(*(length for length in lengths if length), config.max_position_embeddings))


def _write_in(folder: pathlib.Path, values: dict[str, Any]) -> None:
    folder.mkdir()
    write_json(values, folder / "config.json")


def _write_projection(checkpoint: Checkpoint, folder: pathlib.Path) -> None:
    kernel = np.asarray(checkpoint.arrays[_KERNEL], np.float32)  # [E, H]
    _write_in(
        folder,
        {
            "in_features": kernel.shape[1],
            "out_features": kernel.shape[0],
            "bias": True,
            "activation_function": "torch.nn.modules.linear.Identity",
        },
    )
    bias = np.asarray(checkpoint.arrays[_BIAS], np.float32)
    write_tensors({"linear.weight": kernel, "linear.bias": bias}, folder)
