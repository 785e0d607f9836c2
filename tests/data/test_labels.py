import numpy as np
import pytest
import tensorflow as tf

from keras_bert.data.labels import LabelSet, Scores


@pytest.mark.parametrize("names", [[], ["a", ""], ["a", "b", "a"]])
def test_refuses_names(names):
    with pytest.raises(ValueError, match="expected labels to be one or more distinct"):
        LabelSet(names)


def test_encodes_names_bytes_and_numbers():
    labels = LabelSet(["no", "yes", "päper"])
    assert labels.encode(["yes", "no", b"p\xc3\xa4per"]).tolist() == [1, 0, 2]
    assert labels.encode(np.array(["yes"])).tolist() == [1]
    assert labels.encode([2, 0]).tolist() == [2, 0]
    assert labels.encode([1]).dtype == np.int32
    in_graph = labels.encode_tensor(tf.constant(["yes", "päper"]))
    assert in_graph.numpy().tolist() == [1, 2]
    assert labels.encode_tensor(tf.constant([2, 0], tf.int64)).numpy().tolist() == [2, 0]


def test_names_that_look_like_numbers_are_names():
    assert LabelSet(["1", "0"]).encode(["0", "1"]).tolist() == [1, 0]


def test_encodes_sets():
    labels = LabelSet(["a", "b", "c"], multi_label=True)
    assert labels.encode([["c", "a"], []]).tolist() == [[1, 0, 1], [0, 0, 0]]
    matrix = np.array([[0, 1, 1]])
    assert labels.encode(matrix).tolist() == matrix.tolist()
    assert labels.encode_tensor(tf.constant(matrix)).numpy().tolist() == matrix.tolist()


@pytest.mark.parametrize(
    ("multi_label", "labels", "message"),
    [
        (False, ["maybe"], r"expected labels among \['a', 'b'\]; received unseen \['maybe'\]"),
        (False, [2], "expected class numbers from 0 to 1; received \\[2\\]"),
        (False, [["a"]], r"expected labels of shape \[B\]; received shape \[1, 1\]"),
        (True, ["ab"], "expected a collection of labels for each row .* received 'ab' in row 0"),
        (True, [["a", "z"]], r"received unseen \['z'\]"),
        (True, np.array([[0, 3]]), r"expected multi-label targets of zeros and ones"),
    ],
)
def test_refuses_labels(multi_label, labels, message):
    with pytest.raises(ValueError, match=message):
        LabelSet(["a", "b"], multi_label).encode(labels)


def test_refuses_unseen_labels_in_a_graph():
    for unseen in (tf.constant(["a", "zebra"]), tf.constant([0, 7])):
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected labels among"):
            LabelSet(["a", "b"]).encode_tensor(unseen)


def test_scores():
    assert Scores().encode(["1.5", 2]).tolist() == [1.5, 2.0]
    assert Scores().encode_tensor(tf.constant(["1.5"])).numpy().tolist() == [1.5]
    assert Scores().encode_tensor(tf.constant([3])).dtype == tf.float32
    with pytest.raises(ValueError, match="expected labels to be numbers; received"):
        Scores().encode(["high"])
    with pytest.raises(ValueError, match="expected labels to be finite numbers of shape"):
        Scores().encode([1.0, float("nan")])
    with pytest.raises(ValueError, match=r"received shape \[1, 1\]"):
        Scores().encode([[1.0]])
