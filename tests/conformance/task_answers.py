"""What every task's `predict` answers, loaded from its preset; called where Keras is on JAX."""

import pathlib

import task_rows
from served_answers import plain

from keras_bert.models import load_task


def answers(folder):
    """Columns of answers by task, from a folder with a preset for each row of task_rows.py."""
    return {
        name: {
            key: plain(value)
            for key, value in load_task(pathlib.Path(folder) / name)
            .predict(row.asked, verbose=0)
            .items()
        }
        for name, row in task_rows.ROWS.items()
    }
