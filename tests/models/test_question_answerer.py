import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.models.question_answerer import BertQuestionAnswerer
from keras_bert.models.serving import serving_signatures
from keras_bert.models.span_labels import label_spans
from keras_bert.models.task_presets import load_task
from keras_bert.text.answers import as_numpy

OPINIONS = ("good", "fine", "great", "bad", "poor", "awful")
THINGS = ("film", "book")


def records():
    """Passages of 0, 1 or 3 windows, whose one opinion is the answer to any question."""
    questions, passages, answers = [], [], []
    for before in (0, 2, 4, 11):
        for thing in THINGS:
            for opinion in ("", *OPINIONS):
                start = f"🙂 the {'a ' * before}{thing} was "
                questions.append(f"was the {thing} ?")
                passages.append(f"{start}{opinion}! is the")
                found = {"text": [opinion], "answer_start": [len(start)]}
                answers.append(found if opinion else {"text": [], "answer_start": []})
    return (questions, passages), answers


@pytest.fixture(scope="module")
def data():
    return records()


def make(make_parts, **options):
    sizes = {"max_query_length": 4, "stride": 5, "max_answer_length": 4, "squad_v2": True}
    return BertQuestionAnswerer(*make_parts(), **sizes | options)


@pytest.fixture(scope="module")
def answerer(make_parts, data):
    task = make(make_parts)
    batches = task.batches(*data, batch_size=8)
    task.compile_for(batches.records, learning_rate=5e-3, epochs=10, batch_size=8)
    task.fit(batches, epochs=10, verbose=0)
    return task


def test_learns_answers_and_that_there_is_none(answerer, data):
    x, y = data
    scores = answerer.score(x, y)
    assert scores["exact_match"] > 90
    assert scores["HasAns_exact"] > 90 and scores["NoAns_exact"] > 70
    assert scores["best_exact"] >= scores["exact_match"]
    assert (scores["total"], scores["NoAns_total"]) == (56, 8)


def test_answers_stand_in_the_passage(answerer, data):
    (questions, passages), _ = data
    found = answerer.predict((questions, passages))
    for row, passage in enumerate(passages):
        answer = found["answer"][row]
        span = slice(found["char_start"][row], found["char_limit"][row])
        span_of_bytes = slice(found["byte_start"][row], found["byte_limit"][row])
        if answer:
            assert passage[span] == answer
            assert passage.encode()[span_of_bytes].decode() == answer
            assert found["byte_start"][row] == found["char_start"][row] + 3  # after the emoji
        else:
            assert span == span_of_bytes == slice(-1, -1)


def test_answers_as_json(answerer, data):
    (questions, passages), _ = data
    rows = answerer.answer((questions, passages))
    assert json.loads(json.dumps(rows)) == rows
    best = rows[1]["answers"][0]
    assert best["text"] == rows[1]["answer"] == "good"
    assert best["score"] == rows[1]["score"]
    assert best.keys() == {
        *("text", "score", "byte_start", "byte_limit", "char_start", "char_limit"),
    }
    assert len(rows[1]["answers"]) <= 3 and "scores" not in rows[1]


def test_bytes_are_answered_as_texts_are(answerer):
    text = ["the film was good!"], ["🙂 the book was awful!"]
    as_bytes = tuple([one.encode() for one in column] for column in text)
    assert answerer.answer(text) == answerer.answer(as_bytes)


# === Labels ===


def test_labels_are_positions_of_the_answer_or_of_cls(answerer, data):
    (questions, passages), y = data
    row = next(n for n, p in enumerate(passages) if p.count("a ") > 9 and y[n]["text"])
    columns = [questions[row]] * 2, [passages[row]] * 2
    windows = answerer.windows(*columns)
    spans = answerer.encode_labels([y[row], None], columns)
    labels = label_spans(windows, spans)
    ids = windows.features["input_word_ids"].numpy()
    vocabulary = answerer.preprocessor.tokenizer.vocabulary
    of_first = windows.rows.numpy() == 0
    assert len(labels) > 2 and not labels[~of_first].any()
    inside = [list(vocabulary)[ids[w, p]] for w, (p, _) in enumerate(labels) if labels[w].any()]
    assert inside and set(inside) == {y[row]["text"][0]}
    # Every window with the answer in it is labelled with it.
    number = list(vocabulary).index(y[row]["text"][0])
    assert ((ids == number).any(axis=1) & of_first == labels.any(axis=1)).all()


