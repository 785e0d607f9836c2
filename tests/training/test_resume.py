"""A killed run, started again, ends as one that was never killed.

This file is also the script that gets killed: `python test_resume.py FOLDER WHERE`.
"""

import os
import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.data.features import PackedFeatures
from keras_bert.training import state_file
from keras_bert.training.optimizer import create_optimizer
from keras_bert.training.resume import ResumableTraining, fit_callbacks
from keras_bert.training.tensor_board import CurveBoard

pytestmark = pytest.mark.usefixtures("ctrl_c_interrupts")
EPOCHS, STEPS = 3, 5


def make_batches(rows=18, seed=3, batch_size=4, shuffle=True):
    random = np.random.default_rng(1)
    lengths = random.integers(2, 12, rows)
    splits = np.concatenate([[0], np.cumsum(lengths)])
    features = PackedFeatures(random.integers(1, 13, splits[-1]), splits)
    labels = random.integers(0, 2, rows)
    options = {"batch_size": batch_size, "shuffle": shuffle, "seed": seed}
    if keras.backend.backend() == "jax":  # which compiles each length
        options["bucket_lengths"] = (8, 11)
    return FeatureBatches(features, labels, **options)


def make_model(seed=5, optimizer=None, **options):
    """Dropout, a schedule and metrics: all that a resumed run could get wrong.

    Eager on TensorFlow, where tracing would take most of these tests' time.
    """
    options = {"run_eagerly": keras.backend.backend() == "tensorflow", **options}
    keras.utils.set_random_seed(seed)
    inputs = {
        name: keras.Input((None,), dtype="int32", name=name)
        for name in ("input_word_ids", "input_mask", "input_type_ids")
    }
    vectors = keras.layers.Embedding(13, 5)(inputs["input_word_ids"])
    vectors = keras.layers.Dropout(0.3)(vectors)
    mask = keras.ops.cast(inputs["input_mask"], "float32")[..., None]
    mean = keras.ops.sum(vectors * mask, axis=1) / keras.ops.sum(mask, axis=1)
    logits = keras.layers.Dense(2)(keras.layers.Dropout(0.3)(mean))
    model = keras.Model(inputs, logits)
    optimizer = optimizer or create_optimizer(0.05, EPOCHS * STEPS, 3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], **options)
    return model


class Strike(keras.callbacks.Callback):
    """Does something after a step of an epoch, or in the validation that follows it."""

    def __init__(self, act, epoch, step=None):
        super().__init__()
        self.act, self.at, self.epoch, self.step = act, epoch, None, step

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.strike(0)

    def on_train_batch_end(self, batch, logs=None):
        self.strike(batch + 1)

    def on_test_batch_end(self, batch, logs=None):
        self.strike("validation")

    def strike(self, step):
        if (self.epoch, step) == (self.at, self.step):
            self.act()


class Crash(Exception):  # noqa: N818
    pass


def crash():
    raise Crash


def run(folder=None, *, strike=None, every=None, others=(), model=None, batches=None, **options):
    """A training run; returns everything that must come out the same."""
    model = model or make_model()
    batches = batches or make_batches()
    others = list(others)
    resume = [] if folder is None else [ResumableTraining(folder, every)]
    strikes = [] if strike is None else [Strike(*strike)]
    history = model.fit(
        batches,
        **{"epochs": EPOCHS, "shuffle": False, "verbose": 0, **options},
        validation_data=make_batches(rows=5, shuffle=False),
        callbacks=fit_callbacks([*resume, *others, *strikes], batches),
    )
    variables = [*model.variables, *model.optimizer.variables]
    return {
        "history": history.history,
        "epoch": history.epoch,
        "variables": [keras.ops.convert_to_numpy(v).tolist() for v in variables],
    }


def assert_same(found, expected):
    assert found["epoch"] == expected["epoch"]
    assert found["history"] == expected["history"]
    assert found["variables"] == expected["variables"]  # to the bit


@pytest.fixture(scope="module")
def uninterrupted():
    return run()


def test_the_same_seed_gives_the_same_run_twice(uninterrupted):
    assert_same(run(), uninterrupted)
    other = run(model=make_model(seed=6))
    assert other["history"]["loss"] != uninterrupted["history"]["loss"]


