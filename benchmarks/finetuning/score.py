"""Scores predictions of either engine on the held-out rows, with outside scorers.

    python benchmarks/finetuning/score.py ROWS.json PREDICTIONS.json [PREDICTIONS.json …]

seqeval for entities, the official script of SQuAD in tf-models-official, SciPy and
scikit-learn for the rest. Prints one JSON line for each part of the rows of each file.
"""

import argparse
import json
import pathlib


def sequence_scores(rows: list[dict], found: list) -> dict:
    """Accuracy and macro F1 of class names."""
    from sklearn import metrics

    truth = [row["label"] for row in rows]
    return {
        "accuracy": metrics.accuracy_score(truth, found),
        "f1_macro": metrics.f1_score(truth, found, average="macro"),
    }


def number_scores(rows: list[dict], found: list) -> dict:
    """Correlations."""
    from scipy import stats

    truth = [float(row["label"]) for row in rows]
    return {
        "spearman": stats.spearmanr(truth, found).statistic,
        "pearson": stats.pearsonr(truth, found).statistic,
    }


def tag_scores(rows: list[dict], found: list) -> dict:
    """Entity F1 of seqeval; a predicate's own tag is given, and not counted."""
    from seqeval import metrics

    truth = [[_uncounted(tag) for tag in row["tags"]] for row in rows]
    found = [[_uncounted(tag) for tag in tags] for tags in found]
    return {
        "f1": metrics.f1_score(truth, found),
        "precision": metrics.precision_score(truth, found),
        "recall": metrics.recall_score(truth, found),
    }


def _uncounted(tag: str) -> str:
    if tag in ("B-V", "I-V"):
        return "O"
    return f"I-{tag[2:]}" if tag.startswith("M-") else tag  # seqeval reads BIES, not BMES


OFFICIAL = {"exact": "exact_match", "f1": "f1", "HasAns_f1": "has_answer", "NoAns_f1": "no_answer"}


def span_scores(rows: list[dict], found: list) -> dict:
    """Exact match and F1 by the official script, as the TensorFlow Model Garden has it.

    Where no answer may be right, by a threshold of 0, and by that of the best F1 on the other
    half of the rows (`tuned`).
    """
    if isinstance(found[0], str):
        return _named(official_scores(rows, found))
    half, tuned = len(rows) // 2, []
    for part, other in [(slice(half), slice(half, None)), (slice(half, None), slice(half))]:
        texts, nulls = ([answer[key] for answer in found[other]] for key in ("text", "null"))
        tuned += refused(found[part], official_scores(rows[other], texts, nulls)["final_f1_thresh"])
    scores = _named(official_scores(rows, refused(found, 0.0)))
    return scores | {f"tuned_{k}": v for k, v in _named(official_scores(rows, tuned)).items()}


def refused(found: list[dict], threshold: float) -> list[str]:
    """Answers, empty where no answer is ahead of them by more than the threshold."""
    return [answer["text"] if answer["null"] <= threshold else "" for answer in found]


def official_scores(rows: list[dict], texts: list[str], nulls: list[float] | None = None) -> dict:
    """What the script says of the texts, refused where `nulls` are above its thresholds."""
    from official.nlp.tools import squad_evaluate_v2_0

    questions = [
        {"id": row["id"], "answers": [{"text": text} for text in row["answers"]["text"]]}
        for row in rows
    ]
    ids = [row["id"] for row in rows]
    return squad_evaluate_v2_0.evaluate(
        [{"paragraphs": [{"qas": questions}]}],
        dict(zip(ids, texts, strict=True)),
        dict(zip(ids, nulls, strict=True)) if nulls else None,
    )


def _named(scores: dict) -> dict:
    return {name: scores[key] / 100 for key, name in OFFICIAL.items() if key in scores}


def chinese_span_scores(rows: list[dict], found: list) -> dict:
    """Exact match and F1 by CMRC 2018's rules, which keras_bert's own scores follow."""
    from keras_bert.training.chinese_answers import chinese_scores

    scores = chinese_scores(found, [row["answers"]["text"] for row in rows])
    return {name: scores[name] / 100 for name in ("exact_match", "f1")}


def main() -> None:
    """Scores each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows")
    parser.add_argument("predictions", nargs="+")
    parser.add_argument("--chinese", action="store_true", help="score answers by characters")
    a = parser.parse_args()
    content = json.loads(pathlib.Path(a.rows).read_text(encoding="utf-8"))
    score = {"regress": number_scores, "tag": tag_scores, "srl": tag_scores, "squad": span_scores}
    score |= {"squad": chinese_span_scores} if a.chinese else {}
    for path in a.predictions:
        found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        parts: dict[str, list] = {}
        for row, answer in zip(content["test"], found, strict=True):
            parts.setdefault(row.get("part", "held out"), []).append((row, answer))
        for part, pairs in parts.items():
            rows, answers = ([*column] for column in zip(*pairs, strict=True))
            scores = score.get(content["kind"], sequence_scores)(rows, answers)
            rounded = {name: round(100 * float(value), 2) for name, value in scores.items()}
            print(json.dumps({"predictions": path, "part": part, "rows": len(rows), **rounded}))


if __name__ == "__main__":
    main()
