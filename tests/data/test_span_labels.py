import itertools

import numpy as np
import pytest

from keras_bert.data.span_labels import check_spans, token_classes
from keras_bert.data.tag_set import TagSet
from keras_bert.data.tagging_schemes import Span

TAGS = TagSet(["PER", "LOC"])


def classes(spans, tokens):
    rows, starts, limits = np.array(tokens).T
    return [TAGS.labels[c] for c in token_classes(TAGS, spans, rows, starts, limits)]


# "Ada Byron in Paris", "", "Bo Bo"
TOKENS = [(0, 0, 3), (0, 4, 9), (0, 10, 12), (0, 13, 18), (2, 0, 2), (2, 3, 5)]


def test_tokens_of_entities():
    spans = [[Span("PER", 0, 9), Span("LOC", 13, 18)], [], [Span("PER", 0, 2), Span("PER", 3, 5)]]
    assert classes(spans, TOKENS) == ["B-PER", "I-PER", "O", "B-LOC", "B-PER", "B-PER"]
    assert classes([[], [], []], TOKENS) == ["O"] * 6
    assert token_classes(TAGS, [[], []], *np.zeros((3, 0), int)).tolist() == []


def test_parts_of_tokens_are_labelled_whole_with_a_warning():
    with pytest.warns(UserWarning, match="received 2 with parts of tokens, .* and 1 without"):
        tags = classes([[Span("PER", 1, 6), Span("LOC", 9, 10)], [], [Span("LOC", 3, 4)]], TOKENS)
    assert tags == ["B-PER", "I-PER", "O", "O", "O", "B-LOC"]


def test_random_spans_against_a_loop():
    random = np.random.default_rng(2)
    for _ in range(50):
        spans, tokens = [], []
        for row in range(4):
            borders = np.sort(random.choice(40, 6, replace=False))
            spans.append([Span("PER", int(a), int(b)) for a, b in borders.reshape(3, 2)])
            edges = np.unique(np.append(random.choice(40, 15, replace=False), [0, 40]))
            tokens += [(row, a, b) for a, b in itertools.pairwise(edges)]
        with pytest.warns(UserWarning, match="parts of tokens"):
            found = classes(spans, [*tokens])
        before = None
        for (row, start, limit), tag in zip(tokens, found, strict=True):
            touched = [s for s in spans[row] if s.start < limit and s.limit > start][:1]
            assert (tag == "O") == (not touched)
            if touched:
                assert tag == ("I-PER" if before == (row, touched) else "B-PER")
            before = (row, touched)


def test_checked_spans():
    entities = [{"start": 3, "end": 4, "type": "B", "score": 1.0}, Span("A", 0, np.int64(3))]
    assert check_spans(entities, "a😀bc", 0) == [Span("A", 0, 3), Span("B", 3, 4)]
    assert check_spans([Span("A", 0, 2)], "é京".encode(), 0) == [Span("A", 0, 2)]


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([{"start": 0, "end": 5, "type": "A"}], r"the 4 characters of row 7; received \('A', 0, 5"),
        ([Span("A", 2, 2)], r"received \('A', 2, 2\)$"),
        ([Span("A", -1, 2)], r"received \('A', -1, 2\)$"),
        ([Span("A", 1, 3), Span("B", 2, 4)], r"\('B', 2, 4\) behind one that ends at 3"),
        ([{"start": 0, "end": 1}], "dict of start, end and type, .*in row 7; received {'start'"),
        ([{"start": 0.0, "end": 1, "type": "A"}], "in row 7; received"),
        ([{"start": True, "end": 1, "type": "A"}], "in row 7; received"),
        (["B-A"], "in row 7; received 'B-A'"),
    ],
)
def test_bad_spans(entities, message):
    with pytest.raises(ValueError, match=message):
        check_spans(entities, "a😀bc", 7)


def test_unknown_types():
    with pytest.raises(ValueError, match=r"types among \['PER', 'LOC'\] in row 1; received 'ORG'"):
        classes([[], [Span("ORG", 0, 3)], []], TOKENS)