def test_saving_changes_nothing(uninterrupted, tmp_path):
    assert_same(run(tmp_path, every=1), uninterrupted)


def test_kill_9_in_the_middle_of_an_epoch(tmp_path):
    expected = run(model=make_model(run_eagerly=False))
    done = subprocess.run(
        [sys.executable, __file__, tmp_path, "step"], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    _, facts = state_file.read_state(tmp_path / "state.npz")
    assert (facts["epoch"], facts["step"]) == (1, 2)
    assert_same(run(tmp_path, every=2, model=make_model(run_eagerly=False)), expected)


def test_kill_9_in_the_middle_of_saving(uninterrupted, tmp_path):
    done = subprocess.run(
        [sys.executable, __file__, tmp_path, "save"], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(list(tmp_path.iterdir())) == 2  # the old state, and what was being written
    assert_same(run(tmp_path, every=2), uninterrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]


@pytest.mark.parametrize(
    ("epoch", "step", "every"),
    [
        (0, 2, None),
        (0, 5, 1),  # after the last step of an epoch
        (1, 0, 2),
        (1, 3, 2),
        (2, "validation", 5),
    ],
)
def test_a_crash_anywhere(uninterrupted, tmp_path, epoch, step, every):
    with pytest.raises(Crash):
        run(tmp_path, every=every, strike=(crash, epoch, step))
    assert_same(run(tmp_path, every=every), uninterrupted)


def test_several_crashes(uninterrupted, tmp_path):
    for epoch, step in ((0, 3), (1, 1), (1, 3), (2, 4)):
        with pytest.raises(Crash):
            run(tmp_path, every=2, strike=(crash, epoch, step))
    assert_same(run(tmp_path, every=2), uninterrupted)


def test_several_steps_at_once(tmp_path):
    expected = run(model=make_model(steps_per_execution=2, run_eagerly=False))
    with pytest.raises(Crash):
        run(
            tmp_path,
            every=2,
            strike=(crash, 1, 4),
            model=make_model(steps_per_execution=2, run_eagerly=False),
        )
    assert_same(run(tmp_path, model=make_model(steps_per_execution=2, run_eagerly=False)), expected)


def test_loss_scaling_and_moving_averages(tmp_path):
    def model():
        inner = create_optimizer(0.05, EPOCHS * STEPS, 3, use_ema=True)
        optimizer = keras.optimizers.LossScaleOptimizer(inner)
        return make_model(optimizer=optimizer)

    expected = run(model=model())
    with pytest.raises(Crash):
        run(tmp_path, every=2, strike=(crash, 1, 3), model=model())
    assert_same(run(tmp_path, model=model()), expected)


def test_a_finished_run_is_not_trained_again(uninterrupted, tmp_path):
    run(tmp_path)
    assert_same(run(tmp_path, strike=(crash, 0, 1)), uninterrupted)
    ResumableTraining(tmp_path).delete()
    assert not tmp_path.exists()
    with pytest.raises(Crash):
        run(tmp_path, strike=(crash, 0, 1))


def test_a_later_fit_of_the_model_starts_at_its_first_epoch(tmp_path):
    with pytest.raises(Crash):
        run(tmp_path, strike=(crash, 2, 1))
    model = make_model()
    run(tmp_path, model=model)
    assert run(model=model, epochs=1)["epoch"] == [0]


def early_stopping():
    # The learning rate is far too high: the loss soon rises.
    return keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)


@pytest.mark.parametrize("step", [2, "validation"])
def test_early_stopping_goes_on_waiting(tmp_path, step):
    options = {"epochs": 9}

    def model():
        return make_model(optimizer=create_optimizer(1.0))

    expected = run(model=model(), others=[early_stopping()], **options)
    stopped = expected["epoch"][-1]
    assert 2 <= stopped < 8
    with pytest.raises(Crash):
        run(
            tmp_path,
            model=model(),
            others=[early_stopping()],
            strike=(crash, stopped, step),
            **options,
        )
    assert_same(run(tmp_path, model=model(), others=[early_stopping()], **options), expected)
    # Stopped early is finished, with the best weights.
    assert_same(run(tmp_path, model=model(), others=[early_stopping()], **options), expected)


def test_plateau_and_best_checkpoint_go_on(tmp_path):
    def others(name):
        return [
            keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, cooldown=1),
            keras.callbacks.ModelCheckpoint(tmp_path / f"{name}.keras", save_best_only=True),
        ]

    def model():
        return make_model(optimizer=create_optimizer(1.0))

    expected = run(model=model(), others=others("whole"), epochs=5)
    with pytest.raises(Crash):
        run(tmp_path, model=model(), others=others("cut"), strike=(crash, 3, 2), epochs=5)
    assert_same(run(tmp_path, model=model(), others=others("cut"), epochs=5), expected)
    whole, cut = (
        keras.models.load_model(tmp_path / f"{name}.keras").get_weights()
        for name in ("whole", "cut")
    )
    for ours, theirs in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("update_freq", "steps"), [(1, set(range(1, 16))), (7, {7, 14})])
