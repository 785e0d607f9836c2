"""The strict reading of tags: entities that their scheme forbids are none.

The same entities as seqeval's `mode="strict"` finds (version 1.2.2), its reading of IOB1
included: there `B-X` begins an entity only right behind another X.

Source: seqeval 1.2.2, `scheme.py` (its tables of what begins, goes on with and ends an entity).
"""

from collections.abc import Callable, Sequence

from keras_bert.data.tagging_schemes import (
    OUTSIDE,
    SCHEMES,
    Span,
    Tag,
    parse_tag,
    require_scheme,
)

_OUTSIDE = Tag(OUTSIDE, "")


def strict_spans_from_tags(tags: Sequence[str], scheme: str) -> list[Span]:
    """The well-formed entities of one sentence.

    Args:
        tags: of a sentence's words.
        scheme: one of `SCHEMES`.

    Raises:
        ValueError: an unknown scheme, or a tag that the scheme does not have.
    """
    _refuse_other_prefixes(tags, require_scheme(scheme))
    begins, is_whole = _RULES.get(scheme, (_begins_with_ends, _is_whole_with_ends))
    parsed = [*map(parse_tag, tags), _OUTSIDE]
    spans, place = [], 0
    while place < len(tags):
        before = parsed[place - 1] if place else _OUTSIDE
        limit = place + 1
        if begins(before, parsed[place]):
            while _goes_on(parsed[limit - 1], parsed[limit]):
                limit += 1
            if is_whole(parsed[limit - 1], parsed[limit]):
                spans.append(Span(parsed[place].type, place, limit))
        place = limit
    return spans


def _goes_on(before: Tag, tag: Tag) -> bool:
    return before.meaning in "BI" and tag.meaning in "IE" and before.type == tag.type


def _begins_iob1(before: Tag, tag: Tag) -> bool:
    alike = before.type == tag.type
    if tag.meaning == "B":
        return before.meaning != OUTSIDE and alike
    return tag.meaning == "I" and (before.meaning != "I" or not alike)


def _is_whole_iob1(last: Tag, after: Tag) -> bool:
    return not (last.meaning == after.meaning == "B" and last.type != after.type)


def _begins_iob2(_before: Tag, tag: Tag) -> bool:
    return tag.meaning == "B"


def _is_whole_iob2(_last: Tag, _after: Tag) -> bool:
    return True


def _begins_with_ends(_before: Tag, tag: Tag) -> bool:
    return tag.begins


def _is_whole_with_ends(last: Tag, _after: Tag) -> bool:
    return last.ends


_Rule = Callable[[Tag, Tag], bool]
_RULES: dict[str, tuple[_Rule, _Rule]] = {
    "IOB1": (_begins_iob1, _is_whole_iob1),
    "IOB2": (_begins_iob2, _is_whole_iob2),
}


def _refuse_other_prefixes(tags: Sequence[str], scheme: str) -> None:
    known = {OUTSIDE, *SCHEMES[scheme].values()}
    for tag in tags:
        if parse_tag(tag) and tag.partition("-")[0] not in known:
            raise ValueError(f"expected tags of {scheme}; received {tag!r}")
