"""The study of training's memory: its rows, the loss in chunks, its page."""

import re
import subprocess

import chunked_loss
import history
import memory
import pytest
from memory_tables import page, section
from peers_entries import made_up

MIB = 2**20


def test_every_engine_is_measured_plain_and_in_each_of_its_ways():
    rows = memory.rows_of(["keras_bert", "keras_hub"])
    assert list(rows) == [
        *("keras_bert", "keras_bert, checkpointing", "keras_bert, bfloat16"),
        *("keras_bert, bfloat16, checkpointing", "keras_hub", "keras_hub, bfloat16"),
    ]
    both = {"dtype": "bfloat16", "checkpointing": True}
    assert rows["keras_bert, bfloat16, checkpointing"] == ("keras_bert", both)


def steps():
    """An entry with a gain and a cost that are known, and a row that failed."""
    entry = made_up(
        {"keras_bert": 0.2, "keras_bert, checkpointing": 0.3, "keras_hub, bfloat16": 0.1},
        job="train",
        layers=2,
    )
    sizes = {"keras_bert": (500, 150), "keras_bert, checkpointing": (300, 160)}
    for row, (peak, resting) in sizes.items():
        entry["engines"][row] |= {"peak_memory": peak * MIB, "resting_memory": resting * MIB}
        entry["engines"][row] |= {"loaded_memory": 100 * MIB}
    entry["engines"]["transformers"] = {"about": "z", "reason": "out of | memory"}
    return entry


def test_ratios_are_to_the_plain_step_of_the_same_engine():
    text = section(steps())
    assert "## Training step: shape tiny, layers 2, batch 3, length 7\n" in text
    assert "| keras_bert | 200 | 1.00 | 500 | 1.00 | 100 | 50 | 350 | 1.00 |" in text
    assert "| keras_bert, checkpointing | 300 | 1.50 | 300 | 0.60 | 100 | 60 | 140 | 0.40 |" in text
    assert (
        "| keras_hub, bfloat16 | 100 |  |  |  |  |  |  |  |" in text
    )  # no plain one to compare with
    assert "| transformers | not measured: out of / memory |  |  |  |  |  |  |  |" in text
    assert page([steps()]).startswith("# Memory of training")


def test_the_loss_takes_turns_and_a_case_that_fails_is_named(monkeypatch):
    asked = []

    def case(predictions, chunk):
        asked.append((predictions, chunk))
        if chunk == 64:
            raise subprocess.CalledProcessError(1, "python", stderr="…\nMemoryError: no more")
        return {"peak": 100.0 if predictions == 8 else 300.0 - chunk / 10, "seconds": 0.5}

    monkeypatch.setattr(chunked_loss, "case", case)
    entry = chunked_loss.measure_loss(2560, [0, 64, 256], 2, 2)
    assert asked == [(8, 0), *[(2560, 0), (2560, 64), (2560, 256)], *[(2560, 256), (2560, 0)]]
    assert entry["settings"] == {"job": "loss", "predictions": 2560, "threads": 2}
    assert entry["engines"]["64 logits at a time"]["reason"] == "MemoryError: no more"
    text = section(entry)
    assert "| plain | 500 | 1.00 | 300 | 1.00 | 100 | 0 | 200 | 1.00 |" in text
    assert "| 256 logits at a time | 500 | 1.00 | 274 | 0.91 | 100 | 0 | 174 | 0.87 |" in text


def test_a_loss_that_cannot_start_has_its_reason_in_every_row(monkeypatch):
    def case(*_):
        raise subprocess.CalledProcessError(3, "python", stderr="")

    monkeypatch.setattr(chunked_loss, "case", case)
    entry = chunked_loss.measure_loss(2560, [0, 256], 2, 2)
    assert {facts["reason"] for facts in entry["engines"].values()} == {"exit status 3"}


def test_the_command_measures_every_size_and_writes_the_page(monkeypatch, tmp_path):
    written = []

    def write(pythons, settings, kinds, folder):
        written.append((settings["batch"], settings["length"], kinds))
        return {}, {}, []

    monkeypatch.setattr(memory.prepared_files, "write", write)
    monkeypatch.setattr(
        memory, "measure_point", lambda settings, *_: made_up({"keras_bert": 1.0}, **settings)
    )
    monkeypatch.setattr(
        memory,
        "measure_loss",
        lambda number, chunks, *_: made_up({}, job="loss", predictions=number, chunks=chunks),
    )
    given = "--sizes 3x11,2x23 --predictions 100,0 --chunks 0,64,128"
    results = tmp_path / "memory"
    assert memory.main([*given.split(), "--results", str(results)]) == 0
    assert written == [(3, 23, {"weights"})]
    found = [entry["settings"] for entry in history.entries(results)]
    assert [(s["batch"], s["length"]) for s in found[:2]] == [(3, 11), (2, 23)]
    assert [(s["predictions"], s["chunks"]) for s in found[2:]] == [(100, [0, 64])]
    assert memory.main([*given.split(), "--engines", "keras_bert", "--results", str(results)]) == 0
    text = results.with_suffix(".md").read_text("utf-8")
    assert text.count("batch 2, length 23") == 2
    assert "batch 2, length 23, dropout 0.1, engines keras_bert\n" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--sizes", "16"], "expected ROWSxTOKENS, as 16x128; received '16'"),
        (["--sizes", "16x2"], "received '16x2'"),
        (["--engines", "openvino"], "expected keras_bert, keras_hub, transformers"),
        (["--rounds", "0"], "--rounds and --threads of 1 or more"),
        (["--chunks", "-1"], "other numbers of 0 or more"),
    ],
)
def test_the_command_of_memory_refuses_by_name(given, message, capsys):
    with pytest.raises(SystemExit):
        memory.main(given)
    assert re.search(message, capsys.readouterr().err)
