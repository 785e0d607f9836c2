"""Records what the official scorers say of odd and random answers.

    python tests/golden/record_squad_metrics.py CMRC2018_EVALUATE.PY

Needs tf-models-official, which ships SQuAD's evaluate-v1.1 and evaluate-v2.0, and CMRC
2018's evaluation script (a file with `calc_em_score` and `calc_f1_score`). Written to
tests/golden/squad_metrics.json.
"""

import importlib.util
import json
import pathlib
import random
import sys

GOLDEN = pathlib.Path(__file__).with_name("squad_metrics.json")
ODD = [
    *("", " ", "the", "The a", "an", "a.", "...", "the the cat", "The Cat!", "cat", "cats"),
    *("U.S.", "US", "u. s.", "don't", "dont", "$3.50", "3.50", "350", "twenty-one", "twenty one"),
    *("caf\u00e9", "cafe", "Cafe\u0301", "\u0130stanbul", "i\u0307stanbul", "na\u00efve a the"),
    *("a\u00a0cat", "the\u3000cat", "cat\u200b", "\u201cthe cat\u201d", '"the cat"', "the-cat"),
    *(
        "北京",
        "北京。",
        "the 北京",
        "a北京",
        "theatre",
        "a_cat",
        "the_cat",
        "\tthe\ncat ",
        "🐈 cat",
    ),
    *("stra\u00dfe", "STRASSE", "cat the dog a bird", "bird dog cat", "cat cat dog", "cat dog dog"),
]
ODD_CHINESE = [
    *(
        "北京",
        "北京。",
        "《北京》",
        "北京 市",
        "在北京市",
        "",
        "。",
        "iPhone手机",
        "IPHONE 手机",
        "3.5%",
    ),
    *("约3.5%", "50％", "1989-1990年", "19891990年", "U.S.军队", "U.S. 军队", "don't 停", "繁體字"),
    *(
        "Mr. Li 先生",
        "“你好”",
        '"你好"',
        "你好...",
        "一二三一二",
        "三一二一",
        "(甲)乙",
        "甲——乙",
        "甲、乙和丙",
    ),
]
WORDS = ["the", "a", "an", "cat", "dog", "sat", "on", "mat", "2019", "U.S.", "it's", "x-ray"]


def variations(draw: random.Random, odd: list[str], words: list[str], joint: str, count: int):
    """Pairs of a prediction and right answers: odd ones, and runs of words that overlap."""
    for _ in range(count):
        if draw.random() < 0.4:
            yield draw.choice(odd), draw.choices(odd, k=draw.randint(1, 3))
        else:
            run = draw.choices(words, k=9)
            cut = lambda run=run: joint.join(run[draw.randint(0, 5) : draw.randint(3, 9)])  # noqa: E731
            yield cut(), [cut() for _ in range(draw.randint(1, 3))]


def dataset(rows: list) -> list:
    """SQuAD's nesting around pairs."""
    qas = [
        {"id": str(number), "answers": [{"text": text} for text in right]}
        for number, (_, right) in enumerate(rows)
    ]
    return [{"paragraphs": [{"qas": qas}]}]


def squad(rows: list) -> dict:
    """Scores of evaluate-v1.1."""
    from official.nlp.tools.squad_evaluate_v1_1 import evaluate

    predictions = {str(number): guess for number, (guess, _) in enumerate(rows)}
    return evaluate(dataset(rows), predictions)


def squad2(rows: list, nulls: list[float] | None) -> dict:
    """Scores of evaluate-v2.0."""
    from official.nlp.tools.squad_evaluate_v2_0 import evaluate

    predictions = {str(number): guess for number, (guess, _) in enumerate(rows)}
    chances = None if nulls is None else {str(n): null for n, null in enumerate(nulls)}
    return evaluate(dataset(rows), predictions, chances)


def main() -> None:
    """Draws, asks and writes."""
    draw = random.Random(7)
    rows = list(variations(draw, ODD, WORDS, " ", 400))
    each = [squad([row]) for row in rows]
    spec = importlib.util.spec_from_file_location("cmrc2018", sys.argv[1])
    cmrc = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cmrc)
    chinese = list(
        variations(draw, ODD_CHINESE, [*"北京市的大学在海淀区2年", "Li ", "B.C. "], "", 300)
    )
    runs = []
    for size, kinds in ((400, "both"), (60, "both"), (40, "answered"), (40, "unanswered")):
        some = [(g, list(r)) for g, r in draw.sample(rows, size)]
        for row in some:
            if kinds == "unanswered" or (kinds == "both" and draw.random() < 0.4):
                row[1].clear()
        nulls = [draw.choice([0.0, 0.5, 1.0, 2.0, draw.uniform(-3, 3)]) for _ in some]
        for chances in (None, nulls):
            runs.append({"rows": some, "nulls": chances, "scores": squad2(some, chances)})
    golden = {
        "squad": [
            [*row, one["exact_match"], one["final_f1"]] for row, one in zip(rows, each, strict=True)
        ],
        "squad_total": squad(rows),
        "squad2": runs,
        "chinese": [[g, r, cmrc.calc_em_score(r, g), cmrc.calc_f1_score(r, g)] for g, r in chinese],
    }
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
