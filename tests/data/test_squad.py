import gzip
import json

import pytest

from keras_bert.data.squad import iter_questions, read_questions

CONTEXT = "Zoë 👩‍🚀 flew in 2019. 她住在北京。 Zoë flew again."


def squad(*qas, context=CONTEXT):
    return {"version": "v2.0", "data": [{"paragraphs": [{"context": context, "qas": list(qas)}]}]}


def qa(name="q1", question="Who?", **rest):
    return {"id": name, "question": question, **rest}


@pytest.fixture
def write(tmp_path):
    def write(content, name="a.json"):
        text = content if isinstance(content, str) else json.dumps(content)
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def answer(text, start):
    return {"text": text, "answer_start": start}


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_squad_1_and_2_in_one_file(write, name):
    where = CONTEXT.index("北京")
    path = write(
        squad(
            qa(answers=[answer("北京", where), answer("在北京", where - 1)], is_impossible=False),
            qa("q2", "Why?", answers=[], is_impossible=True, plausible_answers=[answer("Zoë", 0)]),
            qa(7, "When?", answers=[answer("2019", CONTEXT.index("2019"))]),
        ),
        name,
    )
    found = read_questions(path)
    assert (found.ids, found.questions) == (["q1", "q2", "7"], ["Who?", "Why?", "When?"])
    assert found.contexts == [CONTEXT] * 3
    assert found.answers == [
        {"text": ["北京", "在北京"], "answer_start": [where, where - 1]},
        {"text": [], "answer_start": []},
        {"text": ["2019"], "answer_start": [CONTEXT.index("2019")]},
    ]
    assert found.inputs() == (found.questions, found.contexts)
    assert (len(found), found.skipped) == (3, [])


def test_offsets_count_characters_and_not_bytes_or_utf_16_units(write):
    for text in ("🚀", "flew", "北京", "again"):
        start = CONTEXT.index(text)
        found = read_questions(write(squad(qa(answers=[answer(text, start)]))))
        assert found.answers[0]["answer_start"] == [start]
        assert CONTEXT[start : start + len(text)] == text
    # As JSON escapes them: a surrogate pair is one character.
    path = write('{"question": "q", "context": "\\ud83d\\ude00 yes", "answer": "yes"}', "a.jsonl")
    assert read_questions(path).answers[0]["answer_start"] == [2]


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("flew", 0, CONTEXT.index("flew")),
        ("flew", len(CONTEXT) - 13, CONTEXT.rindex("flew")),
        ("flew", 999, CONTEXT.rindex("flew")),
        ("flew", None, CONTEXT.index("flew")),
        ("Zoë", 3, 0),
        ("Zoë", len(CONTEXT) - 15, CONTEXT.rindex("Zoë")),
    ],
)
def test_misplaced_offset_is_moved_to_the_nearest_place(write, text, start, expected):
    found = read_questions(write(squad(qa(answers=[answer(text, start)]))))
    assert found.answers == [{"text": [text], "answer_start": [expected]}]


def test_answer_that_is_not_in_the_passage(write):
    path = write(squad(qa("lost", answers=[answer("Mars", 4)]), qa("q2", answers=["flew"])))
    with pytest.raises(ValueError, match=r"expected an answer of question lost of .*'Mars'"):
        read_questions(path)
    found = read_questions(path, misplaced="skip")
    assert (found.ids, found.skipped) == (["q2"], ["lost"])
    kept = read_questions(path, misplaced="keep")
    assert kept.answers[0] == {"text": ["Mars"], "answer_start": [-1]}
    assert next(iter_questions(path, misplaced="skip")).id == "q2"


def test_one_answer_in_the_passage_is_enough(write):
    found = read_questions(write(squad(qa(answers=[answer("Mars", 4), answer("Zoë", 0)]))))
    assert found.answers[0]["answer_start"] == [-1, 0]


