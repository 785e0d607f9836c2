import dataclasses
import json
import os

import pytest

from keras_bert.batch_prediction.job import Job, gather_dead_letters, open_job, write_block
from keras_bert.batch_prediction.line_records import BadLine
from keras_bert.batch_prediction.record_layout import Layout

LAYOUT = Layout("text", False, None, {"text": 0}, {})


@pytest.fixture
def job(tmp_path):
    return Job(str(tmp_path / "out"), "m/1", "s", {"text": "string"}, LAYOUT, blocks=3)


def test_results_are_one_file_a_block(job):
    open_job(job, [], "abc", 7)
    write_block(job, 2, [{"line": 1, "x": "é"}], [BadLine(2, "why", "what")], "in.txt")
    write_block(job, 0, [], [], "in.txt")
    assert job.answers_path(2).name == "answers-00002-of-00003.jsonl"
    assert job.answers_path(2).read_text("utf-8") == '{"line": 1, "x": "é"}\n'
    assert job.answers_path(0).read_text() == "" and not job.answers_path(1).exists()
    assert gather_dead_letters(job) == 1
    letters = (job.answers_path(0).parent / "dead_letters.jsonl").read_text()
    assert json.loads(letters) == {
        "file": "in.txt",
        "line": 2,
        "reason": "why",
        "content": "what",
    }


def test_the_same_run_goes_on_with_another_batch_size(job):
    open_job(job, [], "abc", 7)
    leftover = job.answers_path(0).with_name(".answers-00000-of-00003.jsonl.123.partial")
    leftover.write_text("half")
    open_job(dataclasses.replace(job, batch_size=5), [], "abc", 7)
    assert not leftover.exists()


def test_another_run_is_refused_by_what_differs(job):
    open_job(job, [], "abc", 7)
    with pytest.raises(
        ValueError,
        match=r'with model_sha256 "abd" \(saved: "abc"\); block_lines 8 \(saved: 7\): give',
    ):
        open_job(job, [], "abd", 8)


def test_other_files_in_the_folder_are_refused(job, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("mine")
    with pytest.raises(
        FileExistsError, match=r"expected an empty folder, or one with a run's job.json"
    ):
        open_job(job, [], "abc", 7)


def test_a_run_that_found_no_room_begins_once_there_is_some(job, monkeypatch):
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: replace("/nowhere", "/nowhere"))
    with pytest.raises(OSError):
        open_job(job, [], "abc", 7)
    monkeypatch.setattr(os, "replace", replace)
    open_job(job, [], "abc", 7)
    assert job.dead_letters_path(0).parent.is_dir()


def test_answers_that_cannot_be_written_leave_nothing(job):
    open_job(job, [], "abc", 7)

    def answers():
        yield {"line": 1}
        raise OSError(28, os.strerror(28))

    with pytest.raises(OSError, match=r"No space left"):
        write_block(job, 1, answers(), [], "in.txt")
    assert sorted(p.name for p in job.answers_path(1).parent.iterdir()) == [
        "dead_letters",
        "job.json",
    ]
