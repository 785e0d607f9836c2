import pytest

from keras_bert.training.lamb import BertLAMB
from keras_bert.training.optimizer import BertAdamW, create_optimizer
from keras_bert.training.pretraining_recipe import PretrainingRecipe
from keras_bert.training.schedule import PolynomialWarmupDecay


def test_defaults_are_those_of_other_training():
    optimizer = PretrainingRecipe(100).make_optimizer()
    expected = create_optimizer(1e-4, 100, 10)
    assert type(optimizer) is BertAdamW
    config, wanted = optimizer.get_config(), expected.get_config()
    del config["name"], wanted["name"]
    assert config == wanted


def test_everything_arrives():
    recipe = PretrainingRecipe(
        100,
        0.02,
        warmup_steps=7,
        optimizer="lamb",
        decay_power=0.5,
        end_learning_rate=0.01,
        accumulation=3,
        beta_2=0.98,
    )
    optimizer = recipe.make_optimizer()
    assert type(optimizer) is BertLAMB
    assert (optimizer.gradient_accumulation_steps, optimizer.beta_2) == (3, 0.98)
    schedule = recipe.schedule()
    assert type(schedule) is PolynomialWarmupDecay
    assert (schedule.power, schedule.end, schedule.num_warmup_steps) == (0.5, 0.01, 7)


def test_refuses():
    with pytest.raises(ValueError, match="expected an optimizer of adamw, lamb; received 'sgd'"):
        PretrainingRecipe(3, optimizer="sgd")
    with pytest.raises(ValueError, match="expected accumulation of at least 1; received 0"):
        PretrainingRecipe(3, accumulation=0)
