"""Records of multiple choice: a context, perhaps a question, and K texts to choose from.

A record becomes K rows, `[CLS] context [SEP] choice [SEP]`; a question stands before each
choice, as transformers' recipe for RACE has it.

Shapes: N records in memory, B records of a batch, K choices.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_bert.models.grouped_inputs import GroupedPipeline, Rows
from keras_bert.models.text_inputs import as_texts
from keras_bert.text.preprocessor import BertPreprocessor


class Choices(NamedTuple):
    """N records: contexts, questions or None, and a list of K choices each."""

    contexts: list
    questions: list | None
    choices: list[list]


class ChoiceLabels:
    """Which choice is right: its number from 0, or its text."""

    def encode(self, labels: Any) -> np.ndarray:
        """Numbers as int32 [N].

        Raises:
            ValueError: something else than whole numbers from 0.
        """
        numbers = np.asarray(labels)
        if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or (numbers < 0).any():
            raise ValueError(
                "expected labels to be numbers of choices from 0, shape [N]; received "
                f"{numbers.dtype} of shape {list(numbers.shape)}"
            )
        return numbers.astype("int32")

    def encode_among(self, labels: Any, choices: list[list]) -> np.ndarray:
        """Numbers or texts of choices as int32 [N].

        Args:
            labels: N numbers or texts.
            choices: N lists of K texts.

        Raises:
            ValueError: not as many labels as records; and, naming the record, a number out
                of range, or a text that is none of the choices or two of them.
        """
        if len(labels) != len(choices):
            raise ValueError(
                f"expected a label for each record; received {len(choices)} records "
                f"and {len(labels)} labels"
            )
        return np.array(
            [
                _place(label, list(texts), record)
                for record, (label, texts) in enumerate(zip(labels, choices, strict=True))
            ],
            "int32",
        )

    def encode_tensor(self, labels: tf.Tensor) -> tf.Tensor:
        """As `encode`, in graph operations."""
        return tf.cast(labels, tf.int32)


class ChoicePipeline(GroupedPipeline):
    """Contexts and choices as interleaved rows of two texts.

    Args:
        preprocessor: the task's.
        targets: `ChoiceLabels`.
        question: whether records have a question.
    """

    def __init__(
        self, preprocessor: BertPreprocessor, targets: ChoiceLabels, question: bool
    ) -> None:
        super().__init__(preprocessor, targets, pairs=True)
        self.question = question

    def rows(self, x: Any, y: Any) -> Rows:
        """Records in memory as K rows each."""
        records = as_choices(x, self.question)
        count = len(records.choices[0]) if records.choices else 2
        firsts = [context for context in records.contexts for _ in range(count)]
        seconds = [choice for choices in records.choices for choice in choices]
        if records.questions is not None:
            questions = [text for text in records.questions for _ in range(count)]
            seconds = [_joined(*texts) for texts in zip(questions, seconds, strict=True)]
        labels = None if y is None else self.targets.encode_among(y, records.choices)
        return Rows((firsts, seconds), count, labels)

    def convert(self, x: Any, *rest: Any) -> tuple:
        """A batch of string tensors: its features, and labels [B]."""
        features = self.preprocessor(choice_rows(x))
        return (features, *(self._label(y, x[-1]) for y in rest[:1]), *rest[1:])

    def _label(self, labels: tf.Tensor, choices: tf.Tensor) -> tf.Tensor:
        if labels.dtype != tf.string:
            return self.targets.encode_tensor(labels)
        same = tf.equal(choices, labels[:, tf.newaxis])  # [B, K]
        once = tf.reduce_sum(tf.cast(same, tf.int32), axis=1) == 1
        check = tf.debugging.Assert(
            tf.reduce_all(once),
            ["expected labels among the choices; received", tf.boolean_mask(labels, ~once)],
        )
        with tf.control_dependencies([check]):
            return tf.argmax(same, axis=1, output_type=tf.int32)


def choice_rows(columns: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """String tensors context [B], perhaps question [B], and choices [B, K] as two [B * K]."""
    contexts, choices = columns[0], columns[-1]
    firsts = tf.repeat(contexts, tf.shape(choices)[1])
    seconds = tf.reshape(choices, [-1])
    if len(columns) == 3:
        seconds = tf.strings.join([tf.repeat(columns[1], tf.shape(choices)[1]), seconds], " ")
    return firsts, seconds


def as_choices(x: Any, question: bool) -> Choices:
    """Checks records in memory.

    Args:
        x: `(contexts, choices)`, or `(contexts, questions, choices)` with a question: N
            texts each, and N lists of K texts.
        question: which of the two.

    Raises:
        ValueError: another number of collections, collections of unequal lengths, fewer
            than 2 choices, or a record with more or fewer of them than the first one.
    """
    names = ("contexts", "questions", "choices") if question else ("contexts", "choices")
    if not isinstance(x, tuple | list) or len(x) != len(names):
        raise ValueError(
            f"expected records as a tuple of collections ({', '.join(names)}); received "
            f"{type(x).__name__}" + (f" of length {len(x)}" if hasattr(x, "__len__") else "")
        )
    texts = [as_texts(column, pairs=False)[0] for column in x[:-1]]
    choices = [_texts(choices, record) for record, choices in enumerate(x[-1])]
    lengths = {len(column) for column in (*texts, choices)}
    if len(lengths) > 1:
        raise ValueError(
            f"expected as many {names[0]} as {' and '.join(names[1:])}; received "
            f"{', '.join(str(len(column)) for column in (*texts, choices))}"
        )
    for record, one in enumerate(choices):
        if len(one) < 2 or len(one) != len(choices[0]):
            wanted = (
                f"{len(choices[0])} choices, as in record 0," if record else "2 or more choices"
            )
            raise ValueError(f"expected {wanted} in record {record}; received {len(one)}")
    return Choices(texts[0], texts[1] if question else None, choices)


def _texts(choices: Any, record: int) -> list:
    try:
        return as_texts(choices, pairs=False)[0]
    except (ValueError, TypeError) as error:
        raise ValueError(f"expected a list of choices in record {record}; {error}") from error


def _joined(question: str | bytes, choice: str | bytes) -> bytes:
    return b" ".join(t if isinstance(t, bytes) else t.encode("utf-8") for t in (question, choice))


def _place(label: Any, choices: list, record: int) -> int:
    """The number of the right choice."""
    if isinstance(label, str | bytes):
        places = [place for place, text in enumerate(choices) if _text(text) == _text(label)]
        if len(places) != 1:
            raise ValueError(
                f"expected a label that is one of the choices in record {record}; received "
                f"{_text(label)!r}, which is {len(places)} of them"
            )
        return places[0]
    if not isinstance(label, int | np.integer) or not 0 <= label < len(choices):
        raise ValueError(
            f"expected a label from 0 to {len(choices) - 1} in record {record}; received {label!r}"
        )
    return int(label)


def _text(text: str | bytes) -> str:
    return text.decode("utf-8") if isinstance(text, bytes) else text
