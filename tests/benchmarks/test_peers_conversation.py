"""Processes of engines: what they answer, and what is said of those that do not."""

import pathlib
import sys

import alternation
import pytest
from alternation import alternate, largest_difference, spread
from answer_loop import sample
from engine_process import EngineError, EngineProcess, environment_variables
from start_times import start_rounds, time_command, time_first_answer

FAKE = pathlib.Path(__file__).with_name("fake_engine.py")


@pytest.fixture
def engine():
    started = []

    def start(way=None, **options):
        process = EngineProcess(sys.executable, FAKE, **options)
        started.append(process)
        if way is not None:
            process.facts = process.ask("prepare", settings={"job": "forward", "way": way})
        return process

    yield start
    for process in started:
        process.close()
        assert process.process.returncode is not None


def test_an_engine_tells_its_versions_its_answer_and_its_times(engine):
    process = engine("fast")
    assert set(process.facts["versions"]) == {"numpy", "python"}
    assert process.facts["sample"] == pytest.approx([0.6, 0.8])
    took = process.ask("run", seconds=0.05)
    assert took["repeats"] > 1
    assert 0.002 <= took["wall"] < 0.05
    assert took["processor"] <= took["spent"]
    assert process.ask("run", seconds=0.0)["repeats"] == 1
    assert process.ask("memory")["bytes"] > 2**20


def test_refusals_are_said_and_the_engine_goes_on(engine):
    process = engine()
    with pytest.raises(EngineError, match=r"ValueError: expected a dtype of .* received 'int7'"):
        process.ask("prepare", settings={"job": "forward", "way": "refuse"})
    with pytest.raises(EngineError, match=r"expected a job of \['copy', .*; received 'paint'"):
        process.ask("prepare", settings={"job": "paint"})
    process.ask("prepare", settings={"job": "forward", "way": "fast"})


def test_an_engine_that_dies_leaves_its_last_words(engine):
    with pytest.raises(EngineError, match=r"ended at prepare: exit status 3; out of \| memory"):
        engine("die")


def test_an_engine_that_is_stuck_is_ended(engine):
    with pytest.raises(EngineError, match=r"prepare took longer than 0\.5 s"):
        engine("stuck", timeout=0.5)


def test_an_environment_that_is_missing_is_named(tmp_path):
    python = tmp_path / "python"
    message = f"{python} does not start: No such file"
    with pytest.raises(EngineError, match=message):
        EngineProcess(python, FAKE)
    with pytest.raises(EngineError, match=message):
        time_command(python, ["-c", ""], 2)


def test_rounds_alternate_and_drop_the_first(engine, monkeypatch):
    monkeypatch.setattr(alternation, "REST", 0.0)
    processes = {"slow": engine("slow"), "fast": engine("fast"), "gone": engine("die later")}
    between, progress = [], []
    times = alternate(
        processes, 3, 0.0, lambda: between.append(1), lambda *done: progress.append(done)
    )
    assert [len(times[name]["wall"]) for name in ("slow", "fast")] == [3, 3]
    assert spread(times["fast"]["wall"])["median"] < spread(times["slow"]["wall"])["median"]
    assert list(times["gone"]) == ["reason"]
    assert "exit status 4" in times["gone"]["reason"]
    assert len(between) == 4
    assert progress[-1] == (4, 4)


def test_each_round_begins_with_another_engine(monkeypatch):
    monkeypatch.setattr(alternation, "REST", 0.0)
    order = []

    class Recorded:
        def __init__(self, name):
            self.name = name

        def ask(self, verb, seconds):
            order.append(self.name)
            return {"wall": 1.0, "processor": 1.0, "spent": 1.0}

    alternate({name: Recorded(name) for name in "abc"}, 2, 0.0)
    assert "".join(order) == "abcbcacab"


def test_spread_and_difference_by_hand():
    assert spread([5.0, 1.0, 3.0, 2.0, 4.0]) == {"low": 2.0, "median": 3.0, "high": 4.0}
    assert spread([7.0]) == {"low": 7.0, "median": 7.0, "high": 7.0}
    assert largest_difference([1.0, 2.0], [1.5, 1.0]) == 1.0
    assert largest_difference([1.0], [1.0, 2.0]) is None


def test_samples_are_the_first_rows_mean_at_length_one():
    assert sample([[[3, 0], [3, 8]], [[1, 1], [1, 1]]]) == pytest.approx([0.6, 0.8])
    assert sample([[0, 2.0], [1, 1]]) == [0.0, 1.0]
    assert sample(0.5) == [0.5]
    assert sample(float("nan")) is None


def test_every_library_is_told_the_threads():
    variables = environment_variables(3)
    assert variables["OMP_NUM_THREADS"] == variables["TF_NUM_INTEROP_THREADS"] == "3"


def test_starts_are_timed_from_new_processes():
    took, facts = time_first_answer(sys.executable, FAKE, {"way": "fast"}, 2)
    assert took > facts["first_seconds"]
    assert time_command(sys.executable, ["-c", "import time; time.sleep(0.1)"], 2) > 0.1
    with pytest.raises(EngineError, match="ZeroDivisionError"):
        time_command(sys.executable, ["-c", "1 / 0"], 2)


def test_start_rounds_keep_going_without_those_that_fail():
    def fail():
        raise EngineError("no weights: none")

    seconds = iter([9.0, 1.0, 2.0])
    rows = start_rounds({"a": lambda: (next(seconds), {"memory": 7}), "b": fail}, 2)
    assert rows["a"] == {"wall": [1.0, 2.0], "memory": 7}
    assert rows["b"] == {"reason": "no weights: none"}
