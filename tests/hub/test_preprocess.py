"""What TF Hub's text API asks of preprocessing, of our module and of the Model Garden's alike."""

import pytest
import tensorflow as tf

TEXTS = ["Ada lives in Café!", "", "狗unable ADAS?", "zzz die # Stadt"]
NAMES = {"input_word_ids", "input_mask", "input_type_ids"}
LENGTH = 29
WORDS = [
    [[5], [12], [11], [8], [16]],
    [],
    [[14], [18, 19], [5, 6], [17]],
    [[1], [9], [20], [10]],
]


def packed(outputs, length):
    """The dict of three as rows of ids without padding, and the types of the tokens."""
    assert set(outputs) == NAMES
    assert all(value.dtype == tf.int32 for value in outputs.values())
    assert all(value.shape[1] == length for value in outputs.values())
    mask = tf.cast(outputs["input_mask"], tf.bool)
    assert not tf.boolean_mask(outputs["input_word_ids"], ~mask).numpy().any()
    assert not tf.boolean_mask(outputs["input_type_ids"], ~mask).numpy().any()
    rows = zip(outputs["input_word_ids"], outputs["input_type_ids"], mask, strict=True)
    return [(ids[own].numpy().tolist(), types[own].numpy().tolist()) for ids, types, own in rows]


def test_call(pair):
    outputs = pair.preprocess(tf.constant(TEXTS))
    expected = [[2, *(piece for word in words for piece in word), 3] for words in WORDS]
    assert packed(outputs, LENGTH) == [(ids, [0] * len(ids)) for ids in expected]
    assert packed(pair.preprocess(tf.constant(["ada " * 50])), LENGTH) == [
        ([2, *[5] * (LENGTH - 2), 3], [0] * LENGTH)
    ]
    assert packed(pair.preprocess(tf.zeros([0], tf.string)), LENGTH) == []
    assert packed(pair.preprocess(tf.constant(TEXTS), training=True), LENGTH)


def test_tokenize(pair):
    tokens = pair.preprocess.tokenize(tf.constant(TEXTS))
    assert isinstance(tokens, tf.RaggedTensor)
    assert (tokens.ragged_rank, tokens.dtype, tokens.row_splits.dtype) == (2, tf.int32, tf.int64)
    assert tokens.to_list() == WORDS
    nothing = pair.preprocess.tokenize(tf.zeros([0], tf.string))
    assert nothing.to_list() == [] and nothing.ragged_rank == 2
    assert pair.preprocess.tokenize(tf.constant(["", " \t"])).to_list() == [[], []]


def test_tokenize_with_offsets(pair):
    # Without an accent: the Model Garden's offsets are those of the text that lost it.
    texts = [text.replace("é", "e") for text in TEXTS]
    tokens, starts, limits = pair.preprocess.tokenize_with_offsets(tf.constant(texts))
    assert tokens.to_list() == WORDS
    assert starts.dtype == limits.dtype == tf.int64
    cut = [
        [
            [text.encode()[start:limit].decode() for start, limit in zip(*word, strict=True)]
            for word in zip(*words, strict=True)
        ]
        for text, *words in zip(texts, starts.to_list(), limits.to_list(), strict=True)
    ]
    assert cut == [
        [["Ada"], ["lives"], ["in"], ["Cafe"], ["!"]],
        [],
        [["狗"], ["un", "able"], ["ADA", "S"], ["?"]],
        [["zzz"], ["die"], ["#"], ["Stadt"]],
    ]


@pytest.mark.parametrize("name", ["tokenize", "tokenize_with_offsets"])
def test_special_tokens(pair, name):
    ids = getattr(pair.preprocess, name).get_special_tokens_dict()
    assert {key: value.numpy() for key, value in ids.items()} == {
        "vocab_size": 23,
        "padding_id": 0,
        "start_of_sequence_id": 2,
        "end_of_segment_id": 3,
        "mask_id": 4,
    }
    assert all(value.dtype == tf.int32 and value.shape == () for value in ids.values())


@pytest.mark.parametrize("by_words", [False, True])
def test_pack(pair, by_words):
    first, second = [[5, 6, 7, 8, 9], []], [[11, 12], [13]]
    if by_words:
        first = tf.ragged.constant([[[5, 6], [7], [8, 9]], []], tf.int32, ragged_rank=2)
        second = tf.ragged.constant([[[11, 12]], [[13]]], tf.int32, ragged_rank=2)
    else:
        first, second = (tf.ragged.constant(rows, tf.int32) for rows in (first, second))
    pack = pair.preprocess.bert_pack_inputs
    assert packed(pack([first]), LENGTH) == [([2, 5, 6, 7, 8, 9, 3], [0] * 7), ([2, 3], [0, 0])]
    assert packed(pack([first], seq_length=5), 5)[0] == ([2, 5, 6, 7, 3], [0] * 5)
    whole = [
        ([2, 5, 6, 7, 8, 9, 3, 11, 12, 3], [0] * 7 + [1] * 3),
        ([2, 3, 13, 3], [0, 0, 1, 1]),
    ]
    assert packed(pack([first, second], seq_length=tf.constant(10)), 10) == whole
    assert packed(pack([first, second]), LENGTH) == whole
    # In turns: the second segment keeps what fits into its half, the first one the rest.
    assert packed(pack([first, second], seq_length=8), 8) == [
        ([2, 5, 6, 7, 3, 11, 12, 3], [0] * 5 + [1] * 3),
        whole[1],
    ]
    assert packed(pack([first, second], seq_length=6), 6)[0] == (
        [2, 5, 6, 3, 11, 3],
        [0] * 4 + [1] * 2,
    )
    assert packed(pack([first, second], seq_length=3), 3)[0] == ([2, 3, 3], [0, 0, 1])


def test_steps_together_are_the_call(pair):
    tokens = pair.preprocess.tokenize(tf.constant(TEXTS))
    steps = pair.preprocess.bert_pack_inputs([tokens], seq_length=LENGTH)
    assert packed(steps, LENGTH) == packed(pair.preprocess(tf.constant(TEXTS)), LENGTH)


def test_static_shapes_in_a_pipeline(pair):
    texts = tf.data.Dataset.from_tensor_slices(TEXTS).batch(3).map(pair.preprocess)
    assert {spec.shape.as_list()[1] for spec in texts.element_spec.values()} == {LENGTH}
    assert [len(batch["input_mask"]) for batch in texts] == [3, 1]
    words = tf.data.Dataset.from_tensors(TEXTS).map(pair.preprocess.tokenize)
    assert next(iter(words)).to_list() == WORDS


def test_signature_in_a_session(pair):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(pair.preprocess_path))
        signature = loaded.signature_def["serving_default"]
        assert list(signature.inputs) == ["sentences"]
        feed = {signature.inputs["sentences"].name: [text.encode() for text in TEXTS]}
        found = session.run([info.name for info in signature.outputs.values()], feed)
    expected = pair.preprocess(tf.constant(TEXTS))
    assert sorted(value.tolist() for value in found) == sorted(
        value.numpy().tolist() for value in expected.values()
    )