def test_answer_of_several_pieces_and_inside_of_one(make_parts):
    task = make(make_parts)
    context = "the films was good"
    for text, first, last in (("films was", 1, 3), ("ilm", 1, 1), ("m", 1, 1), ("ood", 4, 4)):
        columns = ["was ?"], [context]
        spans = task.encode_labels([text], columns)
        windows = task.windows(*columns)
        assert label_spans(windows, spans).tolist() == [[4 + first, 4 + last]]


def test_the_first_answer_in_the_passage_is_learnt(make_parts):
    task = make(make_parts)
    columns = ["?"], ["the film was good, the book was bad"]
    several = {"text": ["awful", "bad", "good"], "answer_start": [3, 0, 0]}
    assert task.encode_labels([several], columns) == [(32, 35)]


def test_answer_longer_than_a_window_is_in_none_of_them(make_parts):
    task = make(make_parts)
    passage = "the film was good " * 5
    columns = ["?"], [passage]
    labels = label_spans(task.windows(*columns), [(0, len(passage) - 1)])
    assert len(labels) > 1 and not labels.any()


# === Faults ===


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["Mars"], r"answer of question number 0 that stands in its passage; received 'Mars'"),
        ([{"text": [3]}], "expected answers of question number 0 as texts with whole numbers"),
        (["film", "film"], "expected answers for each question; received 1 questions and 2 ans"),
    ],
)
def test_labels_that_do_not_align(make_parts, y, message):
    with pytest.raises(ValueError, match=message):
        make(make_parts).fit((["was ?"], ["the film was good"]), y)


def test_answer_without_a_word_piece(make_parts):
    passage = "the film \x07\x07 was good"
    with pytest.raises(ValueError, match=r"expected an answer with a word piece; received '\\x07'"):
        make(make_parts).fit((["was ?"], [passage]), ["\x07"])


def test_lone_strings_and_unequal_columns(answerer):
    with pytest.raises(ValueError, match="expected pairs, as two collections of texts"):
        answerer.predict(("what ?", "the film"))
    with pytest.raises(ValueError, match="expected as many second texts as first texts"):
        answerer.predict((["what ?"], ["the film", "the book"]))


def test_windows_need_room_behind_the_question(make_parts):
    task = make(make_parts, max_query_length=14)
    with pytest.raises(ValueError, match="expected sequence_length of at least 18 for a prefix"):
        task.predict((["was ?"], ["the film"]))


def test_thresholds_are_of_squad_2(make_parts):
    with pytest.raises(ValueError, match="expected a task with squad_v2=True; received one with"):
        make(make_parts, squad_v2=False).tune_threshold(([], []), [])


# === Odd records ===


def test_empty_passages_and_questions_and_long_questions(answerer):
    x = (["", "was the film ?", "is " * 40, ""], ["", "", "the film was good", "good"])
    found = answerer.predict(x)
    assert found["answer"][:2].tolist() == ["", ""]
    assert found["char_start"][:2].tolist() == [-1, -1]
    np.testing.assert_allclose(found["score"][:2], [1, 1])
    cut = answerer.predict((["is " * 4], ["the film was good"]))
    assert cut["answer"][0] == found["answer"][2]
    np.testing.assert_allclose(cut["scores"][0], found["scores"][2], rtol=1e-4)


def test_without_squad_2_there_is_an_answer_wherever_there_are_words(make_parts):
    task = make(make_parts, squad_v2=False)
    found = task.predict((["was ?", "was ?"], ["the film was good", ""]))
    assert "null_score" not in found
    assert found["answer"][0] and not found["answer"][1]
    assert (found["score"][1], found["char_limit"][1]) == (0, -1)
    scores = task.score((["was ?"], ["the film was good"]), ["good"])
    assert scores.keys() == {"exact_match", "f1", "total"}


