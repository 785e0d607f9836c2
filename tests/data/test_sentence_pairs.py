"""Pairs by their positions: what Google's recipe promises of them."""

import random

import numpy as np
import pytest

from keras_bert.data.full_rows import full_rows
from keras_bert.data.sentence_pairs import document_pairs


def make_bounds(documents, sentences, longest, seed=3):
    rng, reached, bounds = random.Random(seed), 0, []
    for _ in range(documents):
        begins = [reached]
        for _ in range(rng.randint(1, sentences)):
            reached += rng.randint(1, longest)
            begins.append(reached)
        bounds.append(begins)
    return bounds


def pairs_of(bounds, most, short=0.1, seed=7):
    rng = random.Random(seed)
    return [
        (number, pair)
        for number in range(len(bounds))
        for pair in document_pairs(bounds, number, most, short, rng)
    ]


@pytest.mark.parametrize(("most", "longest"), [(2, 5), (29, 11), (61, 97)])
def test_passages_are_short_enough_and_lie_in_their_documents(most, longest):
    bounds = make_bounds(83, 17, longest)
    pairs = pairs_of(bounds, most)
    assert len(pairs) > 100
    for number, pair in pairs:
        a, b = pair.a_stop - pair.a_start, pair.b_stop - pair.b_start
        assert a >= 1 and b >= 1 and a + b <= most
        own = bounds[number]
        assert own[0] <= pair.a_start and pair.a_stop <= own[-1]
        inside = own[0] <= pair.b_start and pair.b_stop <= own[-1]
        assert inside == (not pair.not_next)
        if not pair.not_next:
            assert pair.b_start >= pair.a_stop


def test_true_pairs_follow_and_are_cut_only_where_they_must():
    bounds = make_bounds(61, 23, 5)
    follows = [pair for _, pair in pairs_of(bounds, 200, short=0.0) if not pair.not_next]
    assert len(follows) > 20
    assert all(pair.b_start == pair.a_stop for pair in follows)
    edges = {place for document in bounds for place in document}
    assert all({pair.a_start, pair.a_stop, pair.b_stop} <= edges for pair in follows)


def test_half_of_the_pairs_of_several_sentences_are_random():
    bounds = make_bounds(211, 40, 4)
    pairs = [pair for _, pair in pairs_of(bounds, 24)]
    share = np.mean([pair.not_next for pair in pairs])
    # Google's rule: 1/2, and all chunks of one sentence beside.
    assert 0.45 < share < 0.65
    assert {pair.not_next for pair in pairs} == {0, 1}


def test_no_sentence_is_lost_and_replaced_ones_come_again():
    bounds = make_bounds(31, 30, 6)
    for number, own in enumerate(bounds):
        seen = np.zeros(own[-1] + 1, int)
        for pair in document_pairs(bounds, number, 1000, 0.0, random.Random(number)):
            seen[pair.a_start : pair.a_stop] += 1
            if not pair.not_next:
                seen[pair.b_start : pair.b_stop] += 1
        assert (seen[own[0] : own[-1]] == 1).all()


def test_longer_passages_are_cut_first_at_both_ends():
    bounds = [[0, 500], [500, 530]]
    fronts = backs = 0
    for seed in range(200):
        (pair,) = document_pairs(bounds, 0, 100, 0.0, random.Random(seed))
        assert (pair.b_start, pair.b_stop, pair.not_next) == (500, 530, 1)
        assert pair.a_stop - pair.a_start == 70
        fronts, backs = fronts + pair.a_start, backs + 500 - pair.a_stop
    assert 0.49 < fronts / (fronts + backs) < 0.51


def test_short_rows_come_as_often_as_asked_for():
    bounds = make_bounds(101, 600, 3)
    full = {}
    for short in (0.0, 0.5, 1.0):
        pairs = [pair for _, pair in pairs_of(bounds, 50, short)]
        lengths = [p.a_stop - p.a_start + p.b_stop - p.b_start for p in pairs]
        full[short] = np.mean(np.array(lengths) > 45)
    assert full[0.0] > 0.7 and full[1.0] < 0.2
    assert full[1.0] < full[0.5] < full[0.0]


def test_a_lonely_document_takes_other_text_of_its_own():
    bounds = make_bounds(1, 40, 7, seed=11)
    pairs = [p for seed in range(50) for _, p in pairs_of(bounds, 30, seed=seed)]
    random_ones = [pair for pair in pairs if pair.not_next]
    assert len(random_ones) > 100
    for pair in random_ones:
        assert pair.b_stop <= pair.a_start or pair.b_start > pair.a_stop


def test_without_other_text_there_is_no_pair_or_the_true_one():
    assert pairs_of([[0, 5]], 20) == []
    for seed in range(20):
        two = [pair for _, pair in pairs_of([[0, 5, 9]], 20, short=0.0, seed=seed)]
        assert [tuple(pair) for pair in two] == [(0, 5, 5, 9, 0)]


def test_full_rows_leave_nothing_out_and_cross_no_start():
    starts = [0, 100, 101, 350]
    rows = list(full_rows(starts, 37, 0.2, random.Random(1)))
    assert [row.a_start for row in rows[1:]] == [row.a_stop for row in rows[:-1]]
    assert rows[-1].a_stop == 350 and set(starts[1:]) <= {row.a_stop for row in rows}
    assert max(row.a_stop - row.a_start for row in rows) == 37
    assert all(row.b_stop == row.b_start == 0 and not row.not_next for row in rows)
    whole = list(full_rows([0, 370], 37, 0.0, random.Random(1)))
    assert [row.a_stop - row.a_start for row in whole] == [37] * 10
