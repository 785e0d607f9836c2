"""From measurements to results: entries, history, tables, the picture, regressions."""

import copy
import json
import pathlib
import sys
import xml.etree.ElementTree

import alternation
import history
import machine_limit
import measurement
import prepared_files
import pytest
import run
from comparison import regressions
from engine_table import Engine
from model_shapes import SHAPES, Shape, operations
from peers_entries import SETTINGS, made_up
from picture import picture
from result_tables import page, share_of_limit, table

HERE = pathlib.Path(__file__).parent
PYTHONS = {"own": sys.executable, "torch": sys.executable, "gone": "nowhere/python"}


@pytest.fixture
def fake_engines(monkeypatch, tmp_path):
    """Engines of the tests in place of the real ones."""
    folder = tmp_path / "workers"
    folder.mkdir()
    for name in ("fake.py", "limit_torch.py", "limit_tensorflow.py"):
        text = (HERE / "fake_engine.py").read_text("utf-8")
        workers = repr(str(pathlib.Path(run.__file__).parent / "workers"))
        (folder / name).write_text(f"import sys\nsys.path.append({workers})\n{text}", "utf-8")

    def engine(environment, way, files=()):
        return Engine(environment, "fake.py", f"made to be {way}", ("forward",), way, files)

    table = {
        "keras_bert": engine("own", "fast"),
        "served": engine("own", "slow"),
        "refused": engine("own", "refuse"),
        "missing": engine("gone", "fast"),
        "without": engine("own", "fast", ("onnx",)),
        "others": engine("own", "other weights"),
        "trainer": engine("own", "fast")._replace(jobs=("train",)),
    }
    monkeypatch.setattr(alternation, "REST", 0.0)
    monkeypatch.setattr(measurement, "ENGINES", table)
    for module in (measurement, machine_limit):
        monkeypatch.setattr(module, "WORKERS", folder)
    monkeypatch.setattr(
        prepared_files,
        "write",
        lambda *_: ({"onnx": "no onnx: it was not exported"}, {}, [0.6, 0.75]),
    )
    return list(table)


@pytest.fixture
def entry(fake_engines):
    return measurement.measure(SETTINGS | {"threads": 2}, fake_engines, PYTHONS, 2, 0.01)


def test_an_entry_has_times_and_reasons_and_nothing_is_left_out(entry, fake_engines):
    engines = entry["engines"]
    assert list(engines) == fake_engines
    assert engines["trainer"]["reason"] == "does not do forward"
    assert len(engines["served"]["wall"]) == len(engines["served"]["processor"]) == 2
    assert "received 'int7'" in engines["refused"]["reason"]
    assert "nowhere/python does not start" in engines["missing"]["reason"]
    assert engines["without"]["reason"] == "no onnx: it was not exported"
    assert engines["served"]["difference"] == pytest.approx(0.05)
    assert "difference" not in engines["others"]
    assert entry["limit"]["operations_per_second"] > 0
    assert entry["operations"] == operations(SHAPES["tiny"], 3, 7)
    json.dumps(entry)

    text = table(entry)
    assert text.index("| keras_bert |") < text.index("| served |") < text.index("| refused |")
    assert "not measured: no onnx: it was not exported" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(engines)
    assert len({row.count("|") for row in rows}) == 1
    assert "**missing** (not installed)" in page([entry])

    drawn = xml.etree.ElementTree.fromstring(picture([entry]))
    words = [node.text for node in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "served" in words
    assert "missing" not in words


def test_no_round_is_dropped_after_long_first_steps(fake_engines, monkeypatch, capsys):
    for long, last in ((1e9, "round 2 of 2"), (0.0, "round 1 of 1")):
        monkeypatch.setattr(measurement, "LONG", long)
        found = measurement.measure(SETTINGS | {"threads": 2}, ["served"], PYTHONS, 1, 0.01)
        assert len(found["engines"]["served"]["wall"]) == 1
        assert last in capsys.readouterr().err


def test_results_do_not_tell_where_a_machine_keeps_things():
    reason = (
        f"{pathlib.Path.home()}/peers/torch/bin/python does not start: see https://a.b/c/d and 1/2"
    )
    short = "…/bin/python does not start: see https://a.b/c/d and 1/2"
    assert measurement.without_folders(reason) == short


def test_operations_by_hand():
    shape = Shape(layers=2, hidden=3, heads=1, intermediate=5)
    tokens, length = 2 * 7, 7
    # Per token: four 3 × 3 products, a 3 × 5 and a 5 × 3; scores and sums over 7 positions.
    a_token = 2 * (4 * 9 + 15 + 15) + 2 * (7 * 3 + 7 * 3)
    assert operations(shape, 2, length) == 2 * tokens * a_token


def test_share_of_limit_and_texts_by_hand():
    entry = made_up({"served": 2.0})
    assert share_of_limit(entry, 2.0) == pytest.approx(0.25)
    assert "| served | 2,000.0 | 2,000.0 to 2,000.0 | 2,000.0 | 25% |" in table(entry)
    texts = made_up({"served": 2.0}, job="texts", count=500, tokens=9_000)
    del texts["operations"]
    assert "| texts/s | tokens/s |" in table(texts)
    assert "| served | 2.00 | 2.00 to 2.00 | 2.00 | 250 | 4,500 |" in table(texts)


def test_a_slower_machine_is_no_regression_and_slower_code_is():
    before = made_up({"served": 1.0, "openvino": 0.5, "transformers": 2.0})
    assert regressions(before, before) == []
    slower = made_up({"served": 2.0, "openvino": 1.0, "transformers": 4.0}, limit=5e8)
    assert regressions(before, slower) == []
    worse = made_up({"served": 1.2, "openvino": 0.5, "transformers": 2.0})
    (line,) = regressions(before, worse)
    assert "served is 20% slower (openvino 2.00 to 2.40" in line
    assert regressions(before, worse, tolerance=0.25) == []
    assert regressions(worse, before) == []


def test_an_engine_of_ours_that_fails_is_a_regression():
    before = made_up({"served": 1.0, "openvino": 0.5})
    after = copy.deepcopy(before)
    after["engines"]["served"] = {"reason": "no served: broken", "about": "x"}
    assert "served has no times any more: no served: broken" in regressions(before, after)[0]
    assert regressions(after, before) == []


def test_history_keeps_everything_and_tells_jobs_and_machines_apart(tmp_path):
    first, other = made_up({"served": 1.0}), made_up({"served": 1.0}, batch=1)
    later = made_up({"served": 1.5}) | {"time": "2026-02-03T03:04:05+00:00"}
    elsewhere = copy.deepcopy(later)
    elsewhere["machine"]["cores"] = 64
    for entry in (later, first, other, elsewhere):
        history.add(entry, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2026-01-02.json",
        "2026-02-03.json",
    ]
    groups = history.newest(history.entries(tmp_path), 2)
    assert groups == [[first, later], [other], [elsewhere]]


def test_another_sample_of_a_corpus_goes_on_with_its_history():
    first, again = (made_up({}, job="texts", corpus="X", tokens=tokens) for tokens in (70, 71))
    assert history.key(first) == history.key(again)
    assert history.key(first) != history.key(made_up({}, job="texts", corpus="Y", tokens=70))


@pytest.mark.parametrize("content", ["[{", '{"a": 1}'])
def test_history_refuses_a_damaged_file_and_leaves_it(tmp_path, content):
    path = tmp_path / "2026-01-02.json"
    path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=f"expected a JSON list of results in {path}; received"):
        history.add(made_up({"served": 1.0}), tmp_path)
    assert path.read_text("utf-8") == content
