"""Callbacks of runs that count steps."""

import math
import types

import keras
import pytest

from keras_bert.training import pretraining_progress
from keras_bert.training.fast_forward import FastForward
from keras_bert.training.pretraining_progress import (
    RefuseDivergence,
    StopAfterSteps,
    Throughput,
)


def model(train_function=None):
    return types.SimpleNamespace(stop_training=False, train_function=train_function)


def on(callback, model):
    callback.set_model(model)
    return callback


def test_stops_in_the_middle_of_an_epoch():
    trained = model()
    callback = on(StopAfterSteps(5, steps_per_epoch=3), trained)
    stopped = []
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in range(3):
            callback.on_train_batch_end(batch)
            stopped.append(trained.stop_training)
    assert stopped == [False] * 4 + [True] * 2


def test_refuses_no_steps():
    for numbers in ((0, 3), (3, 0)):
        message = f"expected steps and steps_per_epoch of at least 1; received {numbers[0]} and"
        with pytest.raises(ValueError, match=message):
            StopAfterSteps(*numbers)


def test_a_loss_that_is_no_number_ends_the_run_at_its_step():
    callback = RefuseDivergence(steps_per_epoch=6, parts=2)
    callback.on_epoch_begin(1)
    for batch in range(3):
        callback.on_train_batch_end(batch, {"loss": 3.5, "perplexity": math.inf})
    for loss in (math.nan, math.inf):
        message = f"expected a finite loss in step 5 of the run; received {loss}: the run has div"
        with pytest.raises(RuntimeError, match=message):
            callback.on_train_batch_end(3, {"loss": loss})
    callback.on_train_batch_end(5, {"loss": 3.5})
    callback.on_epoch_end(1, {"loss": 3.5})
    with pytest.raises(RuntimeError, match="expected a finite val_loss in step 6 of the run"):
        callback.on_epoch_end(1, {"loss": 3.5, "val_loss": math.nan})


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests set."""
    now = types.SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(pretraining_progress.time, "monotonic", lambda: now.seconds)
    return now


def step(callback, clock, batch, seconds):
    logs = {}
    callback.on_train_batch_begin(batch)
    clock.seconds += seconds
    callback.on_train_batch_end(batch, logs)
    return logs.get("tokens_per_second")


def test_speed_of_steps_without_compilation_and_evaluation(clock):
    callback = on(Throughput(100), model())
    callback.on_epoch_begin(0)
    assert step(callback, clock, 0, 60.0) is None  # compiles
    assert step(callback, clock, 1, 2.0) == 50.0
    clock.seconds += 1000  # evaluates
    callback.on_epoch_begin(1)
    assert step(callback, clock, 0, 1.0) == pytest.approx(200 / 3)
    logs = {}
    callback.on_epoch_end(1, logs)
    assert logs == {"tokens_per_second": callback.tokens_per_second}


def test_dropped_batches_are_no_steps(clock):
    resumed = model()
    FastForward(resumed, 2, {}, lambda batch: None)
    callback = on(Throughput(100), types.SimpleNamespace(train_function=resumed.train_function))
    callback.on_epoch_begin(0)
    assert step(callback, clock, 0, 0.001) is None
    callback.model.train_function = None  # trains again
    assert step(callback, clock, 1, 60.0) is None
    assert step(callback, clock, 2, 2.0) == 50.0


def test_a_real_fit_shows_the_speed():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse", run_eagerly=True)
    columns = [[float(n)] for n in range(8)]
    data = keras.ops.convert_to_tensor(columns)
    callbacks = [Throughput(4), StopAfterSteps(3, 2)]
    history = network.fit(data, data, 4, epochs=2, verbose=0, callbacks=callbacks)
    assert history.history["tokens_per_second"][-1] == callbacks[0].tokens_per_second > 0
    assert len(history.epoch) == 2
