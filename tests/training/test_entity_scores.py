import json
import pathlib

import pytest

from keras_bert.data.tagging_schemes import Span
from keras_bert.training.entity_scores import entity_report, span_report

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "seqeval.json"
REPORTS = json.loads(GOLDEN.read_text(encoding="utf-8"))["reports"]


@pytest.mark.parametrize("number", range(len(REPORTS)))
def test_scores_of_seqeval(number):
    expected = REPORTS[number]
    truth, predicted = (
        [tags.split() for tags in expected[part]] for part in ("truth", "predicted")
    )
    report = entity_report(truth, predicted, expected["scheme"])
    types = [list(scores) for scores in report.types.values()]
    assert len(types) == len(expected["scores"]["types"])
    for mine, theirs in zip(types, expected["scores"]["types"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-12)
    for average in ("micro", "macro", "weighted"):
        theirs = [score or 0.0 for score in expected["scores"][average]]
        assert list(getattr(report, average)) == pytest.approx(theirs, abs=1e-12)


def test_schemes_may_differ():
    report = entity_report([["I-A", "O", "B-B"]], [["S-A", "O", "U-A"]])
    assert report.micro == (0.5, 0.5, 0.5, 2)
    assert report.types["A"] == (0.5, 1.0, pytest.approx(2 / 3), 1)


def test_figures_are_flat():
    figures = span_report([[Span("A", 0, 1)]], [[Span("A", 0, 1), Span("B", 2, 3)]]).figures()
    assert list(figures) == ["f1", "precision", "recall", "f1 A", "f1 B"]
    assert figures["precision"] == 0.5 and figures["f1 A"] == 1.0 and figures["f1 B"] == 0.0


def test_unlike_numbers():
    with pytest.raises(ValueError, match=r"as many predicted sentences as true ones; .* 0 and 1"):
        entity_report([["O"]], [])
    with pytest.raises(ValueError, match=r"true one in sentence 1; received 2 and 1"):
        entity_report([["O"], ["O"]], [["O"], ["O", "O"]])
