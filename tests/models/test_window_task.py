"""`WindowTask` by a toy: which pieces are "good", counted over the windows of a text."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.data.features import IGNORED
from keras_bert.models.window_task import WindowTask
from keras_bert.text.windows import SlidingWindows

LONG = "the film was very good " * 9
TEXTS = [LONG, "", "good", "the book " * 5, LONG + "good good"]


class CountAnswers:
    """Counts pieces over the threshold, each in its best window alone."""

    def __call__(self, logits, windows):
        good = tf.cast(windows.best & (logits[..., 0] > 0), tf.int32)
        counts = tf.math.unsorted_segment_sum(
            tf.reduce_sum(good, axis=1), windows.rows, tf.size(windows.texts)
        )
        first = tf.strings.substr(windows.texts, 0, 4)
        most = tf.maximum(tf.reduce_max(counts), 1)
        listed = tf.where(tf.range(most)[None] < counts[:, None], first[:, None], "")
        return {"count": counts, "listed": listed}


class Counter(WindowTask):
    def __init__(self, backbone, preprocessor, **kwargs):
        encoded = backbone(backbone.input)
        outputs = keras.layers.Dense(1, name="head")(encoded["sequence_output"])
        super().__init__(
            backbone,
            preprocessor,
            outputs,
            targets=None,
            answers=CountAnswers(),
            windows=SlidingWindows(preprocessor.tokenizer, preprocessor.sequence_length, 5),
            token_labels=True,
            **kwargs,
        )

    def encode_labels(self, y, columns):
        return list(y)

    def label_windows(self, windows, labels):
        words = tf.strings.substr(
            tf.gather(windows.texts, windows.rows)[:, None],
            windows.byte_starts,
            windows.byte_limits - windows.byte_starts,
        )
        wanted = tf.gather(tf.constant(labels), windows.rows)[:, None]
        return tf.where(windows.pieces >= 0, tf.cast(words == wanted, tf.int32), IGNORED).numpy()

    def default_loss(self):
        def loss(labels, logits):
            kept = keras.ops.cast(labels != IGNORED, "float32")
            wanted = keras.ops.cast(labels, "float32")[..., None]
            logits = keras.ops.reshape(logits, keras.ops.shape(wanted))
            each = keras.losses.binary_crossentropy(wanted, logits, from_logits=True)
            return keras.ops.sum(each * kept) / keras.ops.maximum(keras.ops.sum(kept), 1)

        return loss

    def default_metrics(self):
        return []


@pytest.fixture(scope="module")
def counter(make_parts):
    task = Counter(*make_parts())
    batches = task.batches(TEXTS * 5, ["good"] * 25, batch_size=8)
    task.compile_for(batches.records, learning_rate=0.02, epochs=4, batch_size=8)
    task.fit(batches, epochs=4, verbose=0)
    return task


def test_learns_from_windows_and_answers_by_record(counter):
    answers = counter.predict(TEXTS)
    assert answers["count"].tolist() == [9, 0, 1, 0, 11]
    assert answers["listed"].shape == (5, 11)
    assert answers["listed"][2].tolist() == ["good", *[""] * 10]


def test_records_in_several_chunks_are_the_same(counter, monkeypatch):
    whole = counter.predict(TEXTS)
    monkeypatch.setattr("keras_bert.models.window_inputs.RECORDS_A_CHUNK", 2)
    chunked = counter.predict(TEXTS, batch_size=3)
    for name, column in whole.items():
        np.testing.assert_array_equal(chunked[name], column)


def test_a_smaller_batch_that_is_not_served_last(counter):
    """Of batches padded alike a shorter one is served second, so that lengths vary."""
    texts = ["good film was very good"] * 8 + ["good"]
    assert counter.predict(texts, batch_size=4)["count"].tolist() == [2] * 8 + [1]


def test_no_records(counter):
    assert counter.predict([])["count"].shape == (0,)


def test_batches_count_windows(counter):
    batches = counter.batches(TEXTS, ["good"] * 5, batch_size=4)
    lengths = [len(ids) for ids in counter.preprocessor.tokenizer(TEXTS).to_list()]
    windows = sum(1 + max(0, -(-(length - 15) // 5)) for length in lengths)
    assert batches.records == windows
    assert counter.evaluate(batches, verbose=0) == pytest.approx(
        counter.evaluate(TEXTS, ["good"] * 5, batch_size=4, verbose=0)
    )


def test_weights_follow_their_record(counter):
    weights = np.arange(5) + 0.5
    batches = counter.batches(TEXTS, ["good"] * 5, weights, batch_size=99)
    assert len(batches.sample_weight) == batches.records
    assert set(batches.sample_weight) == set(weights)


def test_exported_and_compiled_answers(counter, tmp_path, served):
    version = counter.export(tmp_path / "counter", jit_compile=True)
    assert served(version, {"text": TEXTS})["count"] == counter.predict(TEXTS)["count"].tolist()
    signatures = tf.saved_model.load(version).signatures
    assert set(signatures) == {"serving_default", "features"}


def test_refuses(counter):
    with pytest.raises(ValueError, match="label for each record; received 5 records and 2 labels"):
        counter.fit(TEXTS, ["good"] * 2)
    with pytest.raises(ValueError, match="received a dataset of strings"):
        counter.evaluate(tf.data.Dataset.from_tensor_slices((TEXTS, ["good"] * 5)))
    with pytest.raises(ValueError, match="expected a collection of texts"):
        counter.predict("good")
