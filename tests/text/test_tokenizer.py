import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.text.tokenizer import BertTokenizer

TEXTS = ["Hello, WORLD!", "", "unable café cafe\u0301", b"hel\xfflo \xe4\xb8\xad\xe5\x9b\xbd", "ΣΣ"]
PIECES = [
    ["hello", ",", "world", "!"],
    [],
    ["un", "##able", "cafe", "cafe"],
    ["hello", "中", "国"],
    ["σ", "##ς"],
]


def pieces(tokenizer, texts):
    return [[tokenizer.vocabulary[i] for i in row] for row in tokenizer(texts).to_list()]


def test_uncased(uncased):
    ids = uncased(TEXTS)
    assert isinstance(ids, tf.RaggedTensor)
    assert ids.dtype == tf.int32 and ids.row_splits.dtype == tf.int64
    assert pieces(uncased, TEXTS) == PIECES


def test_cased_keeps_case_and_accents(cased):
    assert pieces(cased, ["Hello hello café", "cafe\u0301 HELLO"]) == [
        ["Hello", "hello", "caf", "##é"],
        ["cafe", "##\u0301", "[UNK]"],
    ]


def test_a_text_does_not_depend_on_its_batch(uncased):
    for text, expected in zip(TEXTS, PIECES, strict=True):
        assert pieces(uncased, [text]) == [expected]
    assert pieces(uncased, TEXTS[::-1]) == PIECES[::-1]


@pytest.mark.usefixtures("untraced")
def test_the_same_where_functions_run_untraced(uncased):
    assert pieces(uncased, TEXTS) == PIECES
    with_offsets = uncased.tokenize_with_offsets(TEXTS)
    assert with_offsets.ids.to_list() == uncased(TEXTS).to_list()


def test_special_tokens_in_text_are_plain_text(uncased):
    assert pieces(uncased, ["[MASK]"]) == [["[", "mask", "]"]]


def test_pieces_that_no_word_can_hold_never_match(uncased):
    assert pieces(uncased, ["a b", "...", "##", "\u2028", "x\x00x"]) == [
        ["[UNK]", "[UNK]"],
        ["[UNK]"] * 3,
        ["[UNK]"] * 2,
        [],
        ["x", "##x"],
    ]


@pytest.mark.parametrize("letter", ["x", "x\u0301", "x\u200b", "X"])
def test_words_are_limited_in_characters(uncased, letter):
    texts = [letter * count for count in (199, 200, 201)]
    assert [len(row) for row in pieces(uncased, texts)] == [199, 200, 1]
    assert pieces(uncased, texts)[2] == ["[UNK]"]


def test_the_limit_is_an_argument(tokens):
    tokenizer = BertTokenizer(tokens, max_characters_per_word=3)
    assert pieces(tokenizer, ["xxx xxxx", "x\u00e9 xxx\u0301 xxxx\u0301"]) == [
        ["x", "##x", "##x", "[UNK]"],
        ["x", "##e", "x", "##x", "##x", "[UNK]"],
    ]
    with pytest.raises(ValueError, match="max_characters_per_word of at least 1; received 0"):
        BertTokenizer(tokens, max_characters_per_word=0)


@pytest.mark.parametrize(
    "texts",
    [
        ["hello", "wörld"],
        ("hello", "wörld"),
        [b"hello", "wörld".encode()],
        ["hello", "wörld".encode()],
        np.array(["hello", "wörld"]),
        np.array(["hello", "wörld"], object),
        np.array([b"hello", "wörld".encode()]),
        tf.constant(["hello", "wörld"]),
        [tf.constant("hello"), tf.constant("wörld")],
    ],
)
def test_kinds_of_input(uncased, texts):
    assert pieces(uncased, texts) == [["hello"], ["world"]]


@pytest.mark.parametrize("empty", [[], np.array([], object), tf.constant([], tf.string)])
def test_empty_batch(uncased, empty):
    assert uncased(empty).to_list() == []
    assert uncased.tokenize_with_offsets(empty).char_limits.to_list() == []


