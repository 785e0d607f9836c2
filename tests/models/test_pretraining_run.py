"""Runs of pretraining that must end alike."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from pretraining_records_files import WORDS, write_records

from keras_bert.config import BertConfig
from keras_bert.data.pretraining_passes import pretraining_stream
from keras_bert.models.pretraining_run import (
    compile_pretraining,
    new_pretraining_task,
    run_pretraining,
)
from keras_bert.models.weights import collect_arrays, named_variables
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.training.optimizer import build_optimizer
from keras_bert.training.pretraining_recipe import PretrainingRecipe
from keras_bert.training.resume import ResumableTraining
from keras_bert.training.state_file import read_facts

pytestmark = pytest.mark.filterwarnings("ignore:Even though the .tf.config:UserWarning")
CONFIG = BertConfig(
    vocab_size=len(WORDS),
    hidden_size=22,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=37,
    max_position_embeddings=13,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_records(tmp_path_factory.mktemp("records") / "train")


@pytest.fixture(scope="module")
def preprocessor():
    return BertPreprocessor(BertTokenizer(WORDS), 13)


@pytest.fixture(autouse=True, scope="module")
def eager():
    """Tracing would take most of these tests' time; tests of the command trace."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def trained(records, preprocessor, *, parts=1, chunk=None, dtype=None, alone=False, **recipe):
    """The losses and the final weights of four steps, from the same start."""
    keras.utils.set_random_seed(3)
    task = new_pretraining_task(CONFIG, preprocessor, next_sentence=not alone, dtype=dtype)
    recipe = PretrainingRecipe(4, 0.02, 1, accumulation=parts, **recipe)
    model = compile_pretraining(task, recipe, loss_chunk=chunk)
    stream = pretraining_stream(records, 6, steps=4, steps_per_period=2, parts=parts, seed=7)
    history = run_pretraining(model, stream, verbose=0)
    return history.history, collect_arrays(named_variables(task)), model


@pytest.fixture(scope="module")
def plain(records, preprocessor):
    return trained(records, preprocessor)


def assert_alike(found, expected, atol):
    np.testing.assert_allclose(found[0]["loss"], expected[0]["loss"], atol=atol)
    for name, array in expected[1].items():
        np.testing.assert_allclose(found[1][name], array, atol=atol, err_msg=name)


def test_parts_of_a_batch_learn_what_the_batch_would(plain, records, preprocessor):
    assert_alike(trained(records, preprocessor, parts=3), plain, 1e-5)


@pytest.fixture(scope="module")
def alone(records, preprocessor):
    """Of masked words, without the next sentence."""
    return trained(records, preprocessor, alone=True, optimizer="lamb")


def test_masked_words_alone_in_parts(records, preprocessor, alone):
    found = trained(records, preprocessor, alone=True, optimizer="lamb", parts=2)
    assert_alike(found, alone, 1e-5)
    assert set(found[0]) == {"loss", "accuracy", "perplexity"}


def test_chunks_of_the_loss_learn_the_same(plain, records, preprocessor):
    found = trained(records, preprocessor, chunk=7)
    assert_alike(found, plain, 1e-5)
    assert set(found[0]) == set(plain[0])
    for name, values in plain[0].items():
        np.testing.assert_allclose(found[0][name], values, rtol=1e-5, err_msg=name)


def test_masked_words_alone_in_parts_and_chunks(records, preprocessor, alone):
    found = trained(records, preprocessor, alone=True, optimizer="lamb", parts=2, chunk=5)
    assert_alike(found, alone, 1e-5)


def test_float16_scales_its_loss_and_stays_near(plain, records, preprocessor):
    found = trained(records, preprocessor, dtype="mixed_float16")
    optimizer = found[2].optimizer
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    assert int(optimizer.inner_optimizer.iterations) == 4  # no step was left out
    np.testing.assert_allclose(found[0]["loss"], plain[0]["loss"], atol=2e-2)


@pytest.mark.parametrize("dtype", [None, "mixed_float16"])
def test_a_run_that_diverges_ends_before_its_last_good_state_is_replaced(
    records, preprocessor, tmp_path, dtype
):
    task = new_pretraining_task(CONFIG, preprocessor, dtype=dtype)
    model = compile_pretraining(task, PretrainingRecipe(9, 1e9, 0, global_clipnorm=None))
    stream = pretraining_stream(records, 6, steps=9, steps_per_period=2)
    state = ResumableTraining(tmp_path, 1, verbose=False)
    with pytest.raises(RuntimeError, match="expected a finite loss in step") as found:
        run_pretraining(model, stream, state=state, verbose=0)
    step = int(str(found.value).split("step ")[1].split()[0])
    facts = read_facts(state.path)
    assert 2 * facts["epoch"] + facts["step"] == step - 1 and not facts["finished"]
    assert np.isfinite(facts["logs"]["loss"])


def test_gradients_that_overflow_under_float16_do_not_end_a_run(records, preprocessor):
    task = new_pretraining_task(CONFIG, preprocessor, dtype="mixed_float16")
    model = compile_pretraining(task, PretrainingRecipe(4, 0.02, 1))
    build_optimizer(model)
    model.optimizer.dynamic_scale.assign(2.0**40)
    stream = pretraining_stream(records, 6, steps=4, steps_per_period=2)
    history = run_pretraining(model, stream, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert int(model.optimizer.inner_optimizer.iterations) < 4  # steps were left out