def test_tensorboard_writes_beside_it(uninterrupted, tmp_path, update_freq, steps):
    """Every epoch, and every so many steps, as if there had been no crash."""

    def board():
        return CurveBoard(tmp_path / "logs", update_freq=update_freq)

    with pytest.raises(Crash):
        run(tmp_path / "state", every=2, others=[board()], strike=(crash, 1, 3))
    found = run(tmp_path / "state", every=2, others=[board()])
    assert_same(found, uninterrupted)
    curves = scalars(tmp_path / "logs" / "train")
    assert curves["epoch_loss"] == dict(
        enumerate(pytest.approx(v) for v in found["history"]["loss"])
    )
    assert curves["batch_loss"].keys() == steps
    assert scalars(tmp_path / "logs" / "validation")["epoch_loss"].keys() == set(range(EPOCHS))


def scalars(folder):
    """{curve: {step: value}} of TensorBoard's files."""
    found = {}
    for file in sorted(folder.iterdir()):
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "scalars":
                    curve = found.setdefault(value.tag, {})
                    curve[event.step] = float(tf.make_ndarray(value.tensor))
    return found


def test_progress_is_shown(tmp_path, capsys):
    with pytest.raises(Crash):
        run(tmp_path, every=2, strike=(crash, 1, 3))
    run(tmp_path, verbose=1)
    printed = capsys.readouterr()
    assert f"Resuming in epoch 2 of 3 after step 2 of 5, from {tmp_path}" in printed.err
    assert "5/5" in printed.out
    run(tmp_path)
    assert f"Finished before, restored from {tmp_path}" in capsys.readouterr().err


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("step", "saved"), [(3, 3), (5, 5), ("validation", 5), (0, 0)])
def test_ctrl_c_saves_and_says_so(uninterrupted, tmp_path, capsys, step, saved):
    before = signal.getsignal(signal.SIGINT)
    message = rf"in epoch 2 after step {saved} of 5; the state is saved in .*state\.npz: start"
    with pytest.raises(KeyboardInterrupt, match=message):
        run(tmp_path, strike=(press_ctrl_c, 1, step))
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopping after this step" in capsys.readouterr().err
    _, facts = state_file.read_state(tmp_path / "state.npz")
    assert (facts["epoch"], facts["step"]) == (1, saved)
    assert_same(run(tmp_path), uninterrupted)


def test_ctrl_c_twice_stops_at_once(uninterrupted, tmp_path):
    def impatient():
        press_ctrl_c()
        press_ctrl_c()

    with pytest.raises(KeyboardInterrupt) as stopped:
        run(tmp_path, strike=(impatient, 1, 3))
    assert not str(stopped.value)
    assert_same(run(tmp_path), uninterrupted)


