import keras
import numpy as np
import pytest

from keras_bert.training.schedule import LinearWarmupDecay, PolynomialWarmupDecay


def test_google_learning_rates():
    schedule = LinearWarmupDecay(2e-5, 100, 10)
    steps = (0, 1, 5, 9, 10, 11, 50, 99, 100, 101, 10_000)
    expected = np.array([0, 0.2, 1.0, 1.8, 1.8, 1.78, 1.0, 0.02, 0, 0, 0]) * 1e-5
    rates = [float(schedule(step)) for step in steps]
    np.testing.assert_allclose(rates, expected, rtol=1e-6, atol=1e-13)


def test_end_and_no_warmup():
    schedule = LinearWarmupDecay(1.0, 4, end=0.5)
    assert [float(schedule(step)) for step in range(6)] == [1.0, 0.875, 0.75, 0.625, 0.5, 0.5]
    assert float(LinearWarmupDecay(1.0, 4, 4)(3)) == 0.75


def test_polynomial():
    schedule = PolynomialWarmupDecay(1.0, 10, 2, end=0.5, power=2.0)
    rates = [float(schedule(step)) for step in (0, 1, 2, 5, 9, 10, 11)]
    np.testing.assert_allclose(rates, [0, 0.5, 0.82, 0.625, 0.505, 0.5, 0.5], rtol=1e-6)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()
    line, straight = LinearWarmupDecay(1.0, 10), PolynomialWarmupDecay(1.0, 10)
    assert [float(line(step)) for step in range(12)] == [float(straight(s)) for s in range(12)]
    with pytest.raises(ValueError, match="expected a power above 0; received 0"):
        PolynomialWarmupDecay(1.0, 10, power=0)


def test_serialization():
    schedule = LinearWarmupDecay(3e-5, 70, 7, end=1e-6)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert isinstance(again, LinearWarmupDecay)
    assert again.get_config() == schedule.get_config()
    assert float(again(33)) == float(schedule(33))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1e-5, 0), "num_train_steps of at least 1.*received num_train_steps=0"),
        ((1e-5, 10, 11), "num_train_steps=10, num_warmup_steps=11"),
        ((1e-5, 10, -1), "num_warmup_steps=-1"),
        ((-1e-5, 10), "learning rates of at least 0; received peak=-1e-05"),
        ((float("nan"), 10), "received peak=nan"),
        ((1e-5, 10, 0, -1.0), "end=-1.0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        LinearWarmupDecay(*arguments)
