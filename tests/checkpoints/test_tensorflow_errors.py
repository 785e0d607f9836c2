"""What TensorFlow raises, in one line."""

import pytest
import tensorflow as tf

from keras_bert.checkpoints.tensorflow_errors import is_tensorflow_error, reason_of


def raised(function):
    with pytest.raises(tf.errors.OpError) as found:
        function()
    assert is_tensorflow_error(found.value)
    return found.value


def gather():
    return tf.raw_ops.GatherV2(params=tf.zeros((3,)), indices=[0, 7], axis=0)


def test_the_reason_stands_alone(tmp_path):
    (tmp_path / "a.tfrecord").write_bytes(b"\1" * 99)
    damaged = raised(lambda: list(tf.data.TFRecordDataset(str(tmp_path / "a.tfrecord"))))
    assert reason_of(damaged) == "corrupted record at 0 (Is this even a TFRecord file?)"
    for function in (gather, tf.function(gather)):
        assert reason_of(raised(function)) == "indices[1] = 7 is not in [0, 3)"


def test_the_stack_of_a_graph_is_left_out():
    stack = "Detected at node a/b defined at (most recent call last):\n  File 'x', line 1\n\n"
    message = f"Graph execution error:\n\n{stack}no room\n\t [[{{{{node a/b}}}}]] [Op:__inf_1]"
    assert reason_of(tf.errors.ResourceExhaustedError(None, None, message)) == "no room"
    assert reason_of(tf.errors.UnknownError(None, None, "")) == "UnknownError"


def test_others_are_none_of_tensorflows():
    assert not is_tensorflow_error(ValueError("x"))
