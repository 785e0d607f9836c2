"""Records the answers that Google's own post-processing takes from given logits.

    python tests/golden/record_squad_spans.py

Needs tf-models-official, whose `squad_lib.py` holds the windows and the n-best search of
`run_squad.py`. Logits are random whole eighths, so that some scores are equal. Written to
tests/golden/squad_spans.json.
"""

import collections
import json
import pathlib
import random
import tempfile

from official.nlp.data import squad_lib
from official.nlp.tools import tokenization

GOLDEN = pathlib.Path(__file__).with_name("squad_spans.json")
TEXT = (
    "the a boat river old green went down up slowly night bank trees and men sang of home while "
    "some women cooked fish over fires near water at dusk no wind blew but stars shone above them"
)
WORDS = TEXT.split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", ".", ",", *WORDS]
SETTINGS = [
    {"squad_v2": False, "n_best_size": 30, "max_answer_length": 4, "peaked": False},
    {"squad_v2": True, "n_best_size": 30, "max_answer_length": 7, "peaked": False},
    {"squad_v2": True, "n_best_size": 3, "max_answer_length": 5, "peaked": True},
    {"squad_v2": False, "n_best_size": 2, "max_answer_length": 5, "peaked": True},
]
LENGTH, STRIDE, QUERY = 17, 4, 5

Result = collections.namedtuple("Result", "unique_id start_logits end_logits")


def passages(draw: random.Random, number: int):
    """Questions and passages of words and punctuation, some longer than a window."""
    for _ in range(number):
        words = draw.sample(WORDS, draw.choice([1, 3, 9, 20, 33]))
        words += draw.choices(words, k=2)  # some texts stand twice
        marked = [word + draw.choice(["", "", "", ",", "."]) for word in words]
        text = " ".join(word.capitalize() if draw.random() < 0.2 else word for word in marked)
        yield " ".join(draw.choices(WORDS, k=draw.choice([1, 4, 8]))) + "?", text


def features_of(examples: list, vocabulary: str) -> list:
    """Google's windows."""
    features = []
    squad_lib.convert_examples_to_features(
        examples,
        tokenizer=tokenization.FullTokenizer(vocabulary, do_lower_case=True),
        max_seq_length=LENGTH,
        doc_stride=STRIDE,
        max_query_length=QUERY,
        is_training=False,
        batch_size=1,
        output_fn=lambda feature, is_padding: features.append(feature),
    )
    return features


def logits_of(draw: random.Random, feature, peaked: bool) -> list:
    """Start and end logits [S][2]; peaked ones are greater inside of the passage."""
    rows = []
    for position in range(len(feature.tokens)):
        more = 8 * (peaked and position in feature.token_to_orig_map)
        rows.append([draw.randint(-24, 24) / 8 + more for _ in range(2)])
    rows[0] = [draw.randint(16, 32) / 8 + 8 * peaked for _ in range(2)]
    return rows


def run(draw: random.Random, settings: dict, vocabulary: str) -> dict:
    """One setting: windows, logits and Google's answers."""
    pairs = list(passages(draw, 12))
    examples = [
        squad_lib.SquadExample(qas_id=str(n), question_text=q, doc_tokens=c.split())
        for n, (q, c) in enumerate(pairs)
    ]
    features = features_of(examples, vocabulary)
    logits = [logits_of(draw, feature, settings["peaked"]) for feature in features]
    padding = [-1e9] * LENGTH
    results = [
        Result(
            feature.unique_id, *([*column, *padding][:LENGTH] for column in zip(*rows, strict=True))
        )
        for feature, rows in zip(features, logits, strict=True)
    ]
    predictions, nbest, differences = squad_lib.postprocess_output(
        examples,
        features,
        results,
        n_best_size=settings["n_best_size"],
        max_answer_length=settings["max_answer_length"],
        do_lower_case=True,
        version_2_with_negative=settings["squad_v2"],
        null_score_diff_threshold=0.0,
    )
    listed = [[[one["text"], one["probability"]] for one in nbest[key]] for key in predictions]
    return settings | {
        "pairs": pairs,
        "ids": [feature.input_ids[: len(feature.tokens)] for feature in features],
        "logits": logits,
        "predictions": list(predictions.values()),
        "nbest": listed,
        "differences": list(differences.values()),
    }


def main() -> None:
    """Draws, asks and writes."""
    draw = random.Random(11)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as vocabulary:
        vocabulary.write("\n".join(VOCABULARY) + "\n")
        vocabulary.flush()
        runs = [run(draw, settings, vocabulary.name) for settings in SETTINGS]
    golden = {
        "vocabulary": VOCABULARY,
        "sequence_length": LENGTH,
        "stride": STRIDE,
        "max_query_length": QUERY,
        "runs": runs,
    }
    GOLDEN.write_text(json.dumps(golden) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
