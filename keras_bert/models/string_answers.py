"""Answers of a task whose strings and model are tied by `answer_strings`, batch by batch.

Shapes: N records, B records of a batch.
"""

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.models.text_inputs import as_texts, is_dataset, is_raw_text
from keras_bert.text.answer_chunks import join_chunks
from keras_bert.text.answers import as_numpy

if TYPE_CHECKING:
    from keras_bert.models.task import Task


def texts_in_memory(x: Any, pairs: bool) -> tuple[list, ...]:
    """N texts, or pairs of them, as one list or two.

    Args:
        x: what `as_texts` takes, or a dataset of texts alone.
        pairs: whether records are two texts.

    Raises:
        ValueError: tensors of ids, a dataset of labelled texts, or what `as_texts` refuses.
    """
    if is_dataset(x):
        specs = tf.nest.flatten(x.element_spec)
        if len(specs) != 1 + pairs or any(spec.dtype != tf.string for spec in specs):
            raise ValueError(f"expected a dataset of texts alone; received {x.element_spec}")
        rows = [tf.nest.flatten(element) for element in x.as_numpy_iterator()]
        columns = tuple(
            [text for column in group for text in np.atleast_1d(column).tolist()]
            for group in (zip(*rows, strict=True) if rows else [[]] * len(specs))
        )
        return as_texts(columns if pairs else columns[0], pairs)
    if not is_raw_text(x) and not (pairs and isinstance(x, tuple | list)):
        raise ValueError(f"expected texts; received {type(x).__name__}: call the model on ids")
    return as_texts(x, pairs)


def answer_in_batches(
    task: "Task", columns: tuple[list, ...], batch_size: int, verbose: Any = 0
) -> dict[str, np.ndarray]:
    """`task.answer_strings` of N records in batches of like length, in the records' order.

    Args:
        task: the model is its own compiled prediction step.
        columns: what `texts_in_memory` returned.
        batch_size: B.
        verbose: 0 for no progress bar, anything else for one.

    Returns:
        Columns [N, ...]; strings are `str`; lists of unlike length end in "", -1 or 0.
    """
    records = len(columns[0])
    if not records:  # the shapes of one that is not asked for
        nothing = answer_in_batches(task, tuple([""] for _ in columns), 1)
        return {name: column[:0] for name, column in nothing.items()}
    lengths = [sum(map(len, texts)) for texts in zip(*columns, strict=True)]
    order = np.argsort(lengths, kind="stable")[::-1]  # the largest batch fails first
    padding = "fixed" if task.compiles_each_length() else "longest"
    bar = keras.utils.Progbar(records, unit_name="record", verbose=int(bool(verbose)))
    chunks = []
    for start in range(0, records, batch_size):
        rows = order[start : start + batch_size]
        tensors = [tf.constant([column[row] for row in rows], tf.string) for column in columns]
        chunks.append(as_numpy(task.answer_strings(_forward(task), tensors, padding)))
        bar.update(start + len(rows))
    back = np.argsort(order)
    return {name: column[back] for name, column in join_chunks(chunks).items()}


def _forward(task: "Task") -> Any:
    def forward(features: dict[str, tf.Tensor]) -> Any:
        inputs = {name: np.asarray(tensor) for name, tensor in features.items()}
        outputs = task.predict_on_batch(inputs)
        return keras.tree.map_structure(lambda x: tf.constant(np.asarray(x)), outputs)

    return forward
