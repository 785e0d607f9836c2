"""Exact match and F1 of answers, as SQuAD's own scorers count them.

Texts are compared without case, ASCII punctuation, the articles a, an and the, and runs
of whitespace; F1 is over bags of words; of several right answers the best one counts.

Source: evaluate-v1.1.py (Rajpurkar et al. 2016) and evaluate-v2.0.py (2018). The two
differ: 2.0 knows questions without answer, leaves out right answers that normalise to
nothing, and gives F1 1 to two texts that both do, where 1.1 gives 0.
Shapes: N questions.
"""

import collections
import re
import string
from collections.abc import Callable, Iterator, Sequence

import numpy as np

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)

Compare = Callable[[str, str], float]


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces."""
    text = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", text).split())


def exact_match(right: str, prediction: str) -> float:
    """1.0 if the two are the same once normalised."""
    return float(normalise(right) == normalise(prediction))


def word_f1(right: str, prediction: str) -> float:
    """Harmonic mean of precision and recall over words, each as often as it stands."""
    ours, theirs = normalise(prediction).split(), normalise(right).split()
    common = sum((collections.Counter(ours) & collections.Counter(theirs)).values())
    return harmonic_mean(common, len(ours), len(theirs))


def harmonic_mean(common: int, predicted: int, right: int) -> float:
    """F1 of `common` among `predicted` and among `right`."""
    if common == 0:
        return 0.0
    precision, recall = common / predicted, common / right
    return (2 * precision * recall) / (precision + recall)


def squad_scores(
    predictions: Sequence[str],
    answers: Sequence[Sequence[str]],
    exact: Compare = exact_match,
    f1: Compare = word_f1,
) -> dict[str, float]:
    """Scores by the rules of SQuAD 1.1, where every question has an answer.

    Args:
        predictions: N texts.
        answers: for each of the N questions its right answers, one or more.
        exact: of a right answer and a prediction.
        f1: likewise.

    Returns:
        `exact_match` and `f1` in percent, and `total` (N).

    Raises:
        ValueError: no questions, not as many predictions, what is no text, or a question
            without a right answer.
    """
    pairs = list(_pairs(predictions, answers))
    empty = next((number for number, (_, right) in enumerate(pairs) if not right), None)
    if empty is not None:
        raise ValueError(
            f"expected a right answer for every question; received none for number {empty}: "
            "questions without answer are scored by the rules of SQuAD 2.0"
        )
    return {
        "exact_match": _percent([max(exact(r, guess) for r in right) for guess, right in pairs]),
        "f1": _percent([max(f1(r, guess) for r in right) for guess, right in pairs]),
        "total": len(pairs),
    }


def squad2_scores(
    predictions: Sequence[str],
    answers: Sequence[Sequence[str]],
    null_scores: Sequence[float] | np.ndarray | None = None,
    threshold: float = 1.0,
    exact: Compare = exact_match,
    f1: Compare = word_f1,
) -> dict[str, float]:
    """Scores by the rules of SQuAD 2.0, where questions may have no answer.

    Args:
        predictions: N texts, "" for no answer.
        answers: for each of the N questions its right answers; none for no answer.
        null_scores: float [N], rising with the belief that there is no answer; with them
            the best thresholds are looked for, for which `predictions` should be the best
            answers that are not empty. None means 0 each.
        threshold: a question with a greater null score counts as answered by "".
        exact: of a right answer and a prediction.
        f1: likewise.

    Returns:
        In percent `exact_match`, `f1`, and the same of the questions with and without
        answer: `HasAns_exact`, `HasAns_f1`, `NoAns_exact`, `NoAns_f1`; the greatest
        that a threshold could give, `best_exact` and `best_f1`, with that threshold,
        `best_exact_thresh` and `best_f1_thresh`; and `total`, `HasAns_total`,
        `NoAns_total`. Kinds of questions that do not occur are left out.

    Raises:
        ValueError: as `squad_scores`, but for questions without right answer; null scores
            that are not one finite number for each question.
    """
    pairs = list(_pairs(predictions, answers))
    nulls = _null_scores(null_scores, len(pairs))
    has = np.array([bool(right) for _, right in pairs])
    refused = nulls > threshold
    golds = [[text for text in right if normalise(text)] or [""] for _, right in pairs]
    raw: dict[str, list[float]] = {"exact": [], "f1": []}
    for (guess, _), right in zip(pairs, golds, strict=True):
        raw["exact"].append(max(exact(text, guess) for text in right))
        # Two texts without a word are the same, which F1 alone does not see.
        raw["f1"].append(max(*(f1(text, guess) for text in right), raw["exact"][-1]))
    scores = {name: np.where(refused, ~has, values).astype(float) for name, values in raw.items()}
    result: dict[str, float] = {"exact_match": _percent(scores["exact"].tolist())}
    result |= {"f1": _percent(scores["f1"].tolist()), "total": len(pairs)}
    for kind, chosen in (("HasAns", has), ("NoAns", ~has)):
        if chosen.any():
            for name, values in scores.items():
                result[f"{kind}_{name}"] = _percent(values[chosen].tolist())
            result[f"{kind}_total"] = int(chosen.sum())
    guessed = np.array([bool(guess) for guess, _ in pairs])
    for name, column in raw.items():
        best, thresh = _best_threshold(np.array(column), guessed, nulls, has)
        result |= {f"best_{name}": best, f"best_{name}_thresh": thresh}
    return result


def _best_threshold(
    scores: np.ndarray, guessed: np.ndarray, nulls: np.ndarray, has: np.ndarray
) -> tuple[float, float]:
    """The greatest score in percent that a threshold gives, and the lowest such threshold.

    Starts with every question refused, and takes them up one after another by null score.
    """
    gains = np.where(has, scores, np.where(guessed, -1.0, 0.0))  # [N]
    order = np.argsort(nulls, kind="stable")
    refused_all = float((~has).sum())
    course = np.cumsum(np.concatenate([[refused_all], gains[order]]))  # [N + 1]
    best = int(np.argmax(course))  # the first of equals
    threshold = 0.0 if best == 0 else float(nulls[order[best - 1]])
    return float(100.0 * course[best] / len(scores)), threshold


def _pairs(
    predictions: Sequence[str], answers: Sequence[Sequence[str]]
) -> Iterator[tuple[str, list[str]]]:
    if not len(predictions) or len(predictions) != len(answers):
        raise ValueError(
            "expected a prediction for each of one or more questions; received "
            f"{len(predictions)} predictions for {len(answers)} questions"
        )
    for number, (guess, right) in enumerate(zip(predictions, answers, strict=True)):
        texts = None if isinstance(right, str) else list(right)
        if texts is None or not all(isinstance(text, str) for text in [guess, *texts]):
            raise ValueError(
                "expected a text as prediction and a collection of texts as right answers; "
                f"received {guess!r:.60} and {right!r:.60} for question number {number}"
            )
        yield str(guess), texts


def _null_scores(values: Sequence[float] | np.ndarray | None, number: int) -> np.ndarray:
    nulls = np.zeros(number) if values is None else np.asarray(values, np.float64)
    if nulls.shape != (number,) or not np.isfinite(nulls).all():
        raise ValueError(
            f"expected {number} finite null scores; received shape {nulls.shape}, "
            f"{int((~np.isfinite(nulls)).sum())} of them not finite"
        )
    return nulls


def _percent(values: Sequence[float]) -> float:
    return 100.0 * sum(values) / len(values)
