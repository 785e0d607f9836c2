"""One row per task: how to make it small, and records to train it on and to ask it.

The tests of `test_tasks.py` run on every row. `x` and `y` are what `fit` takes, `asked`
what `predict` takes, and `served` the same records by the names of the served inputs.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.classifier import BertClassifier
from keras_bert.models.masked_lm import BertMaskedLM
from keras_bert.models.multi_task import BertMultiTask
from keras_bert.models.multiple_choice import BertMultipleChoice
from keras_bert.models.pretrainer import BertPretrainer
from keras_bert.models.question_answerer import BertQuestionAnswerer
from keras_bert.models.regressor import BertRegressor
from keras_bert.models.role_labeler import BertRoleLabeler
from keras_bert.models.sentence_encoder import BertSentenceEncoder
from keras_bert.models.token_classifier import BertTokenClassifier
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["ada", "##s", "bell", "café", "die", "stadt", "in", "lives", "met", "狗", "猫", "!", "?"]
TEXTS = [
    "Ada lives in die Stadt!",
    "",
    "狗 met 猫 in Café Bell?",
    "Bells 🙂 unknown \x00 Adas",
    "ada met bell in die stadt " * 5,
]
OTHERS = ["bell lives", "ada ?", "", "die 狗 in", "met " * 40]
# Short, or nothing would be left of the choices, and all of them alike.
QUESTIONS = ["ada ?", "", "狗 met", "café", "in"]
CHOICES = [[other, "猫 !", f"in {other}"] for other in OTHERS]


MASKED = [
    "ada lives in die [MASK]!",
    "[MASK]",
    "狗[MASK]猫 [MASK] [MASK]s in Café",
    "\x00 [MASK] 🙂",
]


@dataclasses.dataclass(frozen=True)
class TaskRow:
    """A small task and records for it."""

    make: Callable[..., Any]
    x: Any
    y: Any
    asked: Any
    served: dict[str, list]


def parts(dtype=None):
    """A fresh small backbone, the same each time, and its preprocessor."""
    keras.utils.set_random_seed(5)
    vocabulary = [*SPECIAL, *WORDS, "cafe"]
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=22,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=37,
        max_position_embeddings=19,
        initializer_range=0.2,
    )
    return BertBackbone(config, dtype=dtype), BertPreprocessor(BertTokenizer(vocabulary), 17)


ROWS = {
    "BertClassifier": TaskRow(
        make=lambda *parts: BertClassifier(*parts, ["no", "yes", "né"]),
        x=TEXTS,
        y=["no", "yes", "né", "yes", "no"],
        asked=TEXTS,
        served={"text": TEXTS},
    ),
    "BertClassifier_multi_label_pairs": TaskRow(
        make=lambda *parts: BertClassifier(*parts, ["a", "b"], multi_label=True, pairs=True),
        x=(TEXTS, OTHERS),
        y=[["a"], [], ["b", "a"], ["b"], []],
        asked=(TEXTS, OTHERS),
        served={"text": TEXTS, "text_pair": OTHERS},
    ),
    "BertQuestionAnswerer": TaskRow(
        make=lambda *parts: BertQuestionAnswerer(
            *parts, squad_v2=True, stride=5, max_query_length=4, n_best_size=7
        ),
        x=(OTHERS, TEXTS),
        y=["Ada", None, {"text": ["猫 in Café"], "answer_start": [6]}, ["🙂"], ["met bell", "in"]],
        asked=(OTHERS, TEXTS),
        served={"question": OTHERS, "context": TEXTS},
    ),
    "BertQuestionAnswerer_plain": TaskRow(
        make=lambda *parts: BertQuestionAnswerer(*parts, max_query_length=11, n_best_size=3),
        x=(["ada ?", "", "met", "狗 ?"], [text for text in OTHERS if text]),
        y=["bell lives", "ada ?", "狗", "met"],
        asked=(TEXTS, OTHERS),
        served={"question": TEXTS, "context": OTHERS},
    ),
    "BertRegressor": TaskRow(
        make=lambda *parts: BertRegressor(*parts, pooling="max"),
        x=TEXTS,
        y=[0.5, 1.25, 3, -2, 0],
        asked=TEXTS,
        served={"text": TEXTS},
    ),
    "BertMultipleChoice": TaskRow(
        make=lambda *parts: BertMultipleChoice(*parts, pooling="mean"),
        x=(TEXTS, CHOICES),
        y=[0, 2, 1, "die 狗 in", 2],
        asked=(TEXTS, CHOICES),
        served={"context": TEXTS, "choices": CHOICES},
    ),
    "BertMultipleChoice_question": TaskRow(
        make=lambda *parts: BertMultipleChoice(*parts, question=True),
        x=(TEXTS, QUESTIONS, CHOICES),
        y=[0, 2, 1, 0, 2],
        asked=(TEXTS, QUESTIONS, CHOICES),
        served={"context": TEXTS, "question": QUESTIONS, "choices": CHOICES},
    ),
    "BertMultiTask": TaskRow(
        make=lambda *parts: BertMultiTask(
            *parts,
            {
                "mood": {"task": "classify", "labels": ["no", "né"], "pooling": "mean"},
                "tags": {"task": "classify", "labels": ["a", "b", "c"], "multi_label": True},
                "size": {"task": "regress"},
            },
        ),
        x=TEXTS,
        y={
            "mood": ["no", "né", None, "né", "no"],
            "tags": [["a"], [], ["b", "a"], None, ["c"]],
            "size": [None, 0.5, 1, 2, 3],
        },
        asked=TEXTS,
        served={"text": TEXTS},
    ),
    "BertSentenceEncoder": TaskRow(
        make=lambda *parts: BertSentenceEncoder(*parts, embedding_size=7),
        x=(TEXTS, OTHERS),
        y=[0.5, 1, 0, 0.25, 0.75],
        asked=TEXTS,
        served={"text": TEXTS},
    ),
    "BertTokenClassifier": TaskRow(
        make=lambda *parts: BertTokenClassifier(*parts, ["PER", "LOC"], stride=5),
        x=[text.split(" ") for text in TEXTS],
        y=[["B-PER", *["O"] * text.count(" ")] for text in TEXTS],
        asked=TEXTS,
        served={"text": TEXTS},
    ),
    "BertTokenClassifier_argmax_bioes": TaskRow(
        make=lambda *parts: BertTokenClassifier(
            *parts, ["B-A", "O", "E-A", "I-A", "S-A"], decoding="argmax"
        ),
        x=["Ada met 狗", ""],
        y=[[{"start": 8, "end": 9, "type": "A"}], []],
        asked=TEXTS,
        served={"text": TEXTS},
    ),
    "BertRoleLabeler": TaskRow(
        make=lambda *parts: BertRoleLabeler(*parts, ["ARG0", "ARG1"]),
        x=([["ada", "met", "ada"], ["bell", "lives", "!"]], [1, 1]),
        y=[["B-ARG0", "O", "B-ARG1"], ["B-ARG0", "O", "O"]],
        asked=(["ada met 狗 !", "in Café Bell lives ada"], [(4, 7), (13, 18)]),
        served={
            "text": ["ada met 狗 !", "in Café Bell lives ada"],
            "predicate_start": [4, 13],
            "predicate_end": [7, 18],
        },
    ),
    "BertMaskedLM": TaskRow(
        make=lambda *parts: BertMaskedLM(*parts, top_k=3, whole_word=True),
        x=TEXTS,
        y=None,
        asked=MASKED,
        served={"text": MASKED},
    ),
    "BertPretrainer": TaskRow(
        make=lambda *parts: BertPretrainer(*parts, max_predictions_per_seq=5),
        x=(TEXTS, OTHERS),
        y=[0, 1, 1, 0, 0],
        asked=(TEXTS, OTHERS),
        served={"text": TEXTS, "text_pair": OTHERS},
    ),
}
