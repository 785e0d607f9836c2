"""Where this package's source, or TensorFlow as Keras's backend, is not at hand."""

import pytest
import tensorflow as tf

from keras_bert.export.serving_operations import graph_operations
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer

TEXTS = ["Hello, WORLD!", "cafe\u0301 中国 ΣΣ", "x" * 201, "", "un\x00able"]


@pytest.fixture(scope="module")
def preprocessor(uncased):
    return BertPreprocessor(uncased, sequence_length=11)


@pytest.fixture(scope="module")
def saved(preprocessor, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "1"
    module = tf.Module()
    spec = tf.TensorSpec([None], tf.string, name="text")
    module.one = tf.function(lambda text: preprocessor(text), input_signature=[spec])
    module.detokenize = tf.function(
        lambda ids: {"text": preprocessor.tokenizer.detokenize(ids)},
        input_signature=[tf.TensorSpec([None, None], tf.int32, name="ids")],
    )
    tf.saved_model.save(
        module, path, signatures={"serving_default": module.one, "detokenize": module.detokenize}
    )
    return path


def answers_of(texts, tokens):
    """What preprocessors give, in their several ways to be called."""
    preprocessor = BertPreprocessor(BertTokenizer(tokens), sequence_length=11)
    eager = preprocessor(texts)
    assert preprocessor((texts, tf.constant(texts)))["input_type_ids"].numpy().any()
    data = tf.data.Dataset.from_tensor_slices(texts).batch(5).map(preprocessor)
    for name, tensor in next(iter(data)).items():
        assert (tensor.numpy() == eager[name].numpy()).all()
    return as_lists(eager)


def as_lists(features):
    return {name: tensor.numpy().tolist() for name, tensor in features.items()}


def test_a_saved_model_serves_without_this_package(saved, served, preprocessor):
    answers = served(saved, {"text": TEXTS})
    assert answers == as_lists(preprocessor(TEXTS))
    text = served(saved, {"ids": answers["input_word_ids"]}, "detokenize")["text"]
    assert text[:2] == ["hello , world !", "cafe 中 国 σς"]


def test_the_saved_graph_holds_servable_ops_only(saved, serving_operations):
    operations = graph_operations(saved)
    assert not operations - serving_operations
    assert not {"HashTableV2", "LookupTableFindV2"} & operations


def test_under_the_jax_backend(jax_process, preprocessor, tokens):
    assert jax_process(__file__, "answers_of", TEXTS, tokens) == as_lists(preprocessor(TEXTS))
