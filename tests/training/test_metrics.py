import numpy as np
import pytest

from keras_bert.training.metrics import classification_scores, regression_scores


def test_two_classes_by_hand():
    #         tp tp fn fp tn
    labels = ["b", "b", "b", "a", "a"]
    predictions = ["b", "b", "a", "b", "a"]
    scores = classification_scores(labels, predictions)
    assert scores["accuracy"] == pytest.approx(3 / 5)
    assert scores["f1"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert scores["f1_macro"] == pytest.approx((4 / 6 + 2 / 4) / 2)
    matthews = (2 * 1 - 1 * 1) / np.sqrt((2 + 1) * (2 + 1) * (1 + 1) * (1 + 1))
    assert scores["matthews_correlation"] == pytest.approx(matthews)
    assert all(type(score) is float for score in scores.values())
    other = classification_scores(labels, predictions, positive="a")
    assert other["f1"] == pytest.approx(2 / 4)
    assert other["accuracy"] == scores["accuracy"]


def test_more_classes_and_numbers():
    scores = classification_scores([0, 1, 2, 2], np.array([0, 1, 2, 1]))
    assert set(scores) == {"accuracy", "f1_macro", "matthews_correlation"}
    assert scores["f1_macro"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)


def test_constant_predictions_have_a_score():
    scores = classification_scores(["a", "b"], ["a", "a"])
    assert (scores["matthews_correlation"], scores["f1"]) == (0.0, 0.0)
    one = classification_scores(["a", "a"], ["a", "a"])
    assert one == {"accuracy": 1.0, "f1_macro": 1.0, "matthews_correlation": 0.0}


def test_multi_label_by_hand():
    labels = [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    predictions = [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    scores = classification_scores(labels, predictions)
    assert scores == pytest.approx(
        {"accuracy": 2 / 3, "f1_micro": 2 * 2 / (2 * 2 + 1), "f1_macro": 2 / 3}
    )


def test_regression_by_hand():
    labels, predictions = [1.0, 2.0, 3.0], np.array([[1.0], [4.0], [9.0]])
    scores = regression_scores(labels, predictions)
    assert scores["spearman"] == pytest.approx(1.0)
    assert scores["pearson"] == pytest.approx(np.corrcoef(labels, predictions[:, 0])[0, 1])
    assert scores["mean_squared_error"] == pytest.approx((0 + 4 + 36) / 3)
    assert all(type(score) is float for score in scores.values())


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        (["a"], ["a", "b"], r"of one shape, .*; received \(1,\) and \(2,\)"),
        ([], [], "at least one example to score; received none"),
        ("a", "b", r"of one shape, .*received \(\) and \(\)"),
        (["1"], [1], "one kind, strings or numbers; received <U1 and int"),
        ([[0, 1]], [[0, 2]], r"expected predictions \[N, K\] of 0 and 1; received 2"),
        ([[0.5, 1]], [[0, 1]], r"expected labels \[N, K\] of 0 and 1; received 0.5"),
    ],
)
def test_bad_classes(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        classification_scores(labels, predictions)


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([1.0, 2.0], [3.0, 3.0], "predictions that differ, .* received 2 times 3.0"),
        ([1.0, 1.0], [3.0, 4.0], "labels that differ, as correlation is undefined"),
        ([1.0], [3.0], "labels that differ"),
        ([1.0, 2.0], [3.0, float("nan")], "expected finite predictions; received nan in row 1"),
        ([float("inf"), 2.0], [3.0, 4.0], "expected finite labels; received inf in row 0"),
        ([], [], "at least one example to score; received none"),
        ([1.0, 2.0], [1.0], r"of one shape, .*; received \(2,\) and \(1,\)"),
        ([[1.0, 2.0]], [[1.0, 2.0]], r"one number an example, \[N\]; received shape \(1, 2\)"),
    ],
)
def test_bad_numbers(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        regression_scores(labels, predictions)
