import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.models.role_labeler import BertRoleLabeler

# The argument is the word behind the predicate, whichever word that is.
WORDS = ["very", "film", "book", "the", "good", "bad"]


@pytest.fixture(scope="module")
def records():
    draw = random.Random(3)
    sentences = [[draw.choice(WORDS) for _ in range(6)] for _ in range(150)]
    indices = [draw.randrange(5) for _ in sentences]
    tags = [
        ["B-V" if i == at else "B-ARG1" if i == at + 1 else "O" for i in range(6)] for at in indices
    ]
    return (sentences, indices), tags


@pytest.fixture(scope="module")
def labeler(make_parts, records):
    task = BertRoleLabeler(*make_parts(), ["V", "ARG1"], dropout=0.0, stride=5)
    task.compile_for(len(records[1]), epochs=12, batch_size=8, learning_rate=1e-2)
    task.fit(*records, epochs=12, batch_size=8, verbose=0)
    return task


def test_the_mark_tells_predicates_of_one_word_apart(labeler):
    words = ["bad", "good", "very", "bad", "film", "the"]
    first, second = labeler.answer(([words, words], [0, 3]))
    assert first["tags"][:2] == ["B-V", "B-ARG1"] and first["tags"][4] == "O"
    assert second["tags"][3:5] == ["B-V", "B-ARG1"] and second["tags"][1] == "O"
    assert second["predicate"] == {"text": "bad", "start": 14, "end": 17}


def test_the_predicate_is_not_scored(labeler, records):
    scores = labeler.score(*records)
    assert scores["f1"] > 0.95
    assert set(scores) == {"f1", "precision", "recall", "f1 ARG1"}


def test_texts_with_offsets_are_marked_alike(labeler):
    words = ["the", "good", "film"]
    by_words = labeler.batches(([words], [1]))[0][0]
    by_text = labeler.batches((["the good film"], [(4, 8)]))[0][0]
    assert by_words["input_type_ids"][0].tolist()[:5] == [0, 0, 1, 0, 0]
    for name in by_words:
        np.testing.assert_array_equal(by_words[name], by_text[name])
    (row,) = labeler.answer((["😀 the good film"], [(6, 10)]))
    assert row["predicate"]["text"] == "good"


def test_long_texts(labeler):
    text = "the film was very good " * 9
    answers = labeler.predict(([text], [(4, 8)]))
    batches = labeler.batches(([text], [(4, 8)]), batch_size=99)
    marks = batches[0][0]["input_type_ids"].sum(axis=1)
    assert len(marks) > 3 and marks.sum() == 1
    assert answers["num_entities"].shape == (1,)


def test_export_takes_offsets(labeler, tmp_path):
    version = labeler.export(tmp_path / "roles")
    texts, spans = ["the bad film 😀", "very good book"], [(4, 7), (5, 9)]
    loaded = tf.saved_model.load(version)
    served = loaded.signatures["serving_default"](
        text=tf.constant(texts),
        predicate_start=tf.constant([4, 5]),
        predicate_end=tf.constant([7, 9]),
    )
    expected = labeler.predict((texts, spans))
    assert served["entities"].numpy().astype(str).tolist() == expected["entities"].tolist()
    np.testing.assert_allclose(served["scores"], expected["scores"], atol=1e-5)


@pytest.mark.usefixtures("untraced")
def test_preset_and_keras_file(labeler, records, tmp_path):
    labeler.save_to_preset(tmp_path / "preset")
    labeler.save(tmp_path / "task.keras")
    some = records[0][0][:9], records[0][1][:9]
    expected = labeler.predict_tags(some)
    assert BertRoleLabeler.from_preset(tmp_path / "preset").predict_tags(some) == expected
    assert keras.models.load_model(tmp_path / "task.keras").predict_tags(some) == expected


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (["good"], r"records as \(sentences, predicates\), two collections; received list"),
        ((["good"], "verb"), "two collections; received tuple"),
        ((["good"], []), "received 1 sentences and 0 predicates"),
        ((["good"], [(0, 5)]), r"within the 4 characters of row 0; received \(0, 5\)"),
        ((["good"], [(2, 2)]), r"within the 4 characters of row 0; received \(2, 2\)"),
        ((["good"], [1]), r"as \(start, end\) in characters in row 0; received 1"),
        (([["good"]], [1]), "among the 1 words of row 0; received 1"),
        (([["good"]], [(0, 4)]), r"among the 1 words of row 0; received \(0, 4\)"),
    ],
)
def test_bad_predicates(labeler, x, message):
    with pytest.raises(ValueError, match=message):
        labeler.predict(x)


def test_no_room_for_the_mark(tiny_parts):
    from keras_bert.models.backbone import BertBackbone

    backbone, preprocessor = tiny_parts
    config = backbone.config.to_dict() | {"type_vocab_size": 1}
    backbone = BertBackbone(type(backbone.config)(**config))
    with pytest.raises(ValueError, match=r"type_vocab_size of at least 2, .*; received 1"):
        BertRoleLabeler(backbone, preprocessor, ["ARG0"])


def test_no_records(labeler):
    assert labeler.answer(([], [])) == []
