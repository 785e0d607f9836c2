"""Hugging Face's tokenizer files as a vocabulary and the choice to lower-case, and back.

Read: `vocab.txt`, or the vocabulary inside `tokenizer.json`; lower-casing from
`tokenizer_config.json`, else `tokenizer.json`, else the vocabulary itself. Written: all of
them, so that transformers and Rust `tokenizers` both load the folder.

Source: transformers `tokenization_bert.py`; tokenizers' `tokenizer.json`.
"""

import pathlib
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from keras_bert.checkpoints.json_file import read_json, require_types, write_json
from keras_bert.checkpoints.vocabulary_file import (
    looks_lowercase,
    read_vocabulary,
    write_vocabulary,
)

SETTINGS_FILE = "tokenizer_config.json"
TOKENIZER_FILE = "tokenizer.json"
SPECIAL_FILE = "special_tokens_map.json"

SPECIAL = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}

LONGEST_WORD = 100  # characters, where no file says; Google's code has 200

# Values of settings that BERT's own tokenizer follows; others change the word pieces.
_FOLLOWED = {
    "tokenize_chinese_chars": (None, True),
    "handle_chinese_chars": (None, True),
    "clean_text": (None, True),
    "do_basic_tokenize": (None, True),
    "never_split": (None, []),
    "normalizer": (None, "BertNormalizer"),
    "model": (None, "WordPiece"),
    "tokenizer_class": (
        *(None, "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer"),
        *("DistilBertTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"),
    ),
}


class Tokenizer(NamedTuple):
    """What the files say; None where they say nothing."""

    vocabulary: list[str] | None
    lowercase: bool | None
    max_characters_per_word: int | None


def read_tokenizer(folder: pathlib.Path) -> Tokenizer:
    """Reads the word pieces by id, and how text becomes word pieces.

    Warns, and leaves the vocabulary out, where the files ask for a tokenizer other than
    BERT's own: its word pieces would not be those that the model was trained on.

    Raises:
        ValueError: a file is damaged, or ids are left out of the vocabulary.
    """
    settings = _read_if_there(folder / SETTINGS_FILE, {"do_lower_case": bool})
    tokenizer = _read_if_there(
        folder / TOKENIZER_FILE, {"normalizer": dict, "model": dict, "added_tokens": list}
    )
    normalizer, model = tokenizer.get("normalizer") or {}, tokenizer.get("model") or {}
    require_types(normalizer, {"lowercase": bool}, folder / TOKENIZER_FILE)
    require_types(model, {"max_input_chars_per_word": int}, folder / TOKENIZER_FILE)
    vocabulary = read_vocabulary(folder)
    if vocabulary is None:
        vocabulary = vocabulary_inside(tokenizer, folder / TOKENIZER_FILE)
    lowercase = settings.get("do_lower_case", normalizer.get("lowercase"))
    if lowercase is None:
        lowercase = looks_lowercase(vocabulary)
    kinds = {"normalizer": normalizer.get("type"), "model": model.get("type")}
    others = _other_rules({**normalizer, **settings, **kinds}, lowercase)
    if others and vocabulary is not None:
        warnings.warn(
            f"{folder} asks for {others}, which BERT's tokenizer does not do: "
            "the vocabulary is left out",
            stacklevel=4,
        )
        return Tokenizer(None, None, None)
    longest_word = model.get("max_input_chars_per_word", LONGEST_WORD)
    return Tokenizer(vocabulary, lowercase, None if vocabulary is None else longest_word)


def write_tokenizer(
    vocabulary: Sequence[str],
    lowercase: bool | None,
    max_characters_per_word: int,
    positions: int,
    folder: pathlib.Path,
) -> None:
    """Writes the four files; without the special tokens, the two that need none."""
    lowercase = looks_lowercase(vocabulary) if lowercase is None else lowercase
    write_vocabulary(vocabulary, folder)
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": lowercase,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "model_max_length": positions,
    }
    special = {key: token for key, token in SPECIAL.items() if token in vocabulary}
    write_json(settings | special, folder / SETTINGS_FILE)
    if len(special) == len(SPECIAL):
        write_json(special, folder / SPECIAL_FILE)
        tokenizer = _rust_tokenizer(vocabulary, lowercase, max_characters_per_word)
        write_json(tokenizer, folder / TOKENIZER_FILE)


def _read_if_there(path: pathlib.Path, types: dict[str, type]) -> dict[str, Any]:
    values = read_json(path) if path.exists() else {}
    require_types(values, types, path)
    return values


def vocabulary_inside(tokenizer: dict[str, Any], path: pathlib.Path) -> list[str] | None:
    """The word pieces by id in the content of a `tokenizer.json`; None if it has none.

    Raises:
        ValueError: ids are left out, or given twice.
    """
    model = tokenizer.get("model") or {}
    if model.get("type", "WordPiece") != "WordPiece" or not isinstance(model.get("vocab"), dict):
        return None
    added = [token for token in tokenizer.get("added_tokens") or () if isinstance(token, dict)]
    ids = model["vocab"] | {str(token.get("content")): token.get("id") for token in added}
    by_id = {number: token for token, number in ids.items() if isinstance(number, int)}
    if by_id.keys() != set(range(len(ids))):
        raise ValueError(
            f"expected the ids 0 to {len(ids) - 1} in the vocabulary of {path}; "
            "received some that are missing, or given twice"
        )
    return [by_id[number] for number in range(len(ids))]


def _other_rules(settings: dict[str, Any], lowercase: bool | None) -> dict[str, Any]:
    """The settings that BERT's tokenizer does not follow."""
    followed = _FOLLOWED | {"strip_accents": (None, lowercase)}
    return {
        key: settings[key]
        for key, values in followed.items()
        if key in settings and settings[key] not in values
    }


def _rust_tokenizer(
    vocabulary: Sequence[str], lowercase: bool | None, max_characters_per_word: int
) -> dict[str, Any]:
    ids = {token: number for number, token in enumerate(vocabulary)}
    cls, sep = SPECIAL["cls_token"], SPECIAL["sep_token"]
    template = [_special(cls, 0), _sequence("A", 0), _special(sep, 0)]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token in sorted(SPECIAL.values(), key=ids.__getitem__)
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template,
            "pair": [*template, _sequence("B", 1), _special(sep, 1)],
            "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in (cls, sep)},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": SPECIAL["unk_token"],
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": max_characters_per_word,
            "vocab": ids,
        },
    }


def _special(token: str, type_id: int) -> dict[str, Any]:
    return {"SpecialToken": {"id": token, "type_id": type_id}}


def _sequence(name: str, type_id: int) -> dict[str, Any]:
    return {"Sequence": {"id": name, "type_id": type_id}}