def test_ctrl_c_after_a_crashed_fit_is_as_ever(tmp_path):
    with pytest.raises(Crash):
        run(tmp_path, strike=(crash, 0, 1))
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_as_the_run_ends(uninterrupted, tmp_path):
    class AtTheEnd(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            press_ctrl_c()

    with pytest.raises(KeyboardInterrupt, match="in epoch 3 after step 5"):
        run(tmp_path, others=[AtTheEnd()])
    assert_same(run(tmp_path), uninterrupted)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder with the state of a run that has begun."""
    folder = tmp_path_factory.mktemp("begun")
    with pytest.raises(Crash):
        run(folder, strike=(crash, 0, 1))
    return folder


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"batches": {"seed": 4}}, r"with data\.seed 4 \(saved: 3\)"),
        ({"batches": {"batch_size": 5}}, r"steps_per_epoch 4 \(saved: 5\), .*batch_size 5"),
        ({"batches": {"rows": 17}}, r"data\.rows 17 \(saved: 18\), data\.data '"),
        ({"epochs": 4}, r"with epochs 4 \(saved: 3\): start it with the saved settings"),
        (
            {"model": {"optimizer": {"learning_rate": 0.06, "num_train_steps": 15}}},
            r"optimizer\.learning_rate\.config\.peak 0\.06 \(saved: 0\.05\), .*"
            r"num_warmup_steps 1 \(saved: 3\): start",
        ),
        ({"others": True}, r"with callbacks \['EarlyStopping'\] \(saved: \[\]\)"),
    ],
)
def test_another_run_is_refused(begun, changed, message):
    options = dict(changed)
    if "batches" in options:
        options["batches"] = make_batches(**options["batches"])
    if "model" in options:
        options["model"] = make_model(optimizer=create_optimizer(**options["model"]["optimizer"]))
    if "others" in options:
        options["others"] = [early_stopping()]
    with pytest.raises(ValueError, match=message):
        run(begun, **options)


def test_a_damaged_state_is_refused(begun, tmp_path):
    content = (begun / "state.npz").read_bytes()
    (tmp_path / "state.npz").write_bytes(content[:-100])
    with pytest.raises(ValueError, match=r"a whole training state in .*delete the file to start"):
        run(tmp_path)


def test_fit_must_leave_order_and_length_to_the_batches(tmp_path):
    with pytest.raises(ValueError, match=r"expected fit\(\.\.\., shuffle=False\)"):
        run(tmp_path, shuffle=True)
    with pytest.raises(ValueError, match="for the 5 batches of the data; received 4 steps an e"):
        run(tmp_path / "other", steps_per_epoch=4)


def test_bad_arguments():
    with pytest.raises(ValueError, match="save_every_steps of at least 1 or None; received 0"):
        ResumableTraining("x", 0)


def test_a_folder_that_cannot_be_written_stops_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"file"):
        run(tmp_path / "file", strike=(crash, 0, 1))


def test_arrays_without_shuffling_resume_too(tmp_path):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(20, 3)), random.normal(size=20)

    def train(strike=None):
        keras.utils.set_random_seed(2)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.2)])
        model.add(keras.layers.Dense(1))
        model.compile("adam", "mse")
        callbacks = [] if strike is None else [Strike(*strike)]
        callbacks.append(ResumableTraining(tmp_path, 2, verbose=False))
        history = model.fit(
            x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=callbacks
        )
        return history.history, [w.tolist() for w in model.get_weights()]

    expected = train()
    ResumableTraining(tmp_path).delete()
    with pytest.raises(Crash):
        train((crash, 1, 3))
    assert train() == expected


def on_jax(folder):
    """A crash and a resumed run, and whether it equals a whole one."""
    expected = run()
    try:
        run(folder, every=2, strike=(crash, 1, 3))
    except Crash:
        found = run(folder, every=2)
    assert_same(found, expected)
    return found["history"]


def test_on_jax(tmp_path, jax_process):
    assert len(jax_process(__file__, "on_jax", tmp_path)["val_loss"]) == EPOCHS


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def main():
    folder, where = pathlib.Path(sys.argv[1]), sys.argv[2]
    if where == "step":
        run(folder, every=2, strike=(kill, 1, 3), model=make_model(run_eagerly=False))
    else:
        replace, count = os.replace, []

        def killed(source, target):
            count.append(target)
            if len(count) == 5:
                kill()
            replace(source, target)

        os.replace = killed
        run(folder, every=2)


if __name__ == "__main__":
    main()
