import itertools

import numpy as np
import pytest

from keras_bert.data.strict_spans import strict_spans_from_tags
from keras_bert.data.tag_set import TagSet
from keras_bert.data.tagging_schemes import spans_from_tags

BIOES = ["S-A", "O", "E-A", "B-A", "I-A"]


def test_types_become_iob2():
    tags = TagSet(["PER", "R-ARG0"])
    assert tags.labels == ["O", "B-PER", "I-PER", "B-R-ARG0", "I-R-ARG0"]
    assert tags.types == ["PER", "R-ARG0"]
    assert tags.type_number("R-ARG0", 0) == 1
    assert len(tags) == 5


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["A"], "B-A I-A I-A B-A O"),
        (BIOES, "B-A I-A E-A S-A O"),
        (["O", "I-A"], "I-A I-A I-A I-A O"),
        (["B-A", "M-A", "E-A", "S-A", "O"], "B-A M-A E-A S-A O"),
        (["B-A", "L-A", "O"], "B-A B-A L-A B-A O"),
    ],
)
def test_classes_of_an_entity_of_three_tokens_and_one_of_one(labels, expected):
    tags = TagSet(labels)
    first = np.array([True, False, False, True, False])
    last = np.array([False, False, True, True, False])
    classes = tags.classes(np.array([0, 0, 0, 0, -1]), first, last)
    assert [tags.labels[c] for c in classes] == expected.split()


@pytest.mark.parametrize(
    ("labels", "scheme"), [(["A", "R-A"], "IOB2"), ([*BIOES, "B-B", "I-B", "E-B", "S-B"], "BIOES")]
)
def test_what_is_allowed_is_what_reads_alike_strictly(labels, scheme):
    tags = TagSet(labels)
    first, last, follows = tags.allowed()
    for classes in itertools.product(range(len(tags)), repeat=3):
        names = [tags.labels[c] for c in classes]
        legal = first[classes[0]] and last[classes[-1]]
        legal = legal and all(follows[pair] for pair in itertools.pairwise(classes))
        strict = strict_spans_from_tags(names, scheme)
        tagged = sum(name != "O" for name in names)
        whole = sum(span.limit - span.start for span in strict) == tagged
        assert legal == whole, names
        if legal:
            assert strict == spans_from_tags(names)


def test_a_type_without_begin_may_stand_anywhere():
    first, last, follows = TagSet(["O", "I-A", "I-B", "B-B"]).allowed()
    assert first.tolist() == [True, True, False, True]
    assert last.all()
    assert follows[0].tolist() == [True, True, False, True]


@pytest.mark.parametrize("labels", [[], ["O"], ["A", "A"], ["O", "B-A", "B-A"], ["A", ""]])
def test_bad_labels(labels):
    with pytest.raises(ValueError, match="expected labels as distinct tags with O among them"):
        TagSet(labels)


def test_unknown_tags_and_types():
    with pytest.raises(ValueError, match=r"expected a tag O, .*; received 'NOUN'"):
        TagSet(["O", "NOUN"])
    with pytest.raises(ValueError, match=r"expected types among \['A'\] in row 3; received 'B'"):
        TagSet(["A"]).type_number("B", 3)
