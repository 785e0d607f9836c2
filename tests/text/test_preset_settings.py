import json

import pytest

from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.preset_settings import read_preset_settings
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

UNCASED = [*SPECIAL_TOKENS, "the", "##s"]
NORMALIZER = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}
MODEL = {
    "type": "WordPiece",
    "unk_token": "[UNK]",
    "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100,
}


@pytest.fixture
def folder(tmp_path):
    Vocabulary(UNCASED).save(tmp_path / "vocab.txt")
    return tmp_path


def write(folder, name, content):
    (folder / name).write_text(json.dumps(content))


def test_without_settings_the_vocabulary_tells(folder):
    assert read_preset_settings(folder) == {
        "vocabulary": Vocabulary(UNCASED),
        "lowercase": True,
        "max_characters_per_word": 200,
        "keep_special_tokens": False,
    }
    Vocabulary([*UNCASED, "The"]).save(folder / "vocab.txt")
    assert not read_preset_settings(folder)["lowercase"]


def test_where_lowercase_stands_first_counts(folder):
    write(folder, "tokenizer.json", {"normalizer": {**NORMALIZER, "lowercase": False}})
    assert not read_preset_settings(folder)["lowercase"]
    write(folder, "tokenizer_config.json", {"do_lower_case": True, "strip_accents": None})
    assert read_preset_settings(folder)["lowercase"]
    write(folder, "preset.json", {"preprocessor": {"lowercase": False}})
    assert not read_preset_settings(folder)["lowercase"]


def test_the_longest_word_is_the_folders(folder):
    write(folder, "tokenizer.json", {"normalizer": NORMALIZER, "model": MODEL})
    assert read_preset_settings(folder)["max_characters_per_word"] == 100
    write(folder, "preset.json", {"preprocessor": {"max_characters_per_word": 7}})
    assert BertTokenizer.from_preset(folder).max_characters_per_word == 7


def test_the_vocabulary_inside_a_tokenizer_file(folder):
    """Transformers 5 saves no vocab.txt."""
    (folder / "vocab.txt").unlink()
    vocabulary = {token: number for number, token in enumerate(UNCASED)}
    write(
        folder, "tokenizer.json", {"normalizer": NORMALIZER, "model": MODEL | {"vocab": vocabulary}}
    )
    write(folder, "tokenizer_config.json", {"tokenizer_class": "TokenizersBackend"})
    assert read_preset_settings(folder)["vocabulary"] == Vocabulary(UNCASED)


def test_google_folders(folder):
    write(folder, "bert_config.json", {"do_lower_case": False})
    assert not read_preset_settings(folder)["lowercase"]
    Vocabulary([*UNCASED, "<S>", "<T>"]).save(folder / "vocab.txt")
    write(folder, "bert_config.json", {})
    assert read_preset_settings(folder)["lowercase"]


def test_layers_from_a_folder(folder):
    write(folder, "tokenizer_config.json", {"do_lower_case": False, "strip_accents": False})
    assert not BertTokenizer.from_preset(str(folder)).lowercase
    assert BertTokenizer.from_preset(folder, lowercase=True).lowercase
    preprocessor = BertPreprocessor.from_preset(folder, sequence_length=5, padding="longest")
    assert preprocessor.sequence_length == 5
    assert preprocessor(["thes"])["input_word_ids"].numpy().tolist() == [[2, 5, 6, 3]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tokenizer_config.json", {"do_lower_case": True, "strip_accents": False}, "strip_accents"),
        ("tokenizer_config.json", {"do_lower_case": False, "strip_accents": True}, "strip_accents"),
        ("tokenizer_config.json", {"tokenize_chinese_chars": False}, "tokenize_chinese_chars"),
        ("tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer"}, "tokenizer_class"),
        ("tokenizer_config.json", {"do_basic_tokenize": False}, "do_basic_tokenize"),
        ("tokenizer_config.json", {"never_split": ["x"]}, "never_split"),
        ("tokenizer_config.json", {"unk_token": {"content": "<unk>"}}, "unk_token"),
        ("tokenizer.json", {"normalizer": {"type": "Sequence"}}, "type"),
        ("tokenizer.json", {"normalizer": {**NORMALIZER, "strip_accents": False}}, "strip_accents"),
        ("tokenizer.json", {"normalizer": {**NORMALIZER, "clean_text": False}}, "clean_text"),
        ("tokenizer.json", {"model": {**MODEL, "type": "BPE"}}, "type"),
        ("tokenizer.json", {"model": {**MODEL, "unk_token": "<unk>"}}, "unk_token"),
    ],
)
def test_what_would_tokenize_differently_is_refused(folder, name, content, message):
    write(folder, name, content)
    with pytest.raises(ValueError, match=f"expected {message} in .*{name} to be one of"):
        read_preset_settings(folder)


def test_faulty_folders_are_refused(folder):
    (folder / "preset.json").write_text("{")
    with pytest.raises(ValueError, match=r"expected JSON in .*preset.json; received"):
        read_preset_settings(folder)
    write(folder, "preset.json", [])
    with pytest.raises(ValueError, match=r"expected a JSON object in .*; received list"):
        read_preset_settings(folder)
    write(folder, "preset.json", {})
    (folder / "vocab.txt").unlink()
    with pytest.raises(ValueError, match=r"expected a vocabulary .*vocab.txt, or a tokenizer.json"):
        read_preset_settings(folder)
