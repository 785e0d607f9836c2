import io
import types

import pytest

from keras_bert.cli import corpus_progress as module
from keras_bert.cli.corpus_progress import corpus_progress


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    stream = Screen()
    monkeypatch.setattr(module, "sys", types.SimpleNamespace(stderr=stream))
    monkeypatch.setattr(module, "_PAUSE", -1.0)
    return stream


def test_a_bar_grows_and_stays_at_the_end(screen):
    with corpus_progress(4_000_000, "records") as show:
        show(1_000_000, 70)
        show(4_000_000, 1300)
    first, last, final = screen.getvalue().split("\r")[1:]
    assert first.startswith(" 25 % ████████░") and "70 records of 1.0 MB, 0:00 left" in first
    assert last.startswith("100 % ██████████████████████████████ 1,370 records of 4.0 MB")
    assert "left" not in last
    assert final == f"{last}\n"


def test_a_pipe_has_no_end_to_show(screen):
    with pytest.raises(KeyboardInterrupt), corpus_progress(None, "words") as show:
        show(0, 7)
        raise KeyboardInterrupt
    assert screen.getvalue().endswith("\r7 words of 0.0 MB\x1b[K\n")
    assert module._clock(3671.2) == "61:11"


def test_a_log_stays_empty(capsys):
    with corpus_progress(10, "records") as show:
        show(10, 1)
    assert capsys.readouterr() == ("", "")
