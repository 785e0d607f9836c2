import json
import pathlib

import pytest

from keras_bert.checkpoints.huggingface_tokenizer import read_tokenizer, write_tokenizer

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "huggingface_classifier"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TOKENS = [*SPECIAL, "a", "##b", "c", "東", "é", "e"]


def write(folder, vocabulary=TOKENS, settings=None, tokenizer=None):
    if vocabulary is not None:
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    if settings is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    if tokenizer is not None:
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def test_a_vocabulary_inside_tokenizer_json():
    tokenizer = read_tokenizer(GOLDEN)
    assert tokenizer.vocabulary[:7] == [
        *("[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Berlin")
    ]
    assert len(tokenizer.vocabulary) == 53
    assert tokenizer.lowercase is False
    assert tokenizer.max_characters_per_word == 100


def test_tokens_added_later_keep_their_ids(tmp_path):
    model = {"type": "WordPiece", "vocab": {"b": 1, "a": 0}}
    added = [{"content": "[NEW]", "id": 2}, {"content": "a", "id": 0}]
    write(tmp_path, vocabulary=None, tokenizer={"model": model, "added_tokens": added})
    assert read_tokenizer(tmp_path).vocabulary == ["a", "b", "[NEW]"]


@pytest.mark.parametrize("ids", [{"a": 0, "b": 2}, {"a": 0, "b": 0}, {"a": 0, "b": "1"}])
def test_ids_must_be_whole(tmp_path, ids):
    write(tmp_path, vocabulary=None, tokenizer={"model": {"type": "WordPiece", "vocab": ids}})
    expected = r"expected the ids 0 to 1 in the vocabulary of .*tokenizer.json; received"
    with pytest.raises(ValueError, match=expected):
        read_tokenizer(tmp_path)


def test_another_kind_of_tokenizer_is_no_vocabulary(tmp_path):
    write(tmp_path, vocabulary=None, tokenizer={"model": {"type": "BPE", "vocab": {"a": 0}}})
    assert read_tokenizer(tmp_path).vocabulary is None


@pytest.mark.parametrize(
    ("settings", "normalizer", "expected"),
    [
        ({"do_lower_case": False}, {"lowercase": True}, False),
        ({"do_lower_case": True}, {"lowercase": False}, True),
        ({}, {"lowercase": False}, False),
        (None, {"lowercase": True}, True),
        (None, None, True),
    ],
)
def test_who_says_whether_to_lower_case(tmp_path, settings, normalizer, expected):
    write(tmp_path, settings=settings, tokenizer={"normalizer": normalizer})
    assert read_tokenizer(tmp_path).lowercase is expected


def test_the_vocabulary_says_it_last(tmp_path):
    write(tmp_path, vocabulary=["a", "B"])
    assert read_tokenizer(tmp_path).lowercase is False


@pytest.mark.parametrize(
    ("settings", "tokenizer", "named"),
    [
        ({"strip_accents": False, "do_lower_case": True}, None, "'strip_accents': False"),
        ({"tokenize_chinese_chars": False}, None, "'tokenize_chinese_chars': False"),
        ({"tokenizer_class": "BertJapaneseTokenizer"}, None, "BertJapaneseTokenizer"),
        (None, {"normalizer": {"type": "Lowercase"}}, "'normalizer': 'Lowercase'"),
        (None, {"normalizer": {"handle_chinese_chars": False}}, "handle_chinese_chars"),
        (None, {"model": {"type": "Unigram"}}, "'model': 'Unigram'"),
    ],
)
def test_other_rules_leave_the_vocabulary_out(tmp_path, settings, tokenizer, named):
    write(tmp_path, settings=settings, tokenizer=tokenizer)
    with pytest.warns(UserWarning, match=f"asks for .*{named}.*the vocabulary is left out"):
        assert read_tokenizer(tmp_path) == (None, None, None)


@pytest.mark.parametrize("lowercase", [True, False])
def test_what_is_written_is_read(tmp_path, lowercase):
    write_tokenizer(TOKENS, lowercase, 200, 512, tmp_path)
    assert read_tokenizer(tmp_path) == (TOKENS, lowercase, 200)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert settings["do_lower_case"] is lowercase
    assert settings["model_max_length"] == 512


def test_without_special_tokens_there_is_no_tokenizer_json(tmp_path):
    write_tokenizer(["[PAD]", "A"], None, 200, 512, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["tokenizer_config.json", "vocab.txt"]
    assert read_tokenizer(tmp_path) == (["[PAD]", "A"], False, 100)


@pytest.mark.parametrize("lowercase", [True, False])
def test_rust_tokenizers_read_it(tmp_path, lowercase):
    tokenizers = pytest.importorskip("tokenizers")
    write_tokenizer(TOKENS, lowercase, 3, 512, tmp_path)
    ours = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    encoding = ours.encode("ÁB c東", "[MASK] abbbb")
    words = ["a", "##b", "c", "東"] if lowercase else ["[UNK]", "c", "東"]
    tokens = ["[CLS]", *words, "[SEP]", "[MASK]", "[UNK]", "[SEP]"]
    assert encoding.tokens == tokens
    assert encoding.ids == [TOKENS.index(token) for token in tokens]
    assert encoding.type_ids == [0] * (len(words) + 2) + [1] * 3
