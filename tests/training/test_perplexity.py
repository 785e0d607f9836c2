"""Perplexity against its formula."""

import keras
import numpy as np
import pytest

from keras_bert.training.perplexity import Perplexity

_random = np.random.default_rng(3)
LOGITS = _random.normal(0, 3, (7, 3, 11)).astype("float32")
IDS = _random.integers(0, 11, (7, 3))
WEIGHTS = _random.integers(0, 2, (7, 3)).astype("float32")


def expected(weights):
    exact = LOGITS.astype("float64")
    logs = exact - np.log(np.exp(exact).sum(-1, keepdims=True))
    chosen = np.take_along_axis(logs, IDS[..., None], -1)[..., 0]
    return np.exp(-(chosen * weights).sum() / weights.sum())


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_does_not_depend_on_batches(weights):
    whole, parts = Perplexity(), Perplexity()
    whole.update_state(IDS, LOGITS, weights)
    for rows in (slice(0, 2), slice(2, 7)):
        parts.update_state(IDS[rows], LOGITS[rows], None if weights is None else weights[rows])
    wanted = expected(np.ones((7, 3)) if weights is None else weights)
    assert float(whole.result()) == pytest.approx(wanted, rel=1e-5)
    assert float(parts.result()) == pytest.approx(wanted, rel=1e-5)


def test_nothing_seen_and_a_new_start():
    metric = Perplexity()
    assert float(metric.result()) == 1
    metric.update_state(IDS, LOGITS, 0 * WEIGHTS)
    assert float(metric.result()) == 1
    metric.update_state(IDS, LOGITS)
    metric.reset_state()
    assert float(metric.result()) == 1


def test_even_logits_waver_between_all_words():
    metric = Perplexity()
    metric.update_state(IDS, 0 * LOGITS)
    assert float(metric.result()) == pytest.approx(11, rel=1e-6)


def test_configuration():
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(Perplexity(name="ppl"))
    )
    assert again.name == "ppl"