def test_lone_surrogates_are_letters_out_of_the_vocabulary(uncased):
    assert pieces(uncased, ["x \ud800 x\udfffx"]) == [["x", "[UNK]", "[UNK]"]]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("hello", "received a single text: wrap it in a list"),
        (b"hello", "received a single text: wrap it in a list"),
        (["a", None], r"as str or bytes; received NoneType \(None\) as number 1"),
        ([1.5], r"as str or bytes; received float \(1.5\) as number 0"),
        ([["a"], ["b"]], r"received list \(\['a'\]\) as number 0"),
        (np.array([1, 2]), r"received int \(1\) as number 0"),
        (np.array([["a"]]), r"of one axis, \[batch\]; received an array of shape \(1, 1\)"),
        (tf.constant([1]), "of dtype string; received int32"),
        (tf.constant([["a"]]), r"of one axis, \[batch\]; received a tensor of shape \(1, 1\)"),
        (tf.ragged.constant([["a"]]), r"received a tensor of shape \(1, None\)"),
    ],
)
def test_what_is_not_a_batch_of_texts_is_refused(uncased, texts, message):
    with pytest.raises(ValueError, match=message):
        uncased(texts)


def test_special_ids(uncased, tokens):
    ids = [uncased.pad_id, uncased.unk_id, uncased.cls_id, uncased.sep_id, uncased.mask_id]
    assert ids == [0, 1, 2, 3, 4]
    assert uncased.vocabulary_size() == len(tokens)


def test_config_brings_the_tokenizer_back(tokens):
    tokenizer = BertTokenizer(tokens, lowercase=False, max_characters_per_word=7, name="mine")
    again = BertTokenizer.from_config(tokenizer.get_config())
    assert again.get_config() == tokenizer.get_config()
    assert (again.vocabulary, again.name) == (tokenizer.vocabulary, "mine")
    registered = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(tokenizer)
    )
    assert registered.get_config() == tokenizer.get_config()


def test_tokenizers_that_do_the_same_share_what_is_traced(uncased, tokens):
    mine = uncased.kept("a function", object)
    assert BertTokenizer(tokens, name="other").kept("a function", object) is mine
    others = [
        BertTokenizer([*tokens, "more"]),
        BertTokenizer(tokens, lowercase=False),
        BertTokenizer(tokens, max_characters_per_word=7),
        BertTokenizer(tokens, keep_special_tokens=True),
    ]
    assert all(other.kept("a function", object) is not mine for other in others)


def test_what_is_made_in_a_graph_of_tensorflow_1_is_not_shared(tokens):
    with tf.Graph().as_default():
        first = BertTokenizer(tokens, max_characters_per_word=6)
    second = BertTokenizer(tokens, max_characters_per_word=6)
    assert first.kept("a function", object) is not second.kept("a function", object)
    assert pieces(second, ["unable"]) == [["un", "##able"]]


def test_detokenize(uncased):
    ids = uncased(["Unable, hello!", ""])
    assert uncased.detokenize(ids).numpy().tolist() == [b"unable , hello !", b""]
    assert uncased.detokenize(ids.to_tensor()).numpy().tolist() == [b"unable , hello !", b""]
    assert uncased.detokenize(ids[0]).numpy() == b"unable , hello !"
    assert uncased.detokenize([[2, 5, 3], [0]]).numpy().tolist() == [b"hello", b""]
    kept = uncased.detokenize([[2, 5, 3]], skip_special_tokens=False)
    assert kept.numpy().tolist() == [b"[CLS] hello [SEP]"]


def test_detokenize_refuses_what_is_not_ids(uncased):
    with pytest.raises(ValueError, match="of an integer dtype; received float32"):
        uncased.detokenize(tf.constant([1.0]))
    with pytest.raises(ValueError, match=r"of shape \[B, S\] or \[S\]; received shape"):
        uncased.detokenize(tf.zeros((1, 1, 1), tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError):
        uncased.detokenize([[999]])
