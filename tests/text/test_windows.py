"""Windows against a plain Python version of Google's `run_squad.py`, and their edges."""

import random

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.windows import SlidingWindows

WORDS = ["un", "##able", "é", "die", "stadt", "狗", "猫", "!", "?", "x"]
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
LETTERS = ["unable", "É", "die", "Stadt", "狗猫", "!", "?", "x", "🙂", "unun"]


@pytest.fixture(scope="module")
def tokenizer():
    return BertTokenizer([*TOKENS, "e"])


def random_texts(number, longest, seed):
    draw = random.Random(seed)
    return [" ".join(draw.choices(LETTERS, k=draw.randint(0, longest))) for _ in range(number)]


def google_windows(total, room, stride):
    """`doc_spans` of run_squad.py: (start, length) of each window."""
    spans, start = [], 0
    while True:
        length = min(total - start, room)
        spans.append((start, length))
        if start + length == total:
            return spans
        start += min(length, stride)


def google_best(spans, piece):
    """`_check_is_max_context` of run_squad.py: the number of the window."""
    best, best_score = None, None
    for number, (start, length) in enumerate(spans):
        end = start + length - 1
        if start <= piece <= end:
            score = min(piece - start, end - piece) + 0.01 * length
            if best_score is None or score > best_score:
                best, best_score = number, score
    return best


@pytest.mark.parametrize(("sequence_length", "stride"), [(11, 3), (13, 5), (17, 29), (7, 1)])
@pytest.mark.parametrize("with_prefix", [False, True])
def test_equals_googles_windows(tokenizer, sequence_length, stride, with_prefix):
    texts = ["", "x", *random_texts(23, 31, seed=stride)]
    prefixes = random_texts(25, 4, seed=7) if with_prefix else None
    cut = SlidingWindows(tokenizer, sequence_length, stride, max_prefix_length=3)
    windows = cut(prefixes, texts) if with_prefix else cut(texts)
    row = 0
    for record, text in enumerate(texts):
        ids = tokenizer([text]).to_list()[0]
        head = [tokenizer.cls_id]
        if with_prefix:
            head += [*tokenizer([prefixes[record]]).to_list()[0][:3], tokenizer.sep_id]
        spans = google_windows(len(ids), sequence_length - len(head) - 1, stride)
        for number, (start, length) in enumerate(spans):
            assert windows.rows[row] == record
            expected = [*head, *ids[start : start + length], tokenizer.sep_id]
            mask = windows.features["input_mask"][row].numpy()
            assert mask.tolist() == [1] * len(expected) + [0] * (len(mask) - len(expected))
            found = windows.features["input_word_ids"][row].numpy()
            assert found[: len(expected)].tolist() == expected
            assert not found[len(expected) :].any()
            types = windows.features["input_type_ids"][row].numpy()
            behind = [0] * len(head) + [int(with_prefix)] * (len(expected) - len(head))
            assert types[: len(expected)].tolist() == behind
            assert not types[len(expected) :].any()
            pieces = windows.pieces[row].numpy()
            inside = slice(len(head), len(head) + length)
            assert pieces[inside].tolist() == list(range(start, start + length))
            assert (np.delete(pieces, np.arange(len(pieces))[inside]) == -1).all()
            best = [google_best(spans, piece) == number for piece in range(start, start + length)]
            assert windows.best[row].numpy()[inside].tolist() == best
            assert windows.best[row].numpy().sum() == sum(best)
            row += 1
    assert row == len(windows.rows)
    assert windows.features["input_word_ids"].shape[1] <= sequence_length


def test_offsets_lead_back_to_the_original(tokenizer):
    texts = ["É 🙂 die Stadt!", "狗猫 unable " * 7]
    windows = SlidingWindows(tokenizer, 11, 4, max_prefix_length=3)(["", ""], texts)
    tokens = tokenizer.tokenize_with_offsets(texts)
    names = ("byte_starts", "byte_limits", "char_starts", "char_limits")
    pieces = windows.pieces.numpy()
    for name in names:
        column, expected = getattr(windows, name).numpy(), getattr(tokens, name).to_list()
        for row, record in enumerate(windows.rows.numpy()):
            there = pieces[row] >= 0
            wanted = [expected[record][piece] for piece in pieces[row][there]]
            assert column[row][there].tolist() == wanted
            assert not column[row][~there].any()
    assert windows.texts.numpy().tolist() == [text.encode() for text in texts]


def test_fixed_padding_and_the_same_in_a_graph(tokenizer):
    texts = random_texts(9, 41, seed=3)
    longest = SlidingWindows(tokenizer, 13, 5)
    fixed = longest.padded("fixed")
    assert fixed(["x"]).features["input_word_ids"].shape == (1, 13)
    assert longest(["x"]).features["input_word_ids"].shape == (1, 3)
    graph = tf.function(fixed, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    tf.nest.map_structure(
        lambda mine, other: np.testing.assert_array_equal(mine, other), fixed(texts), graph(texts)
    )


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_nothing_to_cut(tokenizer, texts):
    windows = SlidingWindows(tokenizer, 11, 3)(texts)
    assert windows.rows.numpy().tolist() == list(range(len(texts)))
    assert (windows.pieces.numpy() == -1).all()
    assert not windows.best.numpy().any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stride": 0}, "stride=0"),
        ({"max_prefix_length": 0}, "max_prefix_length=0"),
        ({"sequence_length": 2}, "expected sequence_length of at least 3 .* received 2"),
        ({"padding": "left"}, "expected padding of .* received 'left'"),
    ],
)
def test_refuses_settings(tokenizer, settings, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindows(tokenizer, **{"sequence_length": 11, "stride": 3} | settings)


def test_refuses_a_prefix_without_room(tokenizer):
    cut = SlidingWindows(tokenizer, 11, 3, max_prefix_length=8)
    with pytest.raises(ValueError, match=r"expected sequence_length of at least 12 .* received 11"):
        cut(["a"], ["b"])
