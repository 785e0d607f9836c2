import itertools

import numpy as np
import tensorflow as tf

from keras_bert.text.viterbi import viterbi


def best_by_trying_all(scores, first, last, follows):
    """The best allowed path over scores [L, C], by looking at every one."""
    length, tags = scores.shape
    paths = [
        path
        for path in itertools.product(range(tags), repeat=length)
        if first[path[0]]
        and last[path[-1]]
        and all(follows[pair] for pair in itertools.pairwise(path))
    ]
    return max(paths, key=lambda path: sum(scores[i, tag] for i, tag in enumerate(path)))


def test_finds_what_trying_all_paths_finds():
    random = np.random.default_rng(4)
    for _ in range(20):
        first, last = random.random((2, 3)) < 0.7
        follows = random.random((3, 3)) < 0.7
        first[0] = last[0] = follows[0, 0] = True  # some path is allowed
        scores = random.normal(size=(5, 6, 3)).astype("float32")
        lengths = np.array([6, 1, 3, 0, 5], "int32")
        tags = viterbi(scores, lengths, first, last, follows).numpy()
        assert tags.shape == (5, 6)
        for row, length in enumerate(lengths):
            if length:
                expected = best_by_trying_all(scores[row, :length], first, last, follows)
                assert tuple(tags[row, :length]) == expected


def test_no_tokens_and_no_records():
    everything = np.ones(2, bool), np.ones(2, bool), np.ones((2, 2), bool)
    decode = tf.function(
        lambda scores, lengths: viterbi(scores, lengths, *everything),
        input_signature=[
            tf.TensorSpec([None, None, 2], tf.float32),
            tf.TensorSpec([None], tf.int32),
        ],
    )
    assert decode(tf.zeros([3, 0, 2]), [0, 0, 0]).shape == (3, 0)
    assert decode(tf.zeros([0, 0, 2]), tf.zeros([0], tf.int32)).shape == (0, 0)
    assert decode(tf.zeros([2, 1, 2]), [1, 0]).shape == (2, 1)
