import random
import re

import keras
import numpy as np
import pytest

from keras_bert.data.tagging_schemes import spans_from_tags, tags_from_spans
from keras_bert.models import load_task
from keras_bert.models.token_classifier import BertTokenClassifier

# Learnable by a tiny model: words of opinion are entities, of GOOD or of BAD.
TYPES = {"good": "GOOD", "fine": "GOOD", "great": "GOOD", "bad": "BAD", "poor": "BAD"}


OTHERS = ["very", "film", "book", "the", "a", "was", "films", "!", "电", "😀"]


@pytest.fixture(scope="module")
def sentences():
    draw = random.Random(3)
    words = [
        [draw.choice([*TYPES, *OTHERS]) for _ in range(draw.randint(1, 9))] for _ in range(120)
    ]
    return words, [[f"B-{TYPES[w]}" if w in TYPES else "O" for w in own] for own in words]


@pytest.fixture(scope="module")
def tagger(make_parts, sentences):
    task = BertTokenClassifier(*make_parts(), ["GOOD", "BAD"], dropout=0.0, stride=5)
    task.compile_for(len(sentences[0]), epochs=6, batch_size=8, learning_rate=2e-2)
    task.fit(*sentences, epochs=6, batch_size=8, verbose=0)
    return task


LONG = "the film was very very very good and a book was bad " * 3


def test_learns_from_words_and_tags(tagger, sentences):
    words, tags = sentences
    assert tagger.predict_tags(words) == tags
    scores = tagger.score(words, tags)
    assert scores["f1"] == scores["precision"] == scores["f1 BAD"] == 1.0
    assert tagger.evaluate(words, tags, verbose=0, return_dict=True)["accuracy"] == 1.0


def test_answers_of_texts(tagger):
    (row, empty, long) = tagger.answer(["The  film was GOOD, a book was bad!", "", LONG])
    assert [(e["text"], e["type"]) for e in row["entities"]] == [("GOOD", "GOOD"), ("bad", "BAD")]
    assert row["text"][14:18] == "GOOD" and row["entities"][0]["start"] == 14
    assert row["entities"][0]["byte_end"] == row["entities"][0]["end"] == 18
    assert 0.5 < row["entities"][0]["score"] <= 1
    assert empty == {"text": "", "entities": []}
    assert [e["type"] for e in long["entities"]] == ["GOOD", "BAD"] * 3  # several windows
    assert all(long["text"][e["start"] : e["end"]] == e["text"] for e in long["entities"])


def test_answers_of_words(tagger):
    (row,) = tagger.answer([["good", "films"]])
    assert row["words"] == ["good", "films"] and row["tags"] == ["B-GOOD", "O"]
    assert row["text"] == "good films"
    assert tagger.predict_tags([[], ["bad"]]) == [[], ["B-BAD"]]
    assert tagger.predict_tags([["bad"]], scheme="BIOES") == [["S-BAD"]]


@pytest.mark.usefixtures("untraced")
def test_texts_with_entities_train_alike(make_parts, sentences):
    words, tags = sentences
    texts = [" ".join(own) for own in words]
    entities = [
        [
            {"start": found.start(), "end": found.end(), "type": TYPES[found[0]]}
            for found in re.finditer("|".join(TYPES), text)
        ]
        for text in texts
    ]
    task = BertTokenClassifier(*make_parts(), ["GOOD", "BAD"])
    for mine, theirs in zip(
        (task.batches(words, tags, batch_size=50)[0], task.batches([""], [[]])[0]),
        (task.batches(texts, entities, batch_size=50)[0], task.batches([[]], [[]])[0]),
        strict=True,
    ):
        np.testing.assert_array_equal(mine[0]["input_word_ids"], theirs[0]["input_word_ids"])
        np.testing.assert_array_equal(mine[1], theirs[1])
    held_out = (texts[:5], entities[:5])
    history = task.fit(texts[:40], entities[:40], verbose=0, validation_data=held_out).history
    assert np.isfinite([history["loss"], history["val_loss"]]).all()
    assert task.score(texts, entities) == task.score(words, tags)


def test_word_pieces_that_continue_a_word_are_not_learned(tagger):
    batches = tagger.batches([["good", "films", "a"]], [["B-GOOD", "O", "O"]])
    features, labels, _ = batches[0]
    pieces = [tagger.preprocessor.tokenizer.vocabulary[i] for i in features["input_word_ids"][0]]
    assert pieces[:6] == ["[CLS]", "good", "film", "##s", "a", "[SEP]"]
    assert labels[0, :6].tolist() == [-1, 1, 0, -1, 0, -1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good (a) film", [1, 1 / 3, 1 / 3, 1 / 3, 1]),
        ("中国good", [1, 1, 1]),
        ("films  good", [1, 0, 1]),
    ],
)
def test_the_tokens_of_a_word_share_its_weight(tagger, text, expected):
    features, _, weights = tagger.batches([text], [[]])[0]
    assert features["input_mask"].sum() == len(expected) + 2
    np.testing.assert_allclose(
        weights[0, 1 : len(expected) + 1] / weights[0, 1], expected, rtol=1e-6
    )


def test_the_first_token_of_a_word_alone_may_be_learned(make_parts, tmp_path):
    task = BertTokenClassifier(*make_parts(), ["GOOD"], label_all_tokens=False)
    *_, weights = task.batches(["good (a) film", "(good)"], [[], []])[0]
    assert (weights / weights[0, 1])[:, 1:6].tolist() == [[1, 1, 0, 0, 1], [1, 0, 0, 0, 0]]
    assert load_task(task.save_to_preset(tmp_path / "kept")).label_all_tokens is False


