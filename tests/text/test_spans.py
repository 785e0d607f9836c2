"""Against Google's own post-processing, recorded by tests/golden/record_squad_spans.py."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.text.spans import SpanAnswers
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.windows import SlidingWindows

GOLDEN = json.loads(
    (pathlib.Path(__file__).parents[1] / "golden" / "squad_spans.json").read_text("utf-8")
)
NONE_FOUND = "empty"  # what Google's code writes where no span is valid


@pytest.fixture(scope="module")
def cut():
    tokenizer = BertTokenizer(GOLDEN["vocabulary"])
    return SlidingWindows(
        tokenizer, GOLDEN["sequence_length"], GOLDEN["stride"], GOLDEN["max_query_length"]
    )


def padded(rows, width):
    filled = np.full((len(rows), width, 2), 99.0, "float32")  # no answer may be in the padding
    for number, row in enumerate(rows):
        filled[number, : len(row)] = row
    return tf.constant(filled)


def answers_of(run, cut, **options):
    windows = cut(*zip(*run["pairs"], strict=True))
    logits = padded(run["logits"], windows.pieces.shape[1])
    settings = {key: run[key] for key in ("squad_v2", "n_best_size", "max_answer_length")}
    answers = SpanAnswers(**{"top_k": run["n_best_size"], **settings, **options})(logits, windows)
    return {name: column.numpy() for name, column in answers.items()}, windows


@pytest.mark.parametrize("run", GOLDEN["runs"], ids=lambda run: f"n{run['n_best_size']}")
class TestGolden:
    def test_windows_are_googles(self, run, cut):
        _, windows = answers_of(run, cut)
        ids = tf.ragged.boolean_mask(
            windows.features["input_word_ids"], windows.features["input_mask"] == 1
        )
        assert ids.to_list() == run["ids"]

    def test_answers(self, run, cut):
        answers, _ = answers_of(run, cut)
        expected = ["" if text == NONE_FOUND else text for text in run["predictions"]]
        assert [text.decode() for text in answers["answer"]] == expected
        if run["squad_v2"]:
            assert {"", "answered"} == {text and "answered" for text in run["predictions"]}
            np.testing.assert_allclose(answers["null_score_difference"], run["differences"])

    def test_n_best_lists_and_probabilities(self, run, cut):
        answers, _ = answers_of(run, cut)
        for row, listed in enumerate(run["nbest"]):
            ours = [text.decode() for text in answers["answers"][row] if text]
            if listed[0][0] == NONE_FOUND:
                assert not ours and answers["score"][row] == 0
                continue
            assert ours == [text for text, _ in listed if text]
            chances = [chance for text, chance in listed if text]
            np.testing.assert_allclose(answers["scores"][row][: len(ours)], chances, rtol=1e-5)
            assert not answers["scores"][row][len(ours) :].any()
            if run["squad_v2"]:
                null = next(chance for text, chance in listed if not text)
                assert answers["null_score"][row] == pytest.approx(null, rel=1e-5)

    def test_offsets_cut_the_answers(self, run, cut):
        answers, _ = answers_of(run, cut)
        for row, (_, text) in enumerate(run["pairs"]):
            columns = [answers[f"{name}s"][row] for name in ("byte_start", "byte_limit")]
            for answer, start, limit in zip(answers["answers"][row], *columns, strict=True):
                assert answer == (text.encode()[start:limit] if answer else b"")
                assert (start >= 0) == (limit > 0) == bool(answer)
            if answers["answer"][row]:
                start, limit = answers["char_start"][row], answers["char_limit"][row]
                assert text[start:limit].encode() == answers["answer"][row]
            else:
                assert answers["byte_start"][row] == answers["char_limit"][row] == -1


def test_fewer_answers_are_the_first_of_more(cut):
    run = GOLDEN["runs"][1]
    few, _ = answers_of(run, cut, top_k=2)
    many, _ = answers_of(run, cut)
    assert few["answers"].shape[1] == 2
    for name in ("answers", "scores", "byte_starts", "char_limits"):
        np.testing.assert_array_equal(few[name], many[name][:, :2])


def test_threshold_moves_answers_to_none_and_keeps_the_best_ones(cut):
    run = GOLDEN["runs"][1]
    never, _ = answers_of(run, cut, null_threshold=1e9)
    always, _ = answers_of(run, cut, null_threshold=-1e9)
    assert (never["answer"] == never["answers"][:, 0]).all()
    assert not always["answer"].any() and (always["char_start"] == -1).all()
    np.testing.assert_array_equal(always["answers"], never["answers"])
    np.testing.assert_array_equal(always["score"], always["null_score"])
    # A difference that equals the threshold is no refusal.
    threshold = float(never["null_score_difference"][3])
    assert answers_of(run, cut, null_threshold=threshold)[0]["answer"][3]


def test_offsets_of_text_in_many_bytes(cut):
    texts = ["Zoë 👩‍🚀: the old BOÁT, went — öld river!", "北 the 京 river"]
    windows = cut(["boat?", "river?"], texts)
    logits = np.zeros((*windows.pieces.shape, 2), "float32")
    for row, piece, kind in ((0, 4, 0), (0, 5, 1), (1, 1, 0), (1, 3, 1)):
        logits[windows.rows.numpy() == row] += 9 * (
            (windows.pieces.numpy() == piece)[windows.rows.numpy() == row, :, None]
            * np.eye(2)[kind]
        )
    answers = SpanAnswers(n_best_size=4)(tf.constant(logits, tf.float32), windows)
    found = [text.decode() for text in answers["answer"].numpy()]
    assert found == ["old BOÁT", "the 京 river"]
    for text, answer, start in zip(texts, found, answers["char_start"].numpy(), strict=True):
        assert text[start : start + len(answer)] == answer


def test_passages_without_pieces_and_no_records(cut):
    search = SpanAnswers(n_best_size=4, squad_v2=True)
    windows = cut(["boat?", "river?"], ["", " \u200b"])
    logits = tf.random.stateless_normal((*windows.pieces.shape, 2), (1, 2))
    answers = search(logits, windows)
    assert answers["answer"].numpy().tolist() == [b"", b""]
    assert answers["scores"].numpy().tolist() == [[0, 0, 0]] * 2
    np.testing.assert_allclose(answers["score"], [1, 1])
    np.testing.assert_allclose(
        answers["null_score_difference"], tf.reduce_sum(logits[:, 0], -1), rtol=1e-6
    )
    plain = SpanAnswers(n_best_size=4)(logits, windows)
    assert plain["score"].numpy().tolist() == [0, 0]
    none = search(tf.zeros([0, 2, 2]), cut(tf.zeros([0], tf.string), tf.zeros([0], tf.string)))
    assert none["answers"].shape == (0, 3) and none["answer"].shape == (0,)


def test_graph_gives_what_eager_gives(cut):
    run = GOLDEN["runs"][2]
    eager, windows = answers_of(run, cut)
    search = SpanAnswers(3, 5, top_k=3, squad_v2=True)
    specs = [tf.TensorSpec([None], tf.string)] * 2 + [tf.TensorSpec([None, None, 2])]
    traced = tf.function(lambda q, c, x: search(x, cut(q, c)), specs, autograph=False)
    questions, texts = zip(*run["pairs"], strict=True)
    graph = traced(
        tf.constant(questions), tf.constant(texts), padded(run["logits"], windows.pieces.shape[1])
    )
    for name, column in eager.items():
        np.testing.assert_array_equal(graph[name], column)
    assert graph["answers"].shape[1] == 3


@pytest.mark.parametrize("wrong", [{"n_best_size": 0}, {"max_answer_length": 0}, {"top_k": 21}])
def test_sizes_have_to_fit(wrong):
    with pytest.raises(ValueError, match="expected n_best_size, max_answer_length and top_k of"):
        SpanAnswers(**wrong)
