"""The study of growth: its points, what is left out, its tables and its picture."""

import json
import re
import sys
import xml.etree.ElementTree

import alternation
import growth
import history
import measurement
import point_measurement
import pytest
import resident_memory
import rows
from engine_table import Engine
from growth_picture import apart, colors, ticks
from growth_points import Bound, points
from growth_tables import all_series, page
from measurement import WORKERS
from peers_entries import SETTINGS, made_up
from test_peers_conversation import FAKE

COMMON = {"job": "forward", "shape": "tiny", "layers": 2, "batch": 3, "length": 7}


def test_points_are_measured_once_the_least_work_first():
    found = points(COMMON, {"length": [7, 5, 11], "batch": [3, 13], "layers": [2, 17]})
    sizes = [(p["layers"], p["batch"], p["length"]) for p in found]
    assert sizes == [(2, 3, 5), (2, 3, 7), (2, 3, 11), (2, 13, 7), (17, 3, 7)]
    assert [p["count"] for p in points({"job": "texts"}, {"count": [5, 2]})] == [2, 5]


def test_a_step_that_would_take_too_long_is_left_out_with_the_reason():
    bound = Bound(5.0)
    texts = {"job": "texts"}
    assert bound.reason("slow", texts | {"count": 1000}) is None
    bound.add(made_up({"slow": 2.0, "fast": 1.0}, job="texts", count=100))
    assert bound.reason("fast", texts | {"count": 500}) is None
    assert bound.reason("slow", texts | {"count": 500}) == (
        "left out: a step would take 10 s, more than 5 s"
    )


def test_memory_is_told_for_the_time_after_the_beginning_of_the_peak(monkeypatch, tmp_path):
    if not (resident_memory.PROCESS / "clear_refs").exists():
        pytest.skip("the system does not begin peaks anew")
    large = bytearray(64 << 20)
    assert resident_memory.resident("VmHWM") >= resident_memory.resident() > len(large)
    peak = resident_memory.resident("VmHWM")
    del large
    before = resident_memory.begin_anew()
    assert resident_memory.resident("VmHWM") < peak - (32 << 20)
    large = bytearray(48 << 20)
    del large
    assert resident_memory.resident("VmHWM") - before == pytest.approx(48 << 20, abs=8 << 20)
    monkeypatch.setattr(resident_memory, "PROCESS", tmp_path / "none")
    assert resident_memory.begin_anew() is None
    assert resident_memory.resident() is None


def test_rows_and_texts_are_cut_from_files_that_hold_more(tmp_path):
    content = {"texts": ["a b c", "d e f"], "ids": [[1, 4, 5, 6, 2], [1, 7, 8, 9, 2]]}
    (tmp_path / "rows.json").write_text(json.dumps(content), "utf-8")
    (tmp_path / "texts.json").write_text(json.dumps(list("abcdefg")), "utf-8")
    settings = {"folder": str(tmp_path), "batch": 2, "length": 4}
    assert rows.ids_of_rows(settings)[0].tolist() == [[1, 4, 5, 2], [1, 7, 8, 2]]
    assert rows.texts_of_rows(settings) == ["a b", "d e"]
    assert rows.given_texts(settings | {"count": 3}) == ["a", "c", "e"]
    assert rows.given_texts(settings | {"count": 7}) == list("abcdefg")


@pytest.fixture
def point(monkeypatch, tmp_path):
    """A measured point of engines of the tests."""
    worker = tmp_path / "fake.py"
    text = FAKE.read_text("utf-8")
    worker.write_text(f"import sys\nsys.path.append({str(WORKERS)!r})\n{text}", "utf-8")
    table = {
        way: Engine("own", "fake.py", f"made to be {way}", ("forward",), way)
        for way in ("fast", "slow", "refuse")
    }
    monkeypatch.setattr(alternation, "REST", 0.0)
    monkeypatch.setattr(measurement, "WORKERS", tmp_path)
    for module in (measurement, point_measurement):
        monkeypatch.setattr(module, "ENGINES", table)
    wanted = {name: (name, {}) for name in table} | {"keras_bert": ("fast", {"own": 1})}
    return point_measurement.measure_point(
        SETTINGS | {"threads": 2},
        wanted | {"long": ("slow", {})},
        {"long": "left out: a step would take 9 s"},
        (tmp_path, {}),
        {"own": sys.executable},
        2,
        0.0,
    )


def test_a_point_has_times_memory_and_reasons(point):
    engines = point["engines"]
    assert list(engines) == ["fast", "slow", "refuse", "keras_bert", "long"]
    assert engines["long"] == {
        "about": "made to be slow",
        "reason": "left out: a step would take 9 s",
    }
    assert "received 'int7'" in engines["refuse"]["reason"]
    assert len(engines["slow"]["wall"]) == 2
    assert engines["fast"]["difference"] == 0.0
    assert engines["fast"]["peak_memory"] >= engines["fast"]["resting_memory"] > 2**20
    assert engines["fast"]["loaded_memory"] > 2**20
    json.dumps(point)


