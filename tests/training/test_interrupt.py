"""Where SIGINT is left alone; what a noted one does is in test_resume.py."""

import signal
import threading

import pytest

from keras_bert.training.interrupt import InterruptNote


@pytest.fixture(autouse=True)
def handler():
    earlier = signal.getsignal(signal.SIGINT)
    yield earlier
    signal.signal(signal.SIGINT, earlier)


def test_in_a_thread_it_is_left_alone(handler):
    thread = threading.Thread(target=InterruptNote(object()).install)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is handler


def test_where_it_is_ignored_it_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    note = InterruptNote(object())
    note.install()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    note.remove()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_handler_that_came_later_is_kept():
    note = InterruptNote(object())
    note.install()

    def later(number, frame):
        pass

    signal.signal(signal.SIGINT, later)
    note.remove()
    assert signal.getsignal(signal.SIGINT) is later


def test_outside_fit_the_earlier_handler_answers():
    seen = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    note = InterruptNote(object())
    note.install()
    signal.raise_signal(signal.SIGINT)
    assert (seen, note.noted) == ([signal.SIGINT], False)