def test_scores_of_chinese_go_by_characters(make_parts, monkeypatch):
    task = make(make_parts, squad_v2=False, chinese=True)
    monkeypatch.setattr(task, "predict", lambda x: {"answer": np.array(["北京市。"])})
    scores = task.score((["?"], ["北京市。"]), ["北京"])
    assert (scores["exact_match"], scores["f1"]) == (0, pytest.approx(80))


# === Threshold, presets, exports ===


def test_threshold_is_tuned_for_f1_and_kept(make_parts, data, tmp_path):
    task = make(make_parts)
    x, y = data
    before = task.score(x, y)
    scores = task.tune_threshold(x, y)
    assert task.spans.null_threshold == before["best_f1_thresh"] != 0
    # More where an answer such as "!" counts as none, which the search does not see.
    assert scores["f1"] >= before["best_f1"] > before["f1"]
    task.save_to_preset(tmp_path / "preset")
    again = load_task(tmp_path / "preset")
    assert again.head_config() == task.head_config()
    assert again.score(x, y) == pytest.approx(scores)


@pytest.mark.parametrize("seed", range(9))
def test_threshold_is_tuned_whatever_the_order_of_sums(make_parts, monkeypatch, seed):
    task, random = make(make_parts), np.random.default_rng(seed)
    right = [" ".join("abcdefg"[: random.integers(1, 8)]) for _ in range(31)]
    nulls = random.normal(size=31).astype("float32")
    found = {"answers": np.array([["b c d"]] * 31), "null_score_difference": nulls}
    monkeypatch.setattr(task, "predict", lambda x: found)
    y = [text if null < 0.5 else None for text, null in zip(right, nulls, strict=True)]
    scores = task.tune_threshold(None, y)
    assert scores["f1"] == pytest.approx(scores["best_f1"])
    assert task.spans.null_threshold == scores["best_f1_thresh"]


def test_threshold_may_refuse_all(make_parts, data):
    task = make(make_parts)
    x, _ = data
    scores = task.tune_threshold(x, [None] * 56)
    assert scores["f1"] == scores["NoAns_f1"] == 100
    assert not task.predict(x)["answer"].astype(bool).any()


def assert_same(theirs, ours):
    assert theirs.keys() == ours.keys()
    scores = ours["scores"]  # [B, K]: which of two equals is the first is chance
    clear = np.diff(scores, axis=1, append=-1.0) < -1e-5
    clear[:, 1:] &= clear[:, :-1]
    for name, column in ours.items():
        given = np.asarray(theirs[name])
        if column.dtype.kind == "f":
            np.testing.assert_allclose(given, column, atol=1e-5, err_msg=name)
        elif column.ndim == 2:
            np.testing.assert_array_equal(given[clear], column[clear], err_msg=name)
        else:
            np.testing.assert_array_equal(given, column, err_msg=name)
    assert clear.mean() > 0.3


@pytest.fixture(scope="module")
def odd(data):
    (questions, passages), _ = data
    return [*questions, "", "is " * 20], [*passages, "", "the film was good! " * 9]


def test_export_answers_as_the_task_does(answerer, odd, tmp_path, served):
    version = answerer.export(tmp_path / "model")
    there = served(version, dict(zip(("question", "context"), odd, strict=True)))
    assert_same(there, answerer.predict(odd))
    card = json.loads((version / "assets.extra" / "keras_bert.json").read_text("utf-8"))
    assert card["inputs"] == ["question", "context"]
    assert (card["squad_v2"], card["stride"], card["null_threshold"]) == (True, 5, 0.0)


def test_compiled_signature_answers_the_same(answerer, odd):
    signature = serving_signatures(answerer, jit_compile=True)["serving_default"]
    answers = signature(*(tf.constant(column) for column in odd))
    assert_same(as_numpy(answers), answerer.predict(odd))


def test_keras_file(answerer, data, tmp_path):
    answerer.save(tmp_path / "task.keras")
    again = keras.models.load_model(tmp_path / "task.keras")
    assert again.answer(data[0]) == answerer.answer(data[0])


def test_stride_is_a_third_of_the_length(make_parts):
    assert make(make_parts, stride=None).windows.stride == 17 // 3
