"""Rows of a block: their layout, their text, their masks, and that nothing else decides."""

import numpy as np
import pytest
from pretraining_corpus import VOCABULARY, make_documents, make_tokenizer

from keras_bert.data.pretraining_instances import BATCH_SIZE, PretrainingInstances
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.text_blocks import TextBlock

PAD, UNK, CLS, SEP, MASK = range(5)
CONTINUES = [token.startswith("##") for token in VOCABULARY]


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


def rows_of(tokenizer, documents, number=0, **settings):
    settings = {"sequence_length": 29, "dupe_factor": 3, "seed": 17} | settings
    instances = PretrainingInstances(tokenizer, PretrainingSettings(**settings))
    batches = list(instances.batches(TextBlock(number, documents, 0)))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def unmasked(rows):
    """The ids before the masks, [N, S]."""
    ids = rows["input_word_ids"].copy()
    numbers, columns = np.nonzero(rows["masked_lm_weights"])
    ids[numbers, rows["masked_lm_positions"][numbers, columns]] = rows["masked_lm_ids"][
        numbers, columns
    ]
    return ids


def text_of(tokenizer, documents):
    """All word pieces of each document, with a stop between two."""
    lines = ["\n".join(lines) for lines in documents]
    return " / ".join(" ".join(map(str, ids)) for ids in tokenizer(lines).to_list())


def test_pairs_are_laid_out_as_bert_reads_them(tokenizer):
    documents = make_documents(61)
    rows = rows_of(tokenizer, documents)
    ids, mask, types = unmasked(rows), rows["input_mask"], rows["input_type_ids"]
    assert ids.dtype == mask.dtype == types.dtype == np.int32
    assert len(ids) > BATCH_SIZE / 2 and ids.shape[1] == 29
    text = text_of(tokenizer, documents)
    for row, used, kind, label in zip(ids, mask, types, rows["next_sentence_labels"], strict=True):
        length = used.sum()
        assert used[:length].all() and (row[length:] == PAD).all()
        first, second = np.flatnonzero(row == SEP)
        assert row[0] == CLS and second == length - 1
        assert (kind == ((np.arange(29) > first) & (np.arange(29) <= second))).all()
        a, b = (" ".join(map(str, part)) for part in (row[1:first], row[first + 1 : second]))
        assert a in text and b in text
        # Cuts at the end of A or the front of B may part two that follow.
        if label == 0 and length < 29:
            assert f"{a} {b}" in text


def test_masks_are_a_share_of_each_row(tokenizer):
    rows = rows_of(tokenizer, make_documents(61), masked_lm_prob=0.15, max_predictions_per_seq=5)
    counts = rows["masked_lm_weights"].sum(1)
    lengths = rows["input_mask"].sum(1)
    np.testing.assert_array_equal(counts, np.clip(np.round(lengths * 0.15), 1, 5))
    assert rows["masked_lm_positions"].shape[1] == 5
    chosen = rows["masked_lm_weights"] > 0
    assert not np.isin(rows["masked_lm_ids"][chosen], [PAD, CLS, SEP, MASK]).any()


def test_whole_words_and_rows_without_pairs(tokenizer):
    documents = make_documents(31)
    rows = rows_of(tokenizer, documents, whole_word=True, next_sentence=False)
    assert "next_sentence_labels" not in rows and not rows["input_type_ids"].any()
    ids = unmasked(rows)
    begins = ~np.array(CONTINUES)[ids]
    begins[:, 1] = True  # a row may begin within a word
    words = np.cumsum(begins, axis=1)
    for row, places, weights in zip(
        words, rows["masked_lm_positions"], rows["masked_lm_weights"], strict=True
    ):
        chosen = np.isin(np.arange(29), places[weights > 0])
        if chosen.sum() > 1:
            assert (np.isin(row, row[chosen]) == chosen).all()


@pytest.mark.parametrize("cross", [False, True])
def test_full_rows_hold_all_text(tokenizer, cross):
    documents = make_documents(31)
    rows = rows_of(tokenizer, documents, next_sentence=False, cross_documents=cross, dupe_factor=1)
    ids, lengths = unmasked(rows), rows["input_mask"].sum(1)
    text = text_of(tokenizer, documents)
    pieces = [row[1 : n - 1] for row, n in zip(ids, lengths, strict=True)]
    joined = f" {SEP} " if cross else " / "
    whole = text.replace(" / ", joined)
    assert all(" ".join(map(str, piece)) in whole for piece in pieces)
    separators = len(documents) - 1 if cross else 0
    expected = len([word for word in text.split() if word != "/"]) + separators
    assert sum(map(len, pieces)) == expected
    assert (np.concatenate(pieces) == SEP).sum() == separators
    full = (lengths == 29).mean()
    assert full > (0.8 if cross else 0.3)


def test_rows_follow_from_block_number_and_seed(tokenizer):
    documents = make_documents(13)
    first = rows_of(tokenizer, documents)
    again = rows_of(make_tokenizer(), documents)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    for other in ({"number": 1}, {"seed": 18}):
        different = rows_of(tokenizer, documents, **other)["input_word_ids"]
        assert not np.array_equal(different, first["input_word_ids"])


def test_lines_without_pieces_vanish(tokenizer):
    control = "\u200b\u0007"
    documents = [[control], ["da ."], [control, "boun ra", control]]
    tokens = PretrainingInstances(tokenizer, PretrainingSettings()).tokenize(documents)
    assert tokens.documents == [[0, 2], [2, 5]]
    assert len(tokens.ids) == 5
    nothing = PretrainingInstances(tokenizer, PretrainingSettings())
    assert list(nothing.batches(TextBlock(0, [[control]], 0))) == []
    assert list(nothing.batches(TextBlock(0, [["da ."]], 0))) == []  # nothing to pair it with
    full = PretrainingSettings(next_sentence=False, cross_documents=True)
    assert list(PretrainingInstances(tokenizer, full).batches(TextBlock(0, [[control]], 0))) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sequence_length": 4}, "expected sequence_length of at least 5; received 4"),
        ({"dupe_factor": 0}, "expected dupe_factor of at least 1; received 0"),
        ({"max_predictions_per_seq": 0}, "expected max_predictions_per_seq of at least 1"),
        ({"max_ngram": 0}, "expected max_ngram of at least 1"),
        ({"block_characters": 1}, "expected block_characters of at least 2"),
        ({"masked_lm_prob": 0.0}, r"expected masked_lm_prob in \(0, 1\]; received 0.0"),
        ({"short_sequence_prob": 1.5}, r"expected short_sequence_prob in \[0, 1\]; received 1.5"),
        ({"seed": -1}, r"expected a seed from 0 to 2\^63 - 1; received -1"),
        ({"cross_documents": True}, "expected cross_documents without next_sentence; received"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        PretrainingSettings(**settings)


def test_predictions_follow_from_the_length():
    assert PretrainingSettings(sequence_length=128).max_predictions_per_seq == 19
    assert PretrainingSettings(sequence_length=512).max_predictions_per_seq == 77
