import json

import numpy as np
import pytest

from keras_bert.cli.answer_files import answer_writer
from keras_bert.cli.output import record_counter


def test_json_lines(tmp_path, capsys):
    answers = [{"label": "né"}, {"label": "b"}]
    with answer_writer(None) as write:
        write(answers)
    printed = capsys.readouterr().out
    with answer_writer(str(tmp_path / "a.jsonl")) as write:
        write(answers[:1])
        write(answers[1:])
    assert (tmp_path / "a.jsonl").read_text("utf-8") == printed
    assert [json.loads(line) for line in printed.splitlines()] == answers


def test_vectors(tmp_path):
    path = tmp_path / "a.npy"
    with answer_writer(str(path)) as write:
        write([{"embedding": [1.0, 2.5, -1.0]}])
        write([{"embedding": [0.0, 0.5, 3.0]}])
    assert np.load(path).tolist() == [[1, 2.5, -1], [0, 0.5, 3]]
    with answer_writer(str(path)):
        pass
    assert np.load(path).shape == (0, 0)


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"old")
    message = r"expected the vectors .* \.npy file; received answers with label, score: \.jsonl"
    with pytest.raises(ValueError, match=message), answer_writer(str(path)) as write:
        write([{"label": "a", "score": 0.5}])
    assert path.read_bytes() == b"old"
    with pytest.raises(OSError, match="No such file"), answer_writer(str(tmp_path / "no" / "a")):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["a.npy"]


def test_counter_is_for_people_who_see_no_answers(monkeypatch, capsys):
    for errors, answers in ((True, False), (True, True), (False, False)):
        monkeypatch.setattr("sys.stderr.isatty", lambda shown=errors: shown)
        monkeypatch.setattr("sys.stdout.isatty", lambda shown=answers: shown)
        with record_counter() as count:
            count(1200)
            count(34)
        shown = capsys.readouterr().err
        assert ("1,234 records, " in shown) == (errors and not answers)
