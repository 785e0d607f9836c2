import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer

NAMES = {"input_word_ids", "input_mask", "input_type_ids"}


@pytest.fixture(scope="module")
def preprocessor(uncased):
    return BertPreprocessor(uncased, sequence_length=7)


def lists(features):
    return {name: tensor.numpy().tolist() for name, tensor in features.items()}


def test_texts(preprocessor):
    features = preprocessor(["Hello, world!", "", "unable unable unable x"])
    assert set(features) == NAMES
    assert lists(features)["input_word_ids"] == [
        [2, 5, 15, 6, 14, 3, 0],
        [2, 3, 0, 0, 0, 0, 0],
        [2, 7, 8, 7, 8, 7, 3],
    ]
    assert lists(features)["input_mask"][1] == [1, 1, 0, 0, 0, 0, 0]


PAIR = (["hello world", "x"], ["unable unable", ""])
PAIR_IDS = [[2, 5, 6, 3, 7, 8, 3], [2, 22, 3, 3, 0, 0, 0]]


@pytest.mark.parametrize("kind", [tuple, list, np.array, tf.constant, "mixed"])
def test_pairs(preprocessor, tokens, kind):
    ids = [[tokens.index("x") if i == 22 else i for i in row] for row in PAIR_IDS]
    if kind == "mixed":
        pair = [np.array(PAIR[0]), tf.constant(PAIR[1])]
    else:
        pair = tuple(kind(texts) for texts in PAIR)
    for collection in (tuple, list):
        features = lists(preprocessor(collection(pair)))
        assert features["input_word_ids"] == ids
        assert features["input_type_ids"] == [[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 0, 0, 0]]


def test_two_plain_texts_are_no_pair(preprocessor):
    assert preprocessor(["hello", "world"])["input_word_ids"].shape == (2, 7)
    assert preprocessor(("hello", "world"))["input_type_ids"].numpy().sum() == 0


def test_longest_padding(uncased):
    preprocessor = BertPreprocessor(uncased, sequence_length=7, padding="longest")
    assert preprocessor(["hello", "x"])["input_word_ids"].shape == (2, 3)
    assert preprocessor(["hello " * 20])["input_word_ids"].shape == (1, 7)
    assert preprocessor([])["input_word_ids"].shape == (0, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sequence_length": 2}, "at least 3 for 1 segment and 2 special tokens; received 2"),
        ({"truncation": "waterfall"}, "expected truncation of .*; received 'waterfall'"),
        ({"padding": "none"}, "expected padding of .*; received 'none'"),
    ],
)
def test_faulty_settings_are_refused(uncased, settings, message):
    with pytest.raises(ValueError, match=message):
        BertPreprocessor(uncased, **settings)


def test_faulty_inputs_are_refused(preprocessor, uncased):
    with pytest.raises(ValueError, match="received 2 first and 1 second texts"):
        preprocessor((["a", "b"], ["c"]))
    with pytest.raises(ValueError, match="expected first texts as str or bytes; received int"):
        preprocessor(([1], ["a"]))
    with pytest.raises(ValueError, match="at least 5 for 2 segments and 3 special tokens"):
        BertPreprocessor(uncased, sequence_length=4)((["a"], ["b"]))
    with pytest.raises(ValueError, match="expected tokenizer as BertTokenizer; received 'bert'"):
        BertPreprocessor("bert")


def test_unequal_pairs_are_refused_in_a_graph(preprocessor):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)] * 2)
    def features(first, second):
        return preprocessor((first, second))

    with pytest.raises(tf.errors.InvalidArgumentError, match="pairs of equal number"):
        features(["a", "b"], ["c"])


def test_in_tf_data(preprocessor):
    data = tf.data.Dataset.from_tensor_slices((PAIR, [0, 1])).batch(2)
    (features, labels) = next(iter(data.map(lambda pair, label: (preprocessor(pair), label))))
    assert lists(features) == lists(preprocessor(PAIR))
    assert labels.numpy().tolist() == [0, 1]
    assert features["input_word_ids"].shape == (2, 7)


def test_in_a_functional_model_and_from_its_file(preprocessor, tmp_path):
    first, second = keras.Input((), dtype="string"), keras.Input((), dtype="string")
    model = keras.Model((first, second), preprocessor((first, second)))
    assert model.output["input_word_ids"].shape == (None, 7)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    clone = keras.models.clone_model(model)
    for each in (model, again, clone):
        features = each((tf.constant(PAIR[0]), tf.constant(PAIR[1])))
        assert lists(features) == lists(preprocessor(PAIR))


def test_a_tokenizer_in_a_functional_model(uncased, tmp_path):
    texts = keras.Input((), dtype="string")
    model = keras.Model(texts, uncased(texts))
    model.save(tmp_path / "tokenizer.keras")
    again = keras.models.load_model(tmp_path / "tokenizer.keras")
    for each in (model, again):
        ids = each(tf.constant(["Hello!", "x"]))
        assert ids.to_list() == uncased(["Hello!", "x"]).to_list()


def test_config_brings_the_preprocessor_back(tokens):
    preprocessor = BertPreprocessor(
        BertTokenizer(tokens, lowercase=False),
        sequence_length=11,
        truncation="longest_first",
        padding="longest",
        name="mine",
    )
    again = BertPreprocessor.from_config(preprocessor.get_config())
    assert again.get_config() == preprocessor.get_config()
    assert not again.tokenizer.lowercase
    assert again.name == "mine"


def test_mixed_precision_changes_nothing(tokens):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        preprocessor = BertPreprocessor(BertTokenizer(tokens), sequence_length=5)
        assert {t.dtype for t in preprocessor(["hello"]).values()} == {tf.int32}
    finally:
        keras.config.set_dtype_policy("float32")
