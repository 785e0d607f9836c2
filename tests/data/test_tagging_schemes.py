import itertools
import json
import pathlib
import random

import pytest

from keras_bert.data.strict_spans import strict_spans_from_tags
from keras_bert.data.tagging_schemes import (
    SCHEMES,
    Span,
    detect_scheme,
    parse_tag,
    spans_from_tags,
    tags_from_spans,
)

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "seqeval.json"
SENTENCES = json.loads(GOLDEN.read_text(encoding="utf-8"))["sentences"]

# Two neighbours of one type, one of another type beside them, and one alone.
SPANS = [Span("PER", 0, 2), Span("PER", 2, 3), Span("LOC", 3, 6), Span("PER", 7, 8)]
TAGS = {
    "IOB1": "I-PER I-PER B-PER I-LOC I-LOC I-LOC O I-PER",
    "IOB2": "B-PER I-PER B-PER B-LOC I-LOC I-LOC O B-PER",
    "BIOES": "B-PER E-PER S-PER B-LOC I-LOC E-LOC O S-PER",
    "BMES": "B-PER E-PER S-PER B-LOC M-LOC E-LOC O S-PER",
    "BILOU": "B-PER L-PER U-PER B-LOC I-LOC L-LOC O U-PER",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_and_tags_of_each_scheme(scheme):
    tags = TAGS[scheme].split()
    assert tags_from_spans(reversed(SPANS), 8, scheme) == tags
    assert spans_from_tags(tags) == SPANS
    assert detect_scheme([["O"], tags]) == scheme


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name != "IOB1"])
def test_well_formed_tags_read_alike_strictly(scheme):
    assert strict_spans_from_tags(TAGS[scheme].split(), scheme) == SPANS


def test_random_spans_survive_every_scheme():
    draw = random.Random(2)
    for _ in range(200):
        borders = sorted(draw.sample(range(14), 8))
        spans = [
            Span(draw.choice(["PER", "R-ARG0", "_"]), *pair)
            for pair in itertools.pairwise(borders)
            if draw.random() < 0.6
        ]
        for scheme in SCHEMES:
            assert spans_from_tags(tags_from_spans(spans, 14, scheme)) == spans


@pytest.mark.parametrize("mode", ["default", "IOB1", "IOB2", "BIOES", "BILOU"])
def test_random_tags_read_as_seqeval_does(mode):
    rows = [row for row in SENTENCES if mode in row["entities"]]
    assert len(rows) >= 150
    for row in rows:
        tags = row["tags"].split()
        spans = spans_from_tags(tags) if mode == "default" else strict_spans_from_tags(tags, mode)
        assert [[s.type, s.start, s.limit - 1] for s in spans] == row["entities"][mode], tags


def test_other_letters_mean_the_same():
    for row in SENTENCES:
        tags = row["tags"]
        if "default" in row["entities"]:
            bmes = tags.replace("I-", "M-").split()
            assert spans_from_tags(bmes) == spans_from_tags(tags.split())


def test_tags_without_a_type():
    assert spans_from_tags(["B", "M", "E", "S"]) == [Span("_", 0, 3), Span("_", 3, 4)]
    assert tags_from_spans([Span("_", 0, 3)], 3, "BMES") == ["B", "M", "E"]


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        ([["O", "O"]], "IOB2"),
        ([["B-A"], ["I-A"]], "IOB2"),  # neither IOB1 nor IOB2: read as IOB2
        ([["O", "I-A"]], "IOB1"),
        ([["S-A"]], "BIOES"),
        ([], "IOB2"),
    ],
)
def test_detection_of_doubtful_cases(sentences, scheme):
    assert detect_scheme(sentences) == scheme


@pytest.mark.parametrize("tag", ["X-PER", "PER", "b-PER", "", "B-", "o", "BPER"])
def test_unknown_tags(tag):
    with pytest.raises(ValueError, match=rf"expected a tag O, or a prefix .*; received '{tag}'"):
        parse_tag(tag)
    with pytest.raises(ValueError, match="expected a tag O"):
        spans_from_tags(["O", tag])


@pytest.mark.parametrize(
    ("spans", "received"),
    [
        ([Span("A", 0, 2), Span("B", 1, 3)], r"\('B', 1, 3\) after \('A', 0, 2\)"),
        ([Span("A", 2, 5)], r"\('A', 2, 5\)"),
        ([Span("A", 1, 1)], r"\('A', 1, 1\)"),
        ([Span("A", -1, 1)], r"\('A', -1, 1\)"),
    ],
)
def test_spans_that_are_no_tags(spans, received):
    with pytest.raises(ValueError, match=rf"do not overlap within 4 words; received {received}"):
        tags_from_spans(spans, 4)


def test_schemes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"expected a scheme of IOB1, .*; received 'BIO'"):
        tags_from_spans([], 1, "BIO")
    with pytest.raises(ValueError, match=r"prefixes of one scheme of .*; received E, L"):
        detect_scheme([["E-A"], ["L-A"]])
    with pytest.raises(ValueError, match="expected tags of IOB2; received 'S-A'"):
        strict_spans_from_tags(["B-A", "S-A"], "IOB2")
