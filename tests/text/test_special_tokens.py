"""Special tokens written in a text, kept as their own pieces."""

import keras
import pytest
import tensorflow as tf

from keras_bert.text.preset_settings import read_preset_settings
from keras_bert.text.tokenizer import BertTokenizer

ODD = [
    "",
    "hello",
    "[MASK]",
    "[MASK][MASK]",
    "Hello [MASK]!",
    "un[MASK]able",
    "[CLS] 中[SEP]国 [PAD]x[UNK]",
    "[mask] [MASK [[MASK]] [MASK]]",
    "Cafe\u0301[MASK]\u0301x",
    "ΣΣ[MASK]Σ 中\x00[MASK]\x00",
]


@pytest.fixture(scope="module")
def keeping(tokens):
    return BertTokenizer(tokens, keep_special_tokens=True)


def pieces(tokenizer, texts):
    return [[tokenizer.vocabulary[i] for i in row] for row in tokenizer(texts).to_list()]


def test_tokens_survive_wherever_they_stand(keeping):
    assert pieces(keeping, ODD) == [
        [],
        ["hello"],
        ["[MASK]"],
        ["[MASK]", "[MASK]"],
        ["hello", "[MASK]", "!"],
        ["un", "[MASK]", "[UNK]"],  # `able` begins a text of its own
        ["[CLS]", "中", "[SEP]", "国", "[PAD]", "x", "[UNK]"],
        ["[", "mask", "]", "[", "mask", "[", "[MASK]", "]", "[MASK]", "]"],
        ["cafe", "[MASK]", "x"],
        ["σ", "##ς", "[MASK]", "σ", "中", "[MASK]"],
    ]


def test_off_by_default(uncased):
    assert pieces(uncased, ["[MASK]"]) == [["[", "mask", "]"]]


def test_texts_without_them_are_as_ever(keeping, uncased):
    texts = [text.replace("[", "(") for text in ODD] + [b"\xffhello\xe4\xb8 \xe4\xb8\xad!\x80"]
    mine, theirs = (t.tokenize_with_offsets(texts) for t in (keeping, uncased))
    for one, other in zip(mine, theirs, strict=True):
        assert one.to_list() == other.to_list()


def test_offsets_cut_the_text(keeping):
    found = keeping.tokenize_with_offsets(ODD)
    assert found.ids.to_list() == keeping(ODD).to_list()
    for text, ids, *offsets in zip(ODD, *(c.to_list() for c in found), strict=True):
        for number, begin, end, first, last in zip(ids, *offsets, strict=True):
            piece, cut = keeping.vocabulary[number], text[first:last]
            assert text.encode()[begin:end].decode() == cut
            assert cut == piece or not piece.startswith("[M")
    row = ODD.index("Cafe\u0301[MASK]\u0301x")
    cuts = zip(found.char_starts.to_list()[row], found.char_limits.to_list()[row], strict=True)
    assert [ODD[row][a:b] for a, b in cuts] == ["Cafe\u0301", "[MASK]", "x"]


def test_invalid_bytes_beside_them(keeping):
    found = keeping.tokenize_with_offsets([b"\xff\xe4\xb8[MASK]\x80hello[SEP]", b"", b"\xc3"])
    vocabulary = keeping.vocabulary
    names = [[vocabulary[i] for i in row] for row in found.ids.to_list()]
    assert names == [["[MASK]", "hello", "[SEP]"], [], []]
    assert found.byte_starts.to_list()[0] == [3, 10, 15]
    assert found.byte_limits.to_list()[0] == [9, 15, 20]
    assert found.char_starts.to_list()[0] == [0, 6, 11]


def test_batches_of_none(keeping):
    assert keeping([]).to_list() == []
    assert keeping.tokenize_with_offsets([]).byte_limits.to_list() == []


def test_in_a_pipeline_and_after_its_config(keeping):
    again = BertTokenizer.from_config(keeping.get_config())
    assert again.keep_special_tokens
    dataset = tf.data.Dataset.from_tensor_slices(ODD).batch(3).map(again)
    assert [row for batch in dataset for row in batch.to_list()] == keeping(ODD).to_list()
    assert keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(keeping)
    ).keep_special_tokens


def test_a_saved_folder_says_so(tokens, tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(tokens[:5]) + "\n")
    assert not read_preset_settings(tmp_path)["keep_special_tokens"]
    (tmp_path / "preset.json").write_text('{"preprocessor": {"keep_special_tokens": true}}')
    assert read_preset_settings(tmp_path)["keep_special_tokens"]