def grown():
    """Entries of three points; one engine is not there at the last, one nowhere."""
    found = []
    for length, seconds in ((7, 0.1), (11, 0.2), (23, 0.8)):
        entry = made_up({"served": seconds, "openvino": seconds / 2}, layers=2, length=length)
        for facts in entry["engines"].values():
            facts |= {"peak_memory": 300 * 2**20, "resting_memory": 260 * 2**20}
            facts |= {"loaded_memory": 210 * 2**20}
        entry["engines"]["gone"] = {"about": "y", "reason": "left out: too long"}
        found.append(entry)
    found[2]["engines"]["openvino"] = {"about": "x", "reason": "left out: 9 s"}
    return found


def test_series_are_found_and_written_with_what_was_left_out():
    entries = [*grown(), made_up({"served": 9.0}, layers=2, batch=999)]
    entries[0]["machine"] = entries[0]["machine"] | {"memory_bytes": 7}  # since a restart
    elsewhere = made_up({"served": 7.0}, layers=2, length=5) | {"time": "2020-01-01"}
    elsewhere["machine"] = {"processor": "Q", "cores": 64}
    lengths, batches = all_series([elsewhere, *reversed(entries)])
    assert (lengths.axis, lengths.values) == ("length", [7, 11, 23])
    assert (batches.axis, batches.values) == ("batch", [3, 999])
    text = page(entries)
    assert "## Inference by tokens of a row: shape tiny, layers 2, batch 3, dtype float32" in text
    assert "| served | 100.0 | 200.0 | 800.0 |" in text
    assert "| openvino | 50.0 | 100.0 | – |" in text
    assert "| openvino | 300 = 210 +50 +40 | 300 = 210 +50 +40 | – |" in text
    assert "- openvino at tokens of a row 23: left out: 9 s" in text
    assert text.count("- gone at tokens of a row") == 3


def test_the_page_and_the_picture_are_written_from_what_is_stored(tmp_path):
    results = tmp_path / "growth"
    for entry in grown():
        history.add(entry, results)
    assert growth.main(["--table", "--results", str(results)]) == 0
    assert "(growth.svg)" in results.with_suffix(".md").read_text("utf-8")
    drawn = xml.etree.ElementTree.parse(results.with_suffix(".svg")).getroot()
    space = "{http://www.w3.org/2000/svg}"
    words = [node.text for node in drawn.iter(f"{space}text")]
    assert words.count("served") == words.count("openvino") == 2
    assert "gone" not in words
    assert len(list(drawn.iter(f"{space}circle"))) == 2 * (3 + 2)


def test_ticks_names_and_colours():
    assert ticks(3, 2000) == [10, 100, 1000]
    assert ticks(90, 600) == [100, 200, 500]
    heights = apart({"a": 10.0, "b": 11.0, "c": 100.0})
    assert heights["b"] - heights["a"] >= 12
    assert colors(["openvino", "served"])["served"].startswith("#d9")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["dance"], r"expected jobs of forward, train, texts; received \['dance'\]"),
        (["--lengths", "2,16"], "expected lengths of 3 or more"),
        (["--batches", "0"], "all other numbers of 1 or more"),
    ],
)
def test_the_command_of_growth_refuses_by_name(given, message, capsys):
    with pytest.raises(SystemExit):
        growth.main(given)
    assert re.search(message, capsys.readouterr().err)


@pytest.fixture
def measured(monkeypatch):
    """What the command does, in order: `files` or `point`, and the settings."""
    found = []

    def write(pythons, settings, kinds, folder, source):
        found.append(("files", settings | {"source": source}))
        return {}, {}, []

    def measure(settings, *_):
        found.append(("point", settings))
        here = {"commit": history.commit(), "machine": growth.machine()}
        return made_up({"served": 1.0}) | here | {"settings": settings}

    monkeypatch.setattr(growth.prepared_files, "write", write)
    monkeypatch.setattr(growth, "measure_point", measure)
    return found


SMALL = "--lengths 5,7 --length 7 --batches 3,13 --batch 3 --depths 2 --depth 2 --counts 4,6"


def test_the_command_measures_every_point_of_every_job(measured, tmp_path):
    assert growth.main([*SMALL.split(), "--results", str(tmp_path / "growth")]) == 0
    found = [settings for kind, settings in measured if kind == "point"]
    assert [s["job"] for s in found] == ["forward"] * 3 + ["train"] * 3 + ["texts"] * 2
    assert found == [entry["settings"] for entry in history.entries(tmp_path / "growth")]
    files = [settings for kind, settings in measured if kind == "files"]
    assert [(s.get("batch"), s.get("length")) for s in files[:2]] == [(13, 7), (13, 7)]
    assert files[2]["source"]["count"] == 6
    assert len(files) == 3


def test_a_run_that_was_interrupted_resumes_with_what_its_commit_lacks(measured, tmp_path):
    given = [*SMALL.split(), "--results", str(tmp_path / "growth")]
    assert growth.main(given) == 0
    (path,) = (tmp_path / "growth").iterdir()
    lost, older, *stored = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps([older | {"commit": "another"}, *stored]), "utf-8")
    measured.clear()
    assert growth.main([*given, "--resume"]) == 0
    found = [settings for kind, settings in measured if kind == "point"]
    assert found == [lost["settings"], older["settings"]]
