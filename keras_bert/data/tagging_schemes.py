"""Tags of words, such as `B-PER I-PER O`, to spans of words and back.

A tag is `O`, or a prefix with a type. The schemes differ in their prefixes:

    words   Ada Byron met Bo Cy   (entities: Ada Byron, Bo, Cy; all of them PER)
    IOB1    I   I     O   I  B    B only between two neighbours of one type
    IOB2    B   I     O   B  B    every entity begins with B
    BIOES   B   E     O   S  S    its last word is E, a single word is S
    BMES    B   E     O   S  S    M for I
    BILOU   B   L     O   U  U    L for E, U for S

Ill-formed tags are read as the CoNLL scorer `conlleval` and seqeval's default mode read
them: a prefix that cannot go on with the entity before it begins one. The strict reading is
that of seqeval's `mode="strict"`, which drops what is ill-formed.

Source: Ramshaw & Marcus 1995, arXiv:cmp-lg/9505040 (IOB1); Tjong Kim Sang & Veenstra 1999,
arXiv:cs/9907006 (IOB2); Ratinov & Roth 2009 (BILOU); seqeval 1.2.2.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
NO_TYPE = "_"  # of tags that are a prefix alone

# Every prefix by what it means: Begin, Inside, End, Single.
_MEANINGS = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S"}

# How a scheme writes these.
SCHEMES = {
    "IOB1": {"B": "B", "I": "I"},
    "IOB2": {"B": "B", "I": "I"},
    "BIOES": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "BMES": {"B": "B", "I": "M", "E": "E", "S": "S"},
    "BILOU": {"B": "B", "I": "I", "E": "L", "S": "U"},
}


class Tag(NamedTuple):
    """A tag taken apart: `meaning` is one of O, B, I, E and S; the type of `O` is empty."""

    meaning: str
    type: str

    @property
    def begins(self) -> bool:
        """Whether an entity begins here whatever stands before."""
        return self.meaning in "BS"

    @property
    def ends(self) -> bool:
        """Whether an entity ends here whatever follows."""
        return self.meaning in "ES"


class Span(NamedTuple):
    """An entity: its type, and its words (or characters) from `start` up to before `limit`."""

    type: str
    start: int
    limit: int


def parse_tag(tag: str) -> Tag:
    """Takes a tag apart.

    Raises:
        ValueError: neither `O` nor a known prefix, alone or with `-` and a type.
    """
    if tag == OUTSIDE:
        return Tag(OUTSIDE, "")
    prefix, dash, type = tag.partition("-")
    if prefix not in _MEANINGS or (dash and not type):
        raise ValueError(
            f"expected a tag O, or a prefix of {', '.join(_MEANINGS)} and a type as in B-PER; "
            f"received {tag!r}"
        )
    return Tag(_MEANINGS[prefix], type or NO_TYPE)


def spans_from_tags(tags: Sequence[str]) -> list[Span]:
    """The entities of one sentence, in any scheme; well-formed or not, no tag is lost.

    Raises:
        ValueError: an unknown tag.
    """
    spans: list[Span] = []
    before = Tag(OUTSIDE, "")
    for place, tag in enumerate(map(parse_tag, tags)):
        if tag.meaning != OUTSIDE:
            if tag.begins or before.ends or before.type != tag.type:
                spans.append(Span(tag.type, place, place + 1))
            else:
                spans[-1] = spans[-1]._replace(limit=place + 1)
        before = tag
    return spans


def tags_from_spans(spans: Iterable[Span], length: int, scheme: str = "IOB2") -> list[str]:
    """Writes the entities of one sentence as tags.

    Args:
        spans: entities that do not overlap, in any order.
        length: words of the sentence.
        scheme: one of `SCHEMES`.

    Raises:
        ValueError: an unknown scheme, or spans that overlap or leave the sentence.
    """
    letters = SCHEMES[require_scheme(scheme)]
    tags = [OUTSIDE] * length
    before = Span("", 0, 0)
    for span in sorted(spans, key=lambda span: span.start):
        if not before.limit <= span.start < span.limit <= length:
            raise ValueError(
                f"expected spans of one or more words that do not overlap within {length} words; "
                f"received {tuple(span)}" + (f" after {tuple(before)}" if before.limit else "")
            )
        meanings = _meanings(span, before, scheme)
        ending = "" if span.type == NO_TYPE else f"-{span.type}"
        tags[span.start : span.limit] = [letters[meaning] + ending for meaning in meanings]
        before = span
    return tags


def _meanings(span: Span, before: Span, scheme: str) -> str:
    inside = span.limit - span.start - 1
    if scheme == "IOB1":
        touches = before.type == span.type and before.limit == span.start
        return "BI"[not touches] + "I" * inside
    if scheme == "IOB2":
        return "B" + "I" * inside
    return "S" if not inside else "B" + "I" * (inside - 1) + "E"


def detect_scheme(sentences: Iterable[Sequence[str]]) -> str:
    """The scheme of a data set's tags, `IOB2` where they fit more than one.

    Raises:
        ValueError: unknown tags, or prefixes of two schemes.
    """
    sentences = list(sentences)
    prefixes = {tag.partition("-")[0] for tags in sentences for tag in tags if parse_tag(tag)}
    prefixes.discard(OUTSIDE)
    for scheme in ("IOB2", "BIOES", "BMES", "BILOU"):
        if prefixes <= set(SCHEMES[scheme].values()):
            break
    else:
        raise ValueError(
            f"expected the prefixes of one scheme of {', '.join(SCHEMES)}; "
            f"received {', '.join(sorted(prefixes))}"
        )
    if scheme == "IOB2" and "I" in prefixes and all(map(_fits_iob1, sentences)):
        return "IOB2" if all(map(_fits_iob2, sentences)) else "IOB1"
    return scheme


def _fits_iob1(tags: Sequence[str]) -> bool:
    return list(tags) == tags_from_spans(spans_from_tags(tags), len(tags), "IOB1")


def _fits_iob2(tags: Sequence[str]) -> bool:
    return list(tags) == tags_from_spans(spans_from_tags(tags), len(tags), "IOB2")


def require_scheme(scheme: str) -> str:
    """Gives `scheme` back.

    Raises:
        ValueError: it is none of `SCHEMES`.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"expected a scheme of {', '.join(SCHEMES)}; received {scheme!r}")
    return scheme
