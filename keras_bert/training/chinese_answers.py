"""Exact match and F1 of Chinese answers, as CMRC 2018's scorer counts them.

Punctuation is left out; a Chinese character is a unit, and so is each word of text in
other scripts. F1 goes by the longest run of units that two answers share, not by bags.
DRCD, in traditional characters, is scored in the same way.

Source: cmrc2018_evaluate.py v5 (Cui et al. 2019, arXiv:1810.07366). It splits text of
other scripts into words as NLTK does, by the rules of the Penn Treebank: those that matter
in answers are here, without NLTK.
Shapes: N questions.
"""

import re
from collections.abc import Sequence

from keras_bert.training.squad_metrics import harmonic_mean, squad_scores

# Both widths of the marks that the scorer leaves out; others, such as "." and ",", count.
PUNCTUATION = "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』"
_NO_PUNCTUATION = str.maketrans("", "", PUNCTUATION)
_CHINESE = r"\u4e00-\u9fa5"
_LAST_PERIOD = rf"\.(?=[\])}}>\"'»]*\s*(?:[{_CHINESE}]|$))"
_CONTRACTION = r"'(?:ll|re|ve|[smd])\b"
_LAST_QUOTE = rf"'(?=[\s{_CHINESE}]|$)"
_ALONE = rf"\.{{2,}}|{_LAST_PERIOD}|,(?!\d)|{_CONTRACTION}|{_LAST_QUOTE}|[;@#$%&?!()\[\]{{}}<>\"—]"
_WORD = rf"(?:(?!{_ALONE})[^\s{_CHINESE}])+"
_UNITS = re.compile(rf"[{_CHINESE}]|{_ALONE}|{_WORD}")


def chinese_scores(
    predictions: Sequence[str], answers: Sequence[Sequence[str]]
) -> dict[str, float]:
    """Scores by the rules of CMRC 2018; arguments, result and errors of `squad_scores`."""
    return squad_scores(predictions, answers, exact=character_match, f1=character_f1)


def character_match(right: str, prediction: str) -> float:
    """1.0 if the two are the same without case and punctuation."""
    return float(_bare(right) == _bare(prediction))


def character_f1(right: str, prediction: str) -> float:
    """Harmonic mean of precision and recall of the longest common run of units."""
    ours, theirs = _units(prediction), _units(right)
    return harmonic_mean(_longest_common_run(ours, theirs), len(ours), len(theirs))


def _bare(text: str) -> str:
    return text.lower().strip().translate(_NO_PUNCTUATION)


def _units(text: str) -> list[str]:
    return _UNITS.findall(_bare(text))


def _longest_common_run(first: list[str], second: list[str]) -> int:
    best, row = 0, [0] * (len(second) + 1)
    for unit in first:
        # row[j + 1]: length of the run that ends at this unit and at second[j].
        row = [0, *(row[j] + 1 if unit == other else 0 for j, other in enumerate(second))]
        best = max(best, *row)
    return best