def test_each_piece_of_a_long_text_is_learned_once(tagger):
    words = (LONG + "very").split()
    batches = tagger.batches([words], [["O"] * len(words)], batch_size=99)
    labels = batches[0][1]
    assert len(labels) > 2 and (labels >= 0).sum() == len(words)


def test_an_entity_across_the_border_of_windows(tagger):
    words = ["very"] * 40
    labels = tagger.batches([words], [["B-BAD"] + ["I-BAD"] * 39], batch_size=99)
    values, counts = np.unique(labels[0][1], return_counts=True)
    assert dict(zip(values, counts, strict=True))[tagger.labels.index("I-BAD")] == 39


def test_offsets_into_text_of_several_bytes_a_character(tagger):
    text = "😀 é電影 was good 😀 bad"
    (row,) = tagger.answer([text])
    for entity in row["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["text"]
        raw = text.encode()[entity["byte_start"] : entity["byte_end"]]
        assert raw.decode() == entity["text"]
    assert ("good", "GOOD") in [(e["text"], e["type"]) for e in row["entities"]]


def test_bytes_that_are_not_utf8(tagger):
    first, second = tagger.answer([b"was \xff good", b"a go\xffod film"])
    assert [e["text"] for e in first["entities"]] == ["good"]
    (entity,) = second["entities"]
    assert entity["text"] == "good" and (entity["byte_start"], entity["byte_end"]) == (2, 7)
    assert second["text"][entity["start"] : entity["end"]] == "good"


def test_no_records(tagger):
    assert tagger.answer([]) == []
    assert tagger.predict([])["num_entities"].shape == (0,)


@pytest.mark.usefixtures("untraced")
def test_schemes_of_data_and_of_labels_may_differ(make_parts, sentences):
    words, tags = sentences
    labels = ["S-BAD", "O", "B-BAD", "E-BAD", "I-BAD", "S-GOOD"]
    task = BertTokenClassifier(*make_parts(), labels, decoding="argmax")
    data = task.batches(words, tags, batch_size=99)[0][1]
    assert set(np.unique(data)) == {-1, 0, 1, 5}
    iob1 = [tags_from_spans(spans_from_tags(own), len(own), "IOB1") for own in tags]
    assert iob1 != tags
    np.testing.assert_array_equal(data, task.batches(words, iob1, batch_size=99)[0][1])
    assert np.isfinite(task.fit(words, iob1, verbose=0).history["loss"]).all()


def test_keras_file_and_preset_bring_back_the_task(tagger, tmp_path):
    texts = ["the film was good", LONG]
    expected = tagger.predict(texts)
    tagger.save(tmp_path / "task.keras")
    tagger.save_to_preset(tmp_path / "preset")
    loaded = [
        keras.models.load_model(tmp_path / "task.keras"),
        BertTokenClassifier.from_preset(tmp_path / "preset"),
    ]
    for task in loaded:
        assert task.labels == tagger.labels and task.stride == 5
        answers = task.predict(texts)
        np.testing.assert_allclose(answers["scores"], expected["scores"], atol=1e-5)
        assert (answers["entities"] == expected["entities"]).all()


def test_new_labels_make_a_new_head(tagger, tmp_path):
    tagger.save_to_preset(tmp_path / "preset")
    task = BertTokenClassifier.from_preset(tmp_path / "preset", labels=["PER"])
    assert task.labels == ["O", "B-PER", "I-PER"]
    np.testing.assert_array_equal(
        task.backbone.embeddings.word_embeddings.embeddings.numpy(),
        tagger.backbone.embeddings.word_embeddings.embeddings.numpy(),
    )


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([["good"]], [["B-GOOD", "O"]], "each of the 1 words of row 0; received 2 tags"),
        ([["good"]], ["O"], "each of the 1 words of row 0; received 'O'"),
        ([["good"]], [], "tags for each of 1 sentences; received 0 lists"),
        ([["good"]], [["GOOD"]], "expected a tag O, .*; received 'GOOD'"),
        ([["good"]], [["B-FINE"]], r"types among \['GOOD', 'BAD'\] in row 0; received 'FINE'"),
        ([["a"]] * 600, [["O"]] * 599 + [["B-FINE"]], "in row 599; received 'FINE'"),
        ([["good", 3]], [["O", "O"]], "words, a list of str, in row 0"),
        (["good"], [[{"start": 0, "end": 9, "type": "GOOD"}]], "within the 4 characters of row 0"),
        (["good"], [["O"]], "an entity as a dict of start, end and type"),
        (["good"], [], "expected entities for each text; received 1 texts and entities for 0"),
    ],
)
def test_bad_labels(tagger, x, y, message):
    with pytest.raises(ValueError, match=message):
        tagger.fit(x, y, verbose=0)


def test_other_types_are_scored_as_missed(tagger):
    assert tagger.score([["good"]], [["B-FINE"]])["f1 FINE"] == 0


def test_bad_settings(tiny_parts):
    with pytest.raises(ValueError, match="expected decoding of"):
        BertTokenClassifier(*tiny_parts, labels=["A"], decoding="beam")
    with pytest.raises(ValueError, match="expected stride"):
        BertTokenClassifier(*tiny_parts, labels=["A"], stride=0)
    with pytest.raises(ValueError, match="expected labels as distinct tags"):
        BertTokenClassifier(*tiny_parts, labels=[])
    with pytest.raises(ValueError, match="expected words, a list of str"):
        BertTokenClassifier(*tiny_parts, labels=["A"]).predict_tags(["not words"])


def test_a_checkpoint_without_tags_needs_labels(tiny_parts, tmp_path):
    backbone, preprocessor = tiny_parts
    backbone.save_to_preset(tmp_path / "bare", preprocessor=preprocessor)
    with pytest.raises(ValueError, match=r"labels=\[…\], tags or types of entities"):
        BertTokenClassifier.from_preset(tmp_path / "bare")
