"""The fixed sequence of batches of a run."""

import itertools

import pytest
import tensorflow as tf

from keras_bert.data.pretraining_stream import PretrainingStream


def counting(first_pass, first_batch):
    """Batches that say their pass and their number: 3 a pass."""
    numbers = [(p, b) for p in range(first_pass, 9) for b in range(3)][first_batch:]
    return tf.data.Dataset.from_tensor_slices(numbers)


def test_goes_on_from_any_step():
    stream = PretrainingStream(counting, 3, steps=11, steps_per_period=4)
    whole = [tuple(x) for x in itertools.islice(stream.dataset().as_numpy_iterator(), 11)]
    assert whole[:4] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    for step in range(11):
        rest = itertools.islice(stream.dataset(step).as_numpy_iterator(), 11 - step)
        assert [tuple(x) for x in rest] == whole[step:]
    assert (len(stream), stream.periods) == (4, 3)
    assert (len(PretrainingStream(counting, 3, steps=2, steps_per_period=5))) == 2


def test_fingerprint_tells_runs_apart():
    facts = {"batch_size": 7}
    stream = PretrainingStream(counting, 3, steps=11, steps_per_period=4, facts=facts)
    assert stream.fingerprint() == {"steps": 11, "batch_size": 7}


def test_refuses():
    for name in ("steps_per_pass", "steps", "steps_per_period"):
        numbers = {"steps_per_pass": 3, "steps": 5, "steps_per_period": 2, name: 0}
        with pytest.raises(ValueError, match=f"expected {name} of at least 1; received 0"):
            PretrainingStream(counting, **numbers)
    stream = PretrainingStream(counting, 3, steps=11, steps_per_period=4)
    with pytest.raises(ValueError, match="expected first_step of at least 0; received -1"):
        stream.dataset(-1)
