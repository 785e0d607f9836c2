"""Against the official scorers' results, recorded by tests/golden/record_squad_metrics.py."""

import json
import pathlib

import pytest

from keras_bert.training.chinese_answers import character_f1, character_match, chinese_scores
from keras_bert.training.squad_metrics import exact_match, squad2_scores, squad_scores, word_f1

GOLDEN = json.loads(
    (pathlib.Path(__file__).parents[1] / "golden" / "squad_metrics.json").read_text("utf-8")
)
# Ours → evaluate-v2.0's, as tf-models-official spells it.
NAMES = {
    "exact_match": "exact",
    "best_exact": "final_exact",
    "best_exact_thresh": "final_exact_thresh",
    "best_f1": "final_f1",
    "best_f1_thresh": "final_f1_thresh",
}


def columns(rows):
    return [row[0] for row in rows], [row[1] for row in rows]


def test_squad_scores_are_the_official_ones():
    rows = GOLDEN["squad"]
    assert len(rows) == 400
    for guess, right, exact, f1 in rows:
        scores = squad_scores([guess], [right])
        assert (scores["exact_match"], scores["f1"]) == (100 * exact, 100 * f1), (guess, right)
    scores = squad_scores(*columns(rows))
    assert scores["exact_match"] / 100 == pytest.approx(GOLDEN["squad_total"]["exact_match"])
    assert scores["f1"] / 100 == pytest.approx(GOLDEN["squad_total"]["final_f1"], abs=1e-12)
    assert scores["total"] == 400
    assert 0 < scores["exact_match"] < scores["f1"] < 100


@pytest.mark.parametrize("run", GOLDEN["squad2"], ids=lambda run: f"{len(run['rows'])}")
def test_squad2_scores_are_the_official_ones(run):
    scores = squad2_scores(*columns(run["rows"]), run["nulls"])
    # Only the precision-recall curves are not reported here.
    official = {name: value for name, value in run["scores"].items() if not name.startswith("pr_")}
    assert {NAMES.get(name, name) for name in scores} == set(official)
    for name, value in scores.items():
        assert value == pytest.approx(official[NAMES.get(name, name)], abs=1e-10), name


def test_threshold_refuses_greater_null_scores():
    guesses, right, nulls = ["cat", "dog", "cow"], [["cat"], [], ["cow"]], [0.5, 0.75, 0.75]
    for threshold, expected in ((1.0, 200 / 3), (0.75, 200 / 3), (0.6, 200 / 3), (0.4, 100 / 3)):
        scores = squad2_scores(guesses, right, nulls, threshold)
        assert scores["exact_match"] == pytest.approx(expected)
        assert (scores["best_exact"], scores["best_exact_thresh"]) == (pytest.approx(200 / 3), 0.5)


def test_the_two_rules_differ_over_answers_that_normalise_to_nothing():
    assert squad_scores(["the"], [["A."]]) == {"exact_match": 100, "f1": 0, "total": 1}
    scores = squad2_scores(["the"], [["A."]])
    assert (scores["HasAns_exact"], scores["HasAns_f1"]) == (100, 100)


def test_chinese_scores_are_the_official_ones():
    rows = GOLDEN["chinese"]
    assert len(rows) == 300
    for guess, right, exact, f1 in rows:
        scores = chinese_scores([guess], [right])
        assert scores["exact_match"] == 100 * exact, (guess, right)
        assert scores["f1"] == pytest.approx(100 * f1, abs=1e-9), (guess, right)
    scores = chinese_scores(*columns(rows))
    assert 0 < scores["exact_match"] < scores["f1"] < 100


def test_by_hand():
    assert word_f1("the quick brown fox", "brown fox!") == pytest.approx(0.8)
    assert exact_match("The U.S.", "us") == 1
    # Units 北 京 市 against 京 市 区: the longest common run has two.
    assert character_f1("北京市", "京市区") == pytest.approx(2 / 3)
    assert character_match("《北京》", "北京。") == 1
    assert character_f1("。", "。") == 0


@pytest.mark.parametrize("score", [squad_scores, squad2_scores, chinese_scores])
def test_what_cannot_be_scored(score):
    with pytest.raises(ValueError, match="received 0 predictions for 0 questions"):
        score([], [])
    with pytest.raises(ValueError, match="received 1 predictions for 2 questions"):
        score(["a"], [["a"], ["b"]])
    with pytest.raises(ValueError, match=r"a collection of texts .* 'cat' for question number 1"):
        score(["a", "b"], [["a"], "cat"])
    with pytest.raises(ValueError, match=r"received None and .* for question number 0"):
        score([None], [["a"]])


def test_questions_without_answer_need_the_rules_of_squad_2():
    with pytest.raises(ValueError, match="received none for number 1: questions without answer"):
        squad_scores(["a", "b"], [["a"], []])


def test_null_scores_have_to_be_one_finite_number_each():
    with pytest.raises(ValueError, match=r"expected 2 finite null scores; received shape \(1,\)"):
        squad2_scores(["a", "b"], [["a"], []], [0.5])
    with pytest.raises(ValueError, match="1 of them not finite"):
        squad2_scores(["a", "b"], [["a"], []], [0.5, float("nan")])
