"""Words for masks, and texts filled with the best ones."""

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.text.fill_answers import FillAnswers
from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

VOCABULARY = Vocabulary([*SPECIAL_TOKENS, "un", "##able", "##", r"\1", "中"])
UN, ABLE, HASHES, ESCAPE, CHINESE = range(5, 10)


def fill(texts, words, top_k=2, beyond=0):
    """Answers where the logits favour `words`, lists of ids for each text."""
    most = max(1, *map(len, words))
    logits = np.zeros((len(texts), most, len(VOCABULARY) + beyond), "float32")
    logits[..., len(VOCABULARY) :] = 2.0
    for row, ids in enumerate(words):
        logits[row, range(len(ids)), ids] = 3.0
    counts = tf.constant([len(ids) for ids in words], tf.int32)
    answers = FillAnswers(VOCABULARY, top_k)(tf.constant(logits), counts, tf.constant(texts))
    return {name: value.numpy() for name, value in answers.items()}


@pytest.mark.parametrize(
    ("text", "words", "filled"),
    [
        ("[MASK]", [UN], "un"),
        ("a [MASK], b [MASK].", [UN, CHINESE], "a un, b 中."),
        ("[MASK][MASK]", [UN, ABLE], "unable"),
        ("x [MASK]  \t[MASK] y", [UN, ABLE], "x unable y"),
        ("[MASK] y", [ABLE], "able y"),
        ("x [MASK]", [HASHES], "x ##"),
        ("x [MASK]", [ESCAPE], r"x \1"),
        ("x [MASK] [MASK] [MASK]", [UN], "x un [MASK] [MASK]"),  # the others were cut off
        ("no mask", [], "no mask"),
        ("", [], ""),
        ("line\n[MASK]\nline", [UN], "line\nun\nline"),
    ],
)
def test_filled_texts(text, words, filled):
    for others in ([], [("[MASK] [MASK]", [UN, UN])]):
        texts, rows = zip(*[(text, words), *others], strict=True)
        assert fill(list(texts), list(rows))["filled"][0].decode() == filled


def test_words_scores_and_padding():
    answers = fill(["[MASK] [MASK]", "[MASK]", ""], [[UN, ABLE], [CHINESE], []], top_k=3)
    assert answers["words"].shape == answers["scores"].shape == (3, 2, 3)
    assert answers["num_masks"].tolist() == [2, 1, 0]
    assert answers["words"][:, :, 0].tolist() == [
        [b"un", b"##able"],
        ["中".encode(), b""],
        [b"", b""],
    ]
    assert (answers["words"][2] == b"").all() and (answers["scores"][1:, 1] == 0).all()
    share = np.exp(3) / (np.exp(3) + len(VOCABULARY) - 1)
    np.testing.assert_allclose(answers["scores"][0, :, 0], share, rtol=1e-6)


def test_scores_are_shares_of_all_logits_and_words_have_names():
    answers = fill(["[MASK]"], [[UN]], top_k=len(VOCABULARY), beyond=4)
    size = len(VOCABULARY)
    total = np.exp(3) + size - 1 + 4 * np.exp(2)
    assert answers["words"].shape == (1, 1, size)
    np.testing.assert_allclose(
        answers["scores"][0, 0, :2], [np.exp(3) / total, 1 / total], rtol=1e-6
    )


@pytest.mark.parametrize("top_k", [0, 11])
def test_wrong_top_k(top_k):
    with pytest.raises(ValueError, match=f"expected top_k from 1 to 10; received {top_k}"):
        FillAnswers(VOCABULARY, top_k)