@pytest.mark.parametrize(
    ("row", "texts", "starts"),
    [
        ({"answers": {"text": ["flew"], "answer_start": [6]}}, ["flew"], [8]),
        ({"answers": [{"text": "flew", "answer_start": 8}]}, ["flew"], [8]),
        ({"answers": ["flew", "again"]}, ["flew", "again"], [8, CONTEXT.index("again")]),
        ({"answer": "flew", "answer_start": 35}, ["flew"], [CONTEXT.rindex("flew")]),
        ({"answer": "flew"}, ["flew"], [8]),
        ({"answer": {"text": "flew", "answer_start": 8}}, ["flew"], [8]),
        ({"answer": ""}, [], []),
        ({"answer": None}, [], []),
        ({"answers": []}, [], []),
        ({"answers": {"text": [], "answer_start": []}}, [], []),
        ({"answers": [{"text": "", "answer_start": 0}]}, [], []),
        ({"answers": ["Zoë"], "is_impossible": True}, [], []),
    ],
)
def test_json_lines(write, row, texts, starts):
    line = json.dumps({"question": "Who?", "context": CONTEXT, **row})
    found = read_questions(write(f"\n{line}\n", "a.jsonl"))
    assert found.ids == ["2"]
    assert found.answers == [{"text": texts, "answer_start": starts}]


def test_questions_without_answers(write):
    path = write(squad(qa(), qa("q2", answers=["flew"])))
    assert read_questions(path).answers is None
    assert read_questions(path, require_answers=False).answers is None
    with pytest.raises(ValueError, match="expected 'answers' of question q1; received none"):
        read_questions(path, require_answers=True)
    # Answers are not even looked at.
    assert read_questions(write(squad(qa(answers=["Mars"]))), require_answers=False).ids == ["q1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"expected SQuAD JSON in .*a.json; received: .* on line 1 \(one object a line"),
        ("[]", r"expected 'data' \(list\) in .*a.json; received \[\]"),
        ({"data": [{"title": "x"}]}, r"'paragraphs' \(list\) in article 0 of .*\['title'\]"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, r"'context' \(str\) in paragraph 0 of article"),
        ({"data": [{"paragraphs": [{"context": "a"}]}]}, r"expected 'qas' \(list\) in paragraph 0"),
        (squad({"question": "Who?"}), r"'id' \(str or int\) in question 0 of paragraph 0"),
        (squad({"id": True, "question": "Who?"}), r"'id' \(str or int\) in question 0.*True"),
        (squad({"id": "q9"}), r"expected 'question' \(str\) in question q9; received \['id'\]"),
        (squad(qa(question=5)), r"expected 'question' \(str\) in question q1; received 5"),
        (squad(qa(), qa()), r"expected each question of .*a.json once; received q1 twice"),
        (squad(qa(answers=[answer(5, 0)])), "expected answers of question q1 as texts with whole"),
        (squad(qa(answers=[answer("Zoë", 0.5)])), "answers of question q1 as texts with whole"),
        (squad(qa(answers=5)), "expected answers of question q1 as texts"),
        (
            squad(qa(answers={"text": ["Zoë", "flew"], "answer_start": [0]})),
            "an answer_start for each answer of question q1; received 2 texts and 1 offsets",
        ),
        (squad(qa(question="\ud800")), "valid Unicode in question q1; .* half of a surrogate"),
        (squad(), "expected questions in .*a.json; received none"),
    ],
)
def test_faults_name_the_question(write, content, message):
    with pytest.raises(ValueError, match=message):
        read_questions(write(content))


def test_faults_of_json_lines_name_the_line(write):
    with pytest.raises(ValueError, match=r"expected 'context' \(str\) in line 1 of .*a.jsonl"):
        read_questions(write('{"question": "Who?"}', "a.jsonl"))


def test_unknown_options(write):
    with pytest.raises(ValueError, match=r"expected file_format of .*; received 'csv'"):
        read_questions(write(squad(qa())), file_format="csv")
    with pytest.raises(ValueError, match=r"expected misplaced of .*; received 'drop'"):
        read_questions(write(squad(qa())), misplaced="drop")


def test_format_goes_by_the_suffix_or_the_option(write):
    line = json.dumps({"question": "Who?", "context": CONTEXT})
    assert read_questions(write(line, "a.JSONL.gz")).ids == ["1"]
    assert read_questions(write(line, "a.txt"), file_format="jsonl").ids == ["1"]
