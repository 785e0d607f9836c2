"""Precision, recall and F1 of entities, as the CoNLL shared tasks and seqeval count them.

An entity is right when its type and both its ends are. Equal to seqeval 1.2.2: without a
scheme to its default mode, with one to `mode="strict"`. It is written here because the
released seqeval dates from 2020 and warns about, or misreads, the prefixes of BMES.

Source: Tjong Kim Sang & De Meulder 2003, arXiv:cs/0306050, section 3.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from keras_bert.data.strict_spans import strict_spans_from_tags
from keras_bert.data.tagging_schemes import Span, spans_from_tags

_AVERAGED = ("precision", "recall", "f1")


class Scores(NamedTuple):
    """Scores of entities, `support` of which are true; undefined ratios count as 0."""

    precision: float
    recall: float
    f1: float
    support: int


class EntityReport(NamedTuple):
    """Scores by type; over all entities (`micro`); means over types, plain and by support."""

    types: dict[str, Scores]
    micro: Scores
    macro: Scores
    weighted: Scores

    def figures(self) -> dict[str, float]:
        """The usual figures: micro `f1`, `precision` and `recall`, and `f1 TYPE` of each type."""
        figures = {name: getattr(self.micro, name) for name in ("f1", "precision", "recall")}
        return figures | {f"f1 {type}": scores.f1 for type, scores in self.types.items()}


def entity_report(
    truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], scheme: str | None = None
) -> EntityReport:
    """Scores of predicted tags.

    Args:
        truth: N sentences of tags, in any scheme.
        predicted: the same number of tags for each; another scheme will do.
        scheme: read both strictly in this scheme; None takes ill-formed tags as
            `spans_from_tags` does.

    Raises:
        ValueError: another number of sentences or tags, or an unknown tag.
    """
    if len(truth) != len(predicted):
        raise ValueError(
            "expected as many predicted sentences as true ones; "
            f"received {len(predicted)} and {len(truth)}"
        )
    for number, (mine, theirs) in enumerate(zip(truth, predicted, strict=True)):
        if len(mine) != len(theirs):
            raise ValueError(
                f"expected a predicted tag for each true one in sentence {number}; "
                f"received {len(theirs)} and {len(mine)}"
            )
    return span_report(_read(truth, scheme), _read(predicted, scheme))


def span_report(
    truth: Iterable[Collection[Span]], predicted: Iterable[Collection[Span]]
) -> EntityReport:
    """Scores of predicted entities.

    Args:
        truth: the entities of each of N sentences.
        predicted: the same for the predictions.
    """
    supports, guesses, hits = Counter[str](), Counter[str](), Counter[str]()
    for mine, theirs in zip(truth, predicted, strict=True):
        true, guessed = set(mine), set(theirs)
        supports.update(span.type for span in true)
        guesses.update(span.type for span in guessed)
        hits.update(span.type for span in true & guessed)
    names = sorted(supports | guesses)
    types = {type: _scores(hits[type], guesses[type], supports[type]) for type in names}
    support = supports.total()
    return EntityReport(
        types,
        _scores(hits.total(), guesses.total(), support),
        _average(list(types.values()), [1] * len(types), support),
        _average(list(types.values()), [supports[type] for type in names], support),
    )


def _read(sentences: Sequence[Sequence[str]], scheme: str | None) -> list[list[Span]]:
    if scheme is None:
        return [spans_from_tags(tags) for tags in sentences]
    return [strict_spans_from_tags(tags, scheme) for tags in sentences]


def _scores(hits: int, guesses: int, support: int) -> Scores:
    precision = hits / guesses if guesses else 0.0
    recall = hits / support if support else 0.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return Scores(precision, recall, f1, support)


def _average(rows: list[Scores], weights: list[int], support: int) -> Scores:
    total = sum(weights)
    if not total:
        return Scores(0.0, 0.0, 0.0, support)
    pairs = list(zip(rows, weights, strict=True))
    means = (sum(getattr(row, name) * weight for row, weight in pairs) for name in _AVERAGED)
    return Scores(*(mean / total for mean in means), support)
