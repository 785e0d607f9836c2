"""Scores of a whole evaluation set, as GLUE reports them.

scikit-learn and SciPy load when a score is asked for.

Shapes: N examples, K labels of a multi-label task.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np


def classification_scores(
    labels: Sequence[Any] | np.ndarray,
    predictions: Sequence[Any] | np.ndarray,
    positive: Any = None,
) -> dict[str, float]:
    """Accuracy, F1 and Matthews correlation.

    Args:
        labels: `[N]` classes, as strings or integers, or `[N, K]` of 0 and 1.
        predictions: of the same shape.
        positive: the class that F1 is of where there are two; None is the greater
            of the two (`1`, `yes`).

    Returns:
        For classes: `accuracy`, `f1_macro`, `matthews_correlation`, and `f1` where
        there are two classes. For `[N, K]`: `accuracy` (rows that are right as a
        whole), `f1_micro`, `f1_macro`. A class that is never predicted has F1 0,
        and constant predictions have Matthews correlation 0, by definition.

    Raises:
        ValueError: for no examples, for unlike shapes, for strings beside numbers,
            and for `[N, K]` of others than 0 and 1.
    """
    labels, predictions = _pair(labels, predictions)
    if labels.ndim == 2:
        return _multi_label_scores(labels, predictions)
    from sklearn import metrics

    if (labels.dtype.kind in "US") != (predictions.dtype.kind in "US"):
        raise ValueError(
            "expected labels and predictions of one kind, strings or numbers; received "
            f"{labels.dtype} and {predictions.dtype}"
        )
    classes = np.unique(np.concatenate([labels, predictions]))
    scores = {"accuracy": metrics.accuracy_score(labels, predictions)}
    if len(classes) == 2:
        positive = classes[1] if positive is None else positive
        scores["f1"] = _f1(labels == positive, predictions == positive, average="binary")
    scores["f1_macro"] = _f1(labels, predictions, average="macro")
    scores["matthews_correlation"] = (
        metrics.matthews_corrcoef(labels, predictions) if len(classes) > 1 else 0.0
    )
    return {name: float(score) for name, score in scores.items()}


def regression_scores(
    labels: Sequence[float] | np.ndarray, predictions: Sequence[float] | np.ndarray
) -> dict[str, float]:
    """Pearson and Spearman correlation, and the mean squared error.

    Args:
        labels: `[N]` numbers.
        predictions: `[N]` numbers, or `[N, 1]` as a model returns them.

    Returns:
        `pearson`, `spearman`, `mean_squared_error`.

    Raises:
        ValueError: for fewer than two examples, unlike lengths, numbers that are
            not finite, and for constant labels or predictions, which no
            correlation is defined for.
    """
    labels, predictions = (np.asarray(values, np.float64) for values in (labels, predictions))
    if predictions.ndim == 2 and predictions.shape[1] == 1:
        predictions = predictions[:, 0]
    labels, predictions = _pair(labels, predictions)
    if labels.ndim != 1:
        raise ValueError(f"expected one number an example, [N]; received shape {labels.shape}")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            raise ValueError(f"expected finite {name}; received {values[row]} in row {row}")
        if (values == values[0]).all():
            raise ValueError(
                f"expected {name} that differ, as correlation is undefined for constant ones; "
                f"received {len(values)} times {values[0]}"
            )
    from scipy import stats

    return {
        "pearson": float(stats.pearsonr(labels, predictions).statistic),
        "spearman": float(stats.spearmanr(labels, predictions).statistic),
        "mean_squared_error": float(np.mean((labels - predictions) ** 2)),
    }


def _pair(labels: Any, predictions: Any) -> tuple[np.ndarray, np.ndarray]:
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim not in (1, 2):
        raise ValueError(
            "expected labels and predictions of one shape, [N] or [N, K]; received "
            f"{labels.shape} and {predictions.shape}"
        )
    if not len(labels):
        raise ValueError("expected at least one example to score; received none")
    return labels, predictions


def _multi_label_scores(labels: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    for name, values in (("labels", labels), ("predictions", predictions)):
        if not np.isin(values, (0, 1)).all():
            odd = values[~np.isin(values, (0, 1))][0]
            raise ValueError(f"expected {name} [N, K] of 0 and 1; received {odd}")
    return {
        "accuracy": float((labels == predictions).all(axis=1).mean()),
        "f1_micro": _f1(labels, predictions, average="micro"),
        "f1_macro": _f1(labels, predictions, average="macro"),
    }


def _f1(labels: np.ndarray, predictions: np.ndarray, average: str) -> float:
    from sklearn import metrics

    return float(metrics.f1_score(labels, predictions, average=average, zero_division=0))
