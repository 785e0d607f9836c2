"""The tokenizer settings that a checkpoint folder came with.

Where they stand: `preset.json` (ours), else `tokenizer_config.json` and
`tokenizer.json` (Hugging Face), else `bert_config.json` (Google folders that we wrote),
else nowhere, and the vocabulary tells. The vocabulary is in `vocab.txt`, or in the
`tokenizer.json` that transformers 5 writes alone. A module of TF Hub has both inside.
What a file says is honoured, or refused when this tokenizer does not do it.
"""

import json
import os
import pathlib
from typing import Any

from keras_bert.checkpoints.hub_module import read_hub_text
from keras_bert.checkpoints.huggingface_tokenizer import LONGEST_WORD, vocabulary_inside
from keras_bert.checkpoints.saved_model_graph import SAVED_MODEL_FILE
from keras_bert.checkpoints.vocabulary_file import looks_lowercase
from keras_bert.presets import resolve_preset
from keras_bert.text.vocabulary import UNKNOWN, Vocabulary

MAX_CHARACTERS_PER_WORD = 200  # of Google's `tokenization.py`

_TOKENIZER_CLASSES = (
    "BertTokenizer",
    "BertTokenizerFast",
    "DistilBertTokenizer",
    "DistilBertTokenizerFast",
    "PreTrainedTokenizerFast",
    "TokenizersBackend",
)


def read_preset_settings(preset: str | os.PathLike) -> dict[str, Any]:
    """Returns the arguments of `BertTokenizer` for a registered name or a folder.

    Raises:
        ValueError: for a folder without a vocabulary, for unreadable settings, and for
            settings that would change tokenization in a way that is not implemented.
    """
    folder = pathlib.Path(resolve_preset(preset))
    if (folder / SAVED_MODEL_FILE).is_file():
        return _of_module(folder)
    own = _read_json(folder / "preset.json").get("preprocessor", {})
    config = _read_json(folder / "tokenizer_config.json")
    google = _read_json(folder / "bert_config.json")
    pipeline = _read_json(folder / "tokenizer.json")
    normalizer, model = pipeline.get("normalizer") or {}, pipeline.get("model") or {}
    vocabulary = _vocabulary(folder, pipeline)
    lowercase = _first(
        own.get("lowercase"),
        config.get("do_lower_case"),
        normalizer.get("lowercase"),
        google.get("do_lower_case"),
        looks_lowercase(vocabulary),
    )
    _refuse_unlike(folder / "tokenizer_config.json", config, _expected_config(lowercase))
    _refuse_unlike(folder / "tokenizer.json", normalizer, _expected_normalizer(lowercase))
    _refuse_unlike(folder / "tokenizer.json", model, _EXPECTED_MODEL)
    longest = _first(
        own.get("max_characters_per_word"),
        model.get("max_input_chars_per_word"),
        LONGEST_WORD if config else MAX_CHARACTERS_PER_WORD,
    )
    return {
        "vocabulary": vocabulary,
        "lowercase": bool(lowercase),
        "max_characters_per_word": longest,
        "keep_special_tokens": bool(own.get("keep_special_tokens", False)),
    }


def _of_module(folder: pathlib.Path) -> dict[str, Any]:
    words, lowercase = read_hub_text(folder)
    if words is None:
        raise ValueError(
            f"expected an encoder module with its vocab_file in {folder}; received one without"
        )
    return {
        "vocabulary": Vocabulary(words),
        "lowercase": bool(lowercase),
        "max_characters_per_word": MAX_CHARACTERS_PER_WORD,
        "keep_special_tokens": False,
    }


_EXPECTED_MODEL = {
    "type": ("WordPiece",),
    "unk_token": (UNKNOWN,),
    "continuing_subword_prefix": ("##",),
}


def _expected_config(lowercase: bool) -> dict[str, tuple]:
    return {
        "tokenizer_class": (None, *_TOKENIZER_CLASSES),
        "strip_accents": (None, lowercase),
        "tokenize_chinese_chars": (None, True),
        "do_basic_tokenize": (None, True),
        "never_split": (None, []),
        "unk_token": (None, UNKNOWN),
        "cls_token": (None, "[CLS]"),
        "sep_token": (None, "[SEP]"),
        "pad_token": (None, "[PAD]"),
        "mask_token": (None, "[MASK]"),
    }


def _expected_normalizer(lowercase: bool) -> dict[str, tuple]:
    return {
        "type": ("BertNormalizer",),
        "clean_text": (True,),
        "handle_chinese_chars": (True,),
        "strip_accents": (None, lowercase),
    }


def _refuse_unlike(path: pathlib.Path, settings: dict, expected: dict[str, tuple]) -> None:
    for name, allowed in expected.items():
        value = settings.get(name, allowed[0])
        if isinstance(value, dict):  # a special token with its own settings
            value = value.get("content")
        if value not in allowed:
            raise ValueError(
                f"expected {name} in {path} to be one of {list(allowed)}, which this tokenizer "
                f"implements; received {value!r}"
            )


def _vocabulary(folder: pathlib.Path, pipeline: dict) -> Vocabulary:
    path = folder / "vocab.txt"
    if path.is_file():
        return Vocabulary.from_file(path)
    inside = vocabulary_inside(pipeline, folder / "tokenizer.json")
    if inside is None:
        raise ValueError(
            f"expected a vocabulary {path}, or a tokenizer.json with one; "
            "received a folder without either"
        )
    return Vocabulary(inside)


def _read_json(path: pathlib.Path) -> dict:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"expected JSON in {path}; received {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"expected a JSON object in {path}; received {type(content).__name__}")
    return content


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)
