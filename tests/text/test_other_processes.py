"""Where this package's source, or TensorFlow as Keras's backend, is not at hand."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
import tensorflow as tf

from keras_bert.export.serving_operations import graph_operations
from keras_bert.text.preprocessor import BertPreprocessor

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


SERVE = """
    import json, sys
    import tensorflow as tf
    import tensorflow_text
    model = tf.saved_model.load(sys.argv[1])
    features = model.signatures["serving_default"](text=tf.constant(json.loads(sys.argv[2])))
    text = model.signatures["detokenize"](ids=features["input_word_ids"])["text"]
    assert "keras_bert" not in sys.modules
    answers = {name: tensor.numpy().tolist() for name, tensor in features.items()}
    print(json.dumps({**answers, "text": [t.decode() for t in text.numpy()]}))
"""
RUN_ON_JAX = """
    import json, sys
    import keras, tensorflow as tf
    from keras_bert.text import BertPreprocessor, BertTokenizer
    assert keras.backend.backend() == "jax"
    texts, tokens = map(json.loads, sys.argv[1:])
    preprocessor = BertPreprocessor(BertTokenizer(tokens), sequence_length=11)
    eager = preprocessor(texts)
    pair = preprocessor((texts, tf.constant(texts)))
    assert pair["input_type_ids"].numpy().any()
    data = tf.data.Dataset.from_tensor_slices(texts).batch(5).map(preprocessor)
    for name, tensor in next(iter(data)).items():
        assert (tensor.numpy() == eager[name].numpy()).all()
    print(json.dumps({name: tensor.numpy().tolist() for name, tensor in eager.items()}))
"""


def start(source, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def processes(saved, tokens):
    """Both at once: importing TensorFlow is most of what they do."""
    started = {
        "serve": start(SERVE, saved, json.dumps(TEXTS)),
        "jax": start(RUN_ON_JAX, json.dumps(TEXTS), json.dumps(tokens), KERAS_BACKEND="jax"),
    }
    yield started
    for process in started.values():
        process.kill()


def answers_of(process):
    output, _ = process.communicate()
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


def test_a_saved_model_serves_without_this_package(processes, preprocessor):
    answers = answers_of(processes["serve"])
    text = answers.pop("text")
    assert answers == {n: t.numpy().tolist() for n, t in preprocessor(TEXTS).items()}
    assert text[:2] == ["hello , world !", "cafe 中 国 σς"]


def test_the_saved_graph_holds_servable_ops_only(saved, serving_operations):
    operations = graph_operations(saved)
    assert not operations - serving_operations
    assert not {"HashTableV2", "LookupTableFindV2"} & operations


def test_under_the_jax_backend(processes, preprocessor):
    pytest.importorskip("jax")
    answers = answers_of(processes["jax"])
    assert answers == {n: t.numpy().tolist() for n, t in preprocessor(TEXTS).items()}
