"""What is chosen for prediction and what it is replaced by.

The bounds of counts are 4 standard deviations of the binomial distribution; draws are
seeded, so that they hold or fail alike in every run.
"""

import collections

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.data import gram_choice
from keras_bert.data.masking import TokenMasker
from keras_bert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

WORDS = [f"w{n}" for n in range(31)] + [f"##p{n}" for n in range(13)]
VOCABULARY = Vocabulary([*SPECIAL_TOKENS, "[unused3]", *WORDS])
PAD, UNK, CLS, SEP, MASK = range(5)
FIRST, PIECE = 6, 6 + 31  # ids of the first word and of the first `##` piece


def make_features(rows, length, seed=3, pieces=False):
    """Rows `[CLS] … [SEP] … [SEP]` of random words with padding at the end, int32 [B, S]."""
    random = np.random.default_rng(seed)
    ids = random.integers(FIRST, len(VOCABULARY) if pieces else PIECE, (rows, length))
    lengths = random.integers(length // 2, length + 1, rows)
    place = np.arange(length)
    ids[:, 0] = CLS
    ids[place == (lengths // 2)[:, None]] = SEP
    ids[place == lengths[:, None] - 1] = SEP
    mask = place < lengths[:, None]
    return {
        "input_word_ids": np.where(mask, ids, PAD).astype("int32"),
        "input_mask": mask.astype("int32"),
        "input_type_ids": np.zeros_like(mask, "int32"),
    }


def draw(features, key=(5, 7), **settings):
    drawn = TokenMasker(VOCABULARY, **settings)(features, key)
    return {name: np.asarray(value) for name, value in drawn.items()}


def chosen_of(drawn):
    """Bool [B, S] from positions and weights."""
    chosen = np.zeros(drawn["input_word_ids"].shape, bool)
    rows, columns = np.nonzero(drawn["masked_lm_weights"])
    chosen[rows, drawn["masked_lm_positions"][rows, columns]] = True
    return chosen


def within(count, total, share):
    return abs(count - total * share) <= 4 * np.sqrt(total * share * (1 - share))


SETTINGS = [
    {},
    {"whole_word": True},
    {"max_ngram": 3},
    {"whole_word": True, "max_ngram": 3},
    {"masked_lm_prob": 0.5, "max_predictions_per_seq": 7},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_targets_say_what_stood_there(settings):
    features = make_features(53, 41, pieces=True)
    drawn = draw(features, **settings)
    most = settings.get("max_predictions_per_seq", 20)
    ids, weights = features["input_word_ids"], drawn["masked_lm_weights"]
    assert drawn["masked_lm_positions"].shape == drawn["masked_lm_ids"].shape == (53, most)
    assert (np.diff(weights, axis=1) <= 0).all()
    for name in ("masked_lm_positions", "masked_lm_ids"):
        assert (drawn[name][weights == 0] == 0).all()
    for row, (positions, wanted, count) in enumerate(
        zip(drawn["masked_lm_positions"], drawn["masked_lm_ids"], weights.sum(1), strict=True)
    ):
        positions, wanted = positions[: int(count)], wanted[: int(count)]
        assert (np.diff(positions) > 0).all() and count >= 1
        np.testing.assert_array_equal(ids[row, positions], wanted)
        assert (wanted > MASK).all()  # no special token
        tokens = features["input_mask"][row].sum()
        assert count <= max(1, round(tokens * settings.get("masked_lm_prob", 0.15)))
    untouched = ~chosen_of(drawn)
    np.testing.assert_array_equal(drawn["input_word_ids"][untouched], ids[untouched])
    for name in ("input_mask", "input_type_ids"):
        np.testing.assert_array_equal(drawn[name], features[name])


def test_number_of_predictions_of_single_pieces_is_googles():
    features = make_features(97, 67)
    counts = draw(features)["masked_lm_weights"].sum(1)
    tokens = features["input_mask"].sum(1)
    expected = [min(20, max(1, round(int(n) * 0.15))) for n in tokens]
    assert counts.tolist() == expected
    capped = draw(features, max_predictions_per_seq=3)["masked_lm_weights"].sum(1)
    assert set(capped.tolist()) == {3}


def test_shares_of_mask_random_and_kept():
    features = make_features(997, 61)
    drawn = draw(features, masked_lm_prob=0.4, max_predictions_per_seq=31)
    chosen = chosen_of(drawn)
    now, before = drawn["input_word_ids"][chosen], features["input_word_ids"][chosen]
    total = chosen.sum()
    assert total > 15_000
    same_by_chance = 0.1 / len(WORDS)
    assert within((now == MASK).sum(), total, 0.8)
    assert within((now == before).sum(), total, 0.1 + same_by_chance)
    others = now[(now != MASK) & (now != before)]
    assert within(len(others), total, 0.1 - same_by_chance)
    # Replacements: all pieces but the special ones and the placeholder, alike.
    counts = np.bincount(others, minlength=len(VOCABULARY))
    assert not counts[:FIRST].any()
    assert all(within(count, len(others), 1 / len(WORDS)) for count in counts[FIRST:])


def test_every_piece_is_chosen_alike():
    row = make_features(1, 29, seed=4)
    row["input_word_ids"][:] = FIRST
    row["input_word_ids"][0, [0, 11, 28]] = CLS, SEP, SEP
    row["input_mask"][:] = 1
    features = {name: np.repeat(value, 4001, axis=0) for name, value in row.items()}
    for settings, slack in (({}, 0), ({"max_ngram": 3}, 0.02)):
        chosen = chosen_of(draw(features, **settings))
        assert not chosen[:, [0, 11, 28]].any()
        counts = np.delete(chosen.sum(0), [0, 11, 28])
        share = chosen.sum() / chosen[:, 1:-1].size * 27 / 26
        bound = 4 * np.sqrt(4001 * share * (1 - share)) + slack * 4001
        assert (np.abs(counts - 4001 * share) < bound).all()


def units_of(ids):
    """Lists of positions of each word of one row, cut at special tokens."""
    units = []
    for place, number in enumerate(ids):
        if number <= MASK:
            continue
        if number >= PIECE and units and units[-1][-1] == place - 1:
            units[-1].append(place)
        else:
            units.append([place])
    return units


@pytest.mark.parametrize("max_ngram", [1, 3])
def test_whole_words_are_whole(max_ngram):
    features = make_features(499, 59, pieces=True)
    drawn = draw(features, whole_word=True, max_ngram=max_ngram)
    chosen = chosen_of(drawn)
    several = 0
    for ids, row in zip(features["input_word_ids"], chosen, strict=True):
        for unit in units_of(ids):
            assert row[unit].all() or not row[unit].any()
            several += len(unit) > 1 and row[unit].all()
    assert several > 300
    # Those that do not fit are passed over, and smaller ones fill the number.
    full = np.clip(np.round(features["input_mask"].sum(1) * 0.15), 1, 20)
    assert (chosen.sum(1) == full).mean() > 0.9


def test_pieces_of_one_word_have_fates_of_their_own():
    features = make_features(499, 59, pieces=True)
    drawn = draw(features, whole_word=True)
    mixed = 0
    for ids, now, row in zip(
        features["input_word_ids"], drawn["input_word_ids"], chosen_of(drawn), strict=True
    ):
        for unit in units_of(ids):
            masked = now[unit] == MASK
            mixed += bool(row[unit].all() and masked.any() and not masked.all())
    assert mixed > 50


def test_lengths_of_ngrams_are_drawn_by_one_over_n():
    maskable = tf.ones((401, 211), tf.bool)
    grams = gram_choice.grams_of(maskable, ~maskable, 4, tf.constant([3, 9], tf.int64))
    lengths = [np.bincount(row)[:-1] for row in grams.gram.numpy()]  # the row's end cuts the last
    counts = collections.Counter(np.concatenate(lengths).tolist())
    total, weight = sum(counts.values()), sum(1 / n for n in range(1, 5))
    assert set(counts) == {1, 2, 3, 4}
    for n in range(1, 5):
        # Before the row's end short ones have a little more room.
        assert abs(counts[n] / total - 1 / n / weight) < 0.01


def test_ngrams_make_longer_spans():
    features = make_features(499, 59)

    def mean_span(**settings):
        chosen = np.pad(chosen_of(draw(features, **settings)), [[0, 0], [1, 0]])
        return chosen.sum() / (chosen[:, 1:] & ~chosen[:, :-1]).sum()

    assert mean_span(max_ngram=4) > mean_span() + 0.4


def test_grams_stop_at_special_tokens():
    maskable = tf.constant([[False, True, True, False, True, True, True, False]] * 300)
    grams = gram_choice.grams_of(maskable, ~maskable, 8, tf.constant([1, 1], tf.int64)).gram.numpy()
    assert (grams[:, [0, 3, 7]] == -1).all()
    assert (grams[:, 4] > grams[:, 2]).all()


def test_taking_in_order_passes_over_what_does_not_fit():
    random = np.random.default_rng(2)
    sizes = random.integers(0, 7, (301, 17))
    wanted = random.integers(1, 15, 301)
    taken = gram_choice._take_in_order(
        tf.constant(sizes, tf.int32), tf.constant(wanted, tf.int32)
    ).numpy()
    for row, limit, got in zip(sizes, wanted, taken, strict=True):
        expected, total = [], 0
        for size in row:
            fits = 0 < size <= limit - total
            expected.append(fits)
            total += size * fits
        assert got.tolist() == expected


def test_one_prediction_where_every_word_is_too_long():
    ids = [CLS, FIRST, PIECE, PIECE + 1, PIECE, FIRST + 1, PIECE, PIECE + 2, SEP]
    features = {
        "input_word_ids": np.array([ids] * 50, "int32"),
        "input_mask": np.ones((50, 9), "int32"),
    }
    chosen = chosen_of(draw(features, whole_word=True))  # 9 tokens: 1 prediction
    rows = {tuple(np.flatnonzero(row)) for row in chosen}
    assert rows == {(1, 2, 3, 4), (5, 6, 7)}
    chosen = chosen_of(draw(features, whole_word=True, max_predictions_per_seq=3))
    assert {tuple(np.flatnonzero(row)) for row in chosen} == {(5, 6, 7)}
    chosen = chosen_of(draw(features, whole_word=True, max_predictions_per_seq=2))
    assert {tuple(np.flatnonzero(row)) for row in chosen} == {(1, 2), (5, 6)}


def test_rows_with_nothing_to_choose():
    ids = np.array([[CLS, SEP, PAD, PAD], [CLS, UNK, MASK, SEP], [CLS, FIRST, SEP, PAD]], "int32")
    drawn = draw({"input_word_ids": ids, "input_mask": (ids != PAD).astype("int32")})
    assert drawn["masked_lm_weights"].sum(1).tolist() == [0, 0, 1]
    np.testing.assert_array_equal(drawn["input_word_ids"][:2], ids[:2])
    empty = draw({"input_word_ids": ids[:0], "input_mask": ids[:0]})
    assert empty["masked_lm_ids"].shape == (0, 20)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_same_key_repeats_eagerly_and_in_a_pipeline(settings):
    features = make_features(23, 31, pieces=True)
    masker = TokenMasker(VOCABULARY, **settings)
    keys = tf.constant([[5, 0], [5, 1], [6, 0]], tf.int64)
    dataset = tf.data.Dataset.from_tensor_slices(keys).map(lambda key: masker(features, key))
    eager = [masker(features, key) for key in keys]
    for one, other in zip(eager, dataset, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    ids = [drawn["input_word_ids"].numpy() for drawn in eager]
    assert (ids[0] != ids[1]).any() and (ids[0] != ids[2]).any() and (ids[1] != ids[2]).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"masked_lm_prob": 0.0}, r"expected masked_lm_prob in \(0, 1\]; received 0.0"),
        ({"masked_lm_prob": 1.5}, r"expected masked_lm_prob in \(0, 1\]; received 1.5"),
        ({"max_predictions_per_seq": 0}, "of at least 1; received max_predictions_per_seq=0"),
        ({"max_ngram": 0}, "of at least 1; received max_predictions_per_seq=20, max_ngram=0"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        TokenMasker(VOCABULARY, **settings)


def test_a_vocabulary_of_special_tokens():
    with pytest.raises(ValueError, match=r"tokens beyond the special ones; received 6 tokens"):
        TokenMasker(Vocabulary([*SPECIAL_TOKENS, "[unused0]"]))
