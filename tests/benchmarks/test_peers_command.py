"""The command, the tables of engines and environments, the rows that engines read."""

import json
import pathlib
import re
import shutil
import xml.etree.ElementTree

import environments
import history
import pytest
import run
from engine_table import ENGINES
from environments import make_environments, pythons
from peers_entries import made_up
from rows import ids_of_rows, refuse_dtype, texts_of_rows


def test_the_command_compares_and_writes_the_page(tmp_path, capsys):
    results = tmp_path / "peers"
    assert run.main(["--compare", "--results", str(results)]) == 0
    assert "no regression among 0 measurements" in capsys.readouterr().out
    history.add(made_up({"served": 1.0, "openvino": 1.0}), results)
    history.add(
        made_up({"served": 1.5, "openvino": 1.0}) | {"time": "2026-01-03T00:00:00+00:00"}, results
    )
    assert run.main(["--compare", "--results", str(results)]) == 1
    assert "served is 50% slower" in capsys.readouterr().out
    assert run.main(["--table", "--results", str(results)]) == 0
    text = results.with_suffix(".md").read_text("utf-8")
    assert text.count("## Inference") == 1
    assert "2026-01-03" in text
    xml.etree.ElementTree.parse(results.with_suffix(".svg"))


def test_the_command_measures_every_combination(monkeypatch, tmp_path, capsys):
    given = (
        "forward --shape tiny,base --batch 1,2 --length 7 --rounds 2 --engines keras_bert,served"
    )
    monkeypatch.setattr(run, "measure", lambda settings, *_: made_up({"served": 1.0}, **settings))
    assert run.main([*given.split(), "--results", str(tmp_path / "peers")]) == 0
    found = [entry["settings"] for entry in history.entries(tmp_path / "peers")]
    assert [(s["shape"], s["batch"]) for s in found] == [
        *[("tiny", 1), ("tiny", 2), ("base", 1), ("base", 2)]
    ]
    assert capsys.readouterr().out.count("## Inference: shape") == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["forward", "--shape", "huge"], "expected tiny, minilm, base, large; received"),
        (["forward", "--engines", "served,abacus"], r"received \['abacus'\]"),
        (["forward", "--rounds", "0"], "--rounds, --threads and --batch of 1 or more"),
        (["forward", "--batch", "0"], "--rounds, --threads and --batch of 1 or more"),
    ],
)
def test_the_command_refuses_by_name(given, message, capsys):
    with pytest.raises(SystemExit):
        run.main(given)
    assert re.search(message, capsys.readouterr().err)


def test_default_sets_parse():
    for line in run.DEFAULTS:
        assert list(run.combinations(run.parsed(line.split())))


def test_every_engine_has_its_worker_and_environment():
    workers = pathlib.Path(run.__file__).parent / "workers"
    known = pythons(pathlib.Path("some"))
    for name, engine in ENGINES.items():
        assert (workers / engine.worker).is_file(), name
        assert engine.environment in known, name


def test_environments_are_made_once_and_a_failure_is_named(tmp_path, monkeypatch, capfd):
    wanted = tmp_path / "requirements"
    wanted.mkdir()
    (wanted / "bare.txt").write_text("# nothing\n", "utf-8")
    monkeypatch.setattr(environments, "REQUIREMENTS", wanted)
    calls = []

    def install(command, **_):
        calls.append(command)
        python = environments.python_of(tmp_path / "bare")
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        if len(calls) == 2:
            raise environments.subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(environments.subprocess, "run", install)
    assert make_environments(tmp_path) == {"bare": "-m pip install gave 1"}
    shutil.rmtree(tmp_path / "bare")
    assert make_environments(tmp_path) == {}
    done = len(calls)
    assert make_environments(tmp_path) == {}
    assert len(calls) == done


def test_rows_are_read_at_the_batch_that_is_asked(tmp_path):
    content = {"texts": ["a", "b", "c"], "ids": [[1, 5, 2], [1, 6, 2], [1, 7, 2]]}
    (tmp_path / "rows.json").write_text(json.dumps(content), "utf-8")
    settings = {"folder": str(tmp_path), "batch": 2, "length": 3}
    assert texts_of_rows(settings) == ["a", "b"]
    ids, mask = ids_of_rows(settings, "int32")
    assert ids.tolist() == [[1, 5, 2], [1, 6, 2]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert mask.dtype == "int32"


def test_unknown_precisions_are_refused():
    refuse_dtype({"dtype": "float32"}, "float32")
    with pytest.raises(ValueError, match=r"expected a dtype of \('float32',\); received 'int8'"):
        refuse_dtype({"dtype": "int8"}, "float32")
