import numpy as np
import pytest
import tensorflow as tf

from keras_bert.text.tagging import EntityAnswers
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.windows import SlidingWindows

TYPES = ["", "PER", "PER", "LOC", "LOC"]  # O B-PER I-PER B-LOC I-LOC
BEGINS = [False, True, False, True, False]
FOLLOWS = np.ones((5, 5), bool)
FOLLOWS[[0, 3, 4], 2] = FOLLOWS[[0, 1, 2], 4] = False
ALLOWED = (~np.isin(np.arange(5), [2, 4]), np.ones(5, bool), FOLLOWS)

WORDS = ["ada", "byron", "met", "bo", "in", "paris", "-", "##s", "é", "##a", "東", "京", "😀"]
TOKENIZER = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])


def answers_of(texts, tags_of, sequence_length=7, stride=2, decoding="argmax", **kwargs):
    """Answers where the model is sure of `tags_of[word piece]` wherever the piece stands."""
    answers = EntityAnswers(TOKENIZER.vocabulary, TYPES, BEGINS, [False] * 5, ALLOWED, decoding)
    windows = SlidingWindows(TOKENIZER, sequence_length, stride)(texts)
    ids = windows.features["input_word_ids"].numpy()
    tags = np.zeros(len(TOKENIZER.vocabulary), int)
    for piece, tag in tags_of.items():
        tags[TOKENIZER.vocabulary.id_of(piece)] = tag
    logits = np.log(np.full((*ids.shape, 5), 0.05)) + np.log(16) * np.eye(5)[tags[ids]]
    tensors = answers(tf.constant(logits, tf.float32), windows, **kwargs)
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def entities(answers, row=0):
    number = answers["num_entities"][row]
    strings = [entity.decode() for entity in answers["entities"][row][:number]]
    return list(zip(strings, (t.decode() for t in answers["types"][row]), strict=False))


PEOPLE = {"ada": 1, "byron": 2, "bo": 1, "paris": 3}


def test_strings_types_scores_and_offsets():
    answers = answers_of(["Ada  Byron met Bos in Paris", "", "in"], PEOPLE)
    assert entities(answers) == [("Ada  Byron", "PER"), ("Bos", "PER"), ("Paris", "LOC")]
    assert answers["num_entities"].tolist() == [3, 0, 0]
    assert answers["char_starts"].tolist() == [[0, 15, 22], [-1] * 3, [-1] * 3]
    assert answers["char_limits"][0].tolist() == [10, 18, 27]
    np.testing.assert_allclose(answers["scores"][0], 0.8, rtol=1e-5)
    assert answers["scores"][1].tolist() == [0, 0, 0]
    assert answers["entities"][1].tolist() == [b"", b"", b""]


def test_offsets_into_text_of_several_bytes_a_character():
    texts = ["😀 Éa met 東京 in Paris", "e\u0301a\u200d 京"]
    answers = answers_of(texts, {"é": 1, "東": 3, "京": 4, "paris": 3, "[UNK]": 0})
    for row, text in enumerate(texts):
        for i in range(answers["num_entities"][row]):
            entity = answers["entities"][row, i]
            span = slice(answers["byte_starts"][row, i], answers["byte_limits"][row, i])
            assert text.encode()[span] == entity
            span = slice(answers["char_starts"][row, i], answers["char_limits"][row, i])
            assert text[span].encode() == entity
    assert ("東京", "LOC") in entities(answers)
    assert entities(answers, 1)[-1] == ("京", "LOC")


@pytest.mark.parametrize(("length", "stride"), [(7, 2), (5, 1), (5, 3), (6, 4), (40, 9)])
def test_windows_are_read_as_one_text(length, stride):
    text = " ".join(["ada byron met bos in paris"] * 4)
    texts = [text, "in", text + " bo"]
    whole = answers_of(texts, PEOPLE, 64, 32)
    cut = answers_of(texts, PEOPLE, length, stride)
    assert whole["num_entities"].tolist() == [12, 0, 13]
    assert sorted(whole) == sorted(cut)
    for name in whole:
        if whole[name].dtype == object:
            assert (whole[name] == cut[name]).all()
        else:
            np.testing.assert_allclose(whole[name], cut[name], rtol=1e-6)


def test_an_entity_goes_on_across_the_border_of_windows():
    everything = dict.fromkeys(["byron", "bo", "met", "in", "paris"], 2) | {"ada": 1}
    text = "ada byron met bo in paris byron met bo in paris"
    answers = answers_of([text], everything, sequence_length=5, stride=2)
    assert entities(answers) == [(text, "PER")]


def test_ill_formed_tags_begin_entities():
    tags = {"ada": 2, "byron": 2, "met": 4, "bo": 2, "in": 1}
    answers = answers_of(["ada byron met bo bo in byron", "byron"], tags)
    assert entities(answers) == [
        ("ada byron", "PER"),
        ("met", "LOC"),
        ("bo bo", "PER"),
        ("in byron", "PER"),
    ]
    assert entities(answers, 1) == [("byron", "PER")]  # not joined to the record before it


def test_viterbi_gives_well_formed_tags():
    tags = {"ada": 2, "byron": 1, "met": 2, "bo": 4}
    answers = answers_of(["ada in", "met bo", "byron met"], tags, decoding="viterbi")
    assert entities(answers, 2) == [("byron met", "PER")]
    assert ("ada", "PER") not in entities(answers) or answers["scores"][0, 0] < 0.1
    plain = answers_of(["ada byron in bo paris", ""], {**PEOPLE, "byron": 2}, decoding="viterbi")
    assert entities(plain) == [("ada byron", "PER"), ("bo", "PER"), ("paris", "LOC")]


def test_only_heads_are_read():
    answers = answers_of(["bos", "paris - paris"], {"bo": 1, "##s": 3, "-": 0, "paris": 3})
    assert entities(answers) == [("bos", "PER")]
    assert entities(answers, 1) == [("paris", "LOC"), ("paris", "LOC")]
    windows = SlidingWindows(TOKENIZER, 7, 2)(["bos", "paris - paris"])
    heads = windows.pieces == 0  # each record as one word
    answers = answers_of(["bos", "paris - paris"], {"bo": 1, "paris": 3}, heads=heads)
    assert entities(answers, 1) == [("paris - paris", "LOC")]


def test_no_records():
    answers = answers_of([], PEOPLE)
    assert answers["entities"].shape == (0, 0)
    assert answers["num_entities"].shape == (0,)
    for decoding in ("argmax", "viterbi"):
        empty = answers_of(["", " "], PEOPLE, decoding=decoding)
        assert empty["num_entities"].tolist() == [0, 0]


def test_unknown_decoding():
    with pytest.raises(ValueError, match=r"decoding of \('viterbi', 'argmax'\); received 'beam'"):
        EntityAnswers(TOKENIZER.vocabulary, TYPES, BEGINS, [False] * 5, ALLOWED, "beam")
