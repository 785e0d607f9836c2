"""Columns of chunks whose lists are of unlike length."""

import numpy as np

from keras_bert.text.answer_chunks import join_chunks


def test_lists_are_filled_up_to_the_longest():
    chunks = [
        {
            "words": np.array([["a", "b"]]),
            "starts": np.array([[3, 5]]),
            "score": np.array([[0.5, 0.1]]),
        },
        {
            "words": np.array([["c"], [""]]),
            "starts": np.array([[7], [9]]),
            "score": np.array([[1.0], [2.0]]),
        },
    ]
    joined = join_chunks(chunks)
    assert joined["words"].tolist() == [["a", "b"], ["c", ""], ["", ""]]
    assert joined["starts"].tolist() == [[3, 5], [7, -1], [9, -1]]
    assert joined["score"].tolist() == [[0.5, 0.1], [1.0, 0.0], [2.0, 0.0]]


def test_single_values_are_put_end_to_end():
    joined = join_chunks(
        [{"n": np.array([1])}, {"n": np.array([], "int64")}, {"n": np.array([2, 3])}]
    )
    assert joined["n"].tolist() == [1, 2, 3]
