import numpy as np
import tensorflow as tf

from keras_bert.text.answers import ClassAnswers, ScoreAnswers


def test_one_label():
    answers = ClassAnswers(["a", "b", "ç"])(tf.constant([[0.0, 0.0, 2.0], [5.0, 1.0, 1.0]]))
    assert answers["label"].numpy().tolist() == ["ç".encode(), b"a"]
    weights = np.exp([0.0, 0.0, 2.0])
    np.testing.assert_allclose(answers["probabilities"][0], weights / weights.sum(), rtol=1e-6)
    np.testing.assert_allclose(answers["score"], answers["probabilities"].numpy().max(-1))


def test_several_labels_stand_by_probability():
    answers = ClassAnswers(["a", "b", "c"], multi_label=True)(
        tf.constant([[0.1, -1.0, 3.0], [-1.0, -2.0, -0.1]])
    )
    assert answers["labels"].numpy().tolist() == [[b"c", b"a", b""], [b"", b"", b""]]
    assert answers["label"].numpy().tolist() == [b"c", b"c"]
    np.testing.assert_allclose(answers["probabilities"][0, 2], 1 / (1 + np.exp(-3.0)), rtol=1e-6)


def test_half_precision_logits_are_answered_in_float32():
    answers = ClassAnswers(["a", "b"])(tf.constant([[1.0, 2.0]], tf.bfloat16))
    assert answers["score"].dtype == tf.float32
    assert ScoreAnswers()(tf.constant([2.5], tf.float16))["score"].numpy().tolist() == [2.5]


def test_no_rows():
    answers = ClassAnswers(["a", "b"], multi_label=True)(tf.zeros([0, 2]))
    assert answers["label"].shape == (0,)
    assert answers["labels"].shape == (0, 2)
