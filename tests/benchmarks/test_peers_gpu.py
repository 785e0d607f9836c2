"""The study on an accelerator: its points, their order and bound, the limit, its page."""

import os
import pathlib
import re
import sys

import device_limit
import gpu
import history
import machine_facts
import numpy as np
import on_keras_bert
import pytest
import write_own_files
from answer_loop import Worker
from device_limit import DeviceLimit
from gpu_tables import page, section
from model_shapes import VOCABULARY, operations_of
from peers_entries import made_up
from rows import masked_positions

FAKE = pathlib.Path(__file__).with_name("fake_device.py")
SHAPES = ["--shapes", "tiny", "--lengths", "16", "--tokens", "64"]
CARD = {"JAX": {"name": "Card 7", "driver": "JAX 1"}}


def test_the_most_important_points_come_first():
    wanted = gpu.points(gpu.parsed([]), "Card 7")
    first = {"job": "gpu_masked_lm", "shape": "base", "batch": 32, "length": 512}
    more = {"dtype": "bfloat16", "dropout": 0.1, "predictions": 77, "card": "Card 7"}
    assert wanted[0] == first | more | {"threads": os.cpu_count()}
    assert [settings["shape"] for settings in wanted[:2]] == ["base", "large"]
    assert wanted[2] | {"batch": 0} == wanted[0] | {"batch": 0, "length": 128, "predictions": 19}
    assert wanted[2]["batch"] == 128
    forward = [settings for settings in wanted if settings["job"] == "gpu_forward"]
    assert len(forward) == 3 * 2 * 2  # precisions, lengths, shapes: nothing twice
    assert len(wanted) == 12 + 3 * 2 * 2 * 2 * 2
    assert [settings["dtype"] for settings in wanted[:: len(wanted) // 3]][:3] == [
        *("bfloat16", "tf32", "float32")
    ]


def test_engines_of_a_point_are_those_that_do_its_job_in_another_way():
    arguments = gpu.parsed(["--any-device"])
    rows = gpu.rows_of({"job": "gpu_train", "dropout": 0.1, "dtype": "bfloat16"}, arguments)
    assert list(rows) == ["keras_bert", "keras_bert_fit", "transformers", "transformers_compile"]
    assert rows["keras_bert"] == ("keras_bert_gpu", {"any_device": True})
    settings = {"job": "gpu_masked_lm", "dropout": 0.0, "dtype": "bfloat16"}
    rows = gpu.rows_of(settings, arguments)
    assert list(rows)[:3] == ["keras_bert", "keras_bert_unmasked", "keras_bert_flash"]
    assert "keras_bert_fit" not in rows
    assert len(gpu.rows_of(settings | {"dtype": "tf32"}, arguments)) == len(rows) - 2


def test_the_head_at_predictions_is_counted_in_a_training_step():
    settings = {"job": "gpu_forward", "shape": "tiny", "layers": 1, "batch": 3, "length": 7}
    tokens, products = 3 * 7, 2 * (4 * 128 * 128 + 2 * 128 * 512)
    forward = tokens * (products + 4 * 7 * 128)
    assert operations_of(settings) == forward
    assert operations_of(settings | {"job": "gpu_train"}) == 3 * forward
    head = 2 * 128 * (128 + VOCABULARY) * 3 * 5
    trained = settings | {"job": "gpu_masked_lm", "predictions": 5}
    assert operations_of(trained) == 3 * (forward + head)


def test_positions_to_predict_are_tokens_each_once():
    positions = masked_positions({"batch": 5, "length": 11, "predictions": 9})
    assert positions.dtype == np.int32
    assert positions.tolist() == [list(range(1, 10))] * 5
    some = masked_positions({"batch": 5, "length": 101, "predictions": 3})
    assert some.shape == (5, 3)
    assert (np.diff(some) > 0).all()
    assert len({tuple(row) for row in some.tolist()}) > 1


def test_a_vocabulary_can_be_made_up():
    found = write_own_files.preprocessor_of({"preset": None, "vocabulary": 41})
    words = list(found.tokenizer.vocabulary)
    assert len(words) == 41
    assert words[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert words[5:7] == ["aaaa", "aaab"]


def test_our_tasks_drop_at_the_rate_that_is_asked_for(tmp_path):
    sizes = {"hidden_size": 6, "num_attention_heads": 2, "intermediate_size": 5}
    made_of = {"preset": None, "vocabulary": 41, "config": sizes | {"num_hidden_layers": 1}}
    write_own_files.write_weights(made_of, tmp_path)
    settings = {"folder": str(tmp_path), "length": 11, "dtype": "float32"}
    for rate in (0.0, 0.3):
        task = on_keras_bert.classifier_of(settings | {"dropout": rate})
        block = task.backbone.encoder_blocks[0]
        assert block.attention.dropout == block.output_dropout.rate == rate
        assert task.backbone.embeddings.dropout.rate == task.head_dropout.rate == rate


class Waiting:
    """A device of whose steps nothing is there before it is waited for."""

    def __init__(self):
        self.asked = []

    def finish(self, output):
        self.asked.append(output)
        return np.array([[3.0, 4.0]])

    def facts(self):
        return {"device": {"name": "Card 7", "driver": "1"}}

    def begin_peak(self):
        return 5

    def peak(self):
        return 7


def test_a_device_is_waited_for_once_a_turn(monkeypatch):
    calls = []

    def step():
        calls.append(1)
        return len(calls)

    step.steps = 4
    device = Waiting()
    worker = Worker({"gpu_train": lambda _: step}, (), device)
    facts = worker.prepare({"job": "gpu_train"})
    assert facts["sample"] == pytest.approx([0.6, 0.8])
    assert facts["device"]["name"] == "Card 7"
    assert 0 <= facts["first_step_seconds"] <= facts["first_seconds"]
    seconds = iter([0.0, 1.0, 1.0, 13.0])
    with monkeypatch.context() as patch:
        patch.setattr("answer_loop.time.perf_counter", lambda: next(seconds))
        took = worker.run(2.5)
    assert took["repeats"] == 3 * 4
    assert took["wall"] == 1.0
    assert device.asked == [1, 2, 5]
    assert (worker.begin_peak(), worker.peak()) == ({"bytes": 5}, {"bytes": 7})


def test_the_limit_is_that_of_the_faster_library_and_others_say_why_not(monkeypatch, tmp_path):
    ways = {"JAX": (FAKE, "own"), "torch": (FAKE, "torch")}
    monkeypatch.setattr(device_limit, "WAYS", ways)
    known = {"own": sys.executable, "torch": tmp_path / "python"}
    limit = DeviceLimit(known, {"threads": 1}, [8, 16], 2**20)
    try:
        assert limit.devices == {"JAX": {"name": "Fake 1", "driver": "none"}}
        assert "does not start" in limit.reasons["torch"]
        assert limit.found()["products"] == {}
        limit.begin("bfloat16")
        limit.measure(0.0)
        first = limit.found()
        assert first["operations_per_second"] == first["products"]["JAX"] > 0
        assert first["bytes_per_second"] > 0
        limit.begin("int7")
        limit.measure(0.0)
        assert limit.processes == {}
        assert "received 'int7'" in limit.found()["reasons"]["JAX"]
    finally:
        limit.close()


class Limit:
    """In place of a `DeviceLimit`: a card, or none."""

    devices = CARD

    def __init__(self, *_):
        self.reasons = {"torch": "ValueError: expected torch with a CUDA device"}
        self.begun = []

    def begin(self, dtype):
        self.begun.append(dtype)

    def measure(self, seconds):
        pass

    def found(self):
        return {"operations_per_second": 1e12, "products": {"JAX": 1e12}}

    def close(self):
        pass


@pytest.fixture
def study(monkeypatch, tmp_path):
    """Runs the command with points that take half a minute each; what it measured."""
    clock, measured = [0.0], []

    def point(settings, rows, *_):
        clock[0] += 30
        measured.append(settings)
        return gpu.entry(settings, made_up(dict.fromkeys(rows, 0.01))["engines"], {}, 1)

    def run(*given):
        measured.clear()
        results = ["--results", str(tmp_path / "gpu")]
        return gpu.main([*SHAPES, *given, *results]), list(measured)

    monkeypatch.setattr(gpu, "DeviceLimit", Limit)
    monkeypatch.setattr(gpu, "measure_point", point)
    monkeypatch.setattr(gpu.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(gpu.prepared_files, "write", lambda *_: ({}, {}, []))
    run.results = tmp_path / "gpu"
    return run


def test_what_there_is_no_time_for_is_named_and_measured_next(study):
    one = ["--dtypes", "bfloat16", "--dropouts", "0.1"]
    status, measured = study(*one, "--minutes", "1.2")
    assert status == 0
    assert [settings["job"] for settings in measured] == ["gpu_masked_lm", "gpu_forward"]
    text = study.results.with_suffix(".md").read_text("utf-8")
    assert "## Training step of the masked language model: shape tiny, batch 4" in text
    left = text[text.index("## Left out") :]
    assert "- Training step of a classifier: shape tiny, batch 4, length 16" in left
    assert "left out: 1.2 minutes were over" in left

    _, measured = study(*one, "--resume")
    assert [settings["job"] for settings in measured] == ["gpu_train"]
    _, measured = study(*one, "--minutes", "0")  # the first point too has to wait
    assert [settings["job"] for settings in measured] == ["gpu_masked_lm"]
    text = study.results.with_suffix(".md").read_text("utf-8")
    assert "## Left out" not in text  # what was measured before is still shown
    assert all(entry["limit"]["reasons"] for entry in history.entries(study.results)[:2])


def test_without_an_accelerator_nothing_is_measured(study, monkeypatch, capsys):
    monkeypatch.setattr(Limit, "devices", {})
    status, measured = study()
    assert (status, measured) == (1, [])
    said = capsys.readouterr().err
    assert "torch: ValueError: expected torch with a CUDA device" in said
    assert "no accelerator found" in said
    assert not study.results.exists()


def test_a_table_has_rates_and_what_the_card_is():
    entry = made_up({"keras_bert": 0.002, "transformers": 0.001}, limit=1e12, job="gpu_forward")
    entry["limit"]["products"] = {"JAX": 1e12, "torch": 0.9e12}
    entry["card"] = {"name": "Card 7", "driver_version": "5"}
    entry["engines"]["keras_bert"] |= {"peak_memory": 3 * 2**30, "first_step_seconds": 41.23}
    entry["engines"]["keras_bert_flash"] = {"about": "z", "reason": f"no | {'a' * 999} cuDNN"}
    text = section(entry)
    assert "Products: JAX 1 TFLOP/s, torch 0.9 TFLOP/s. Card: name Card 7; driver" in text
    row = "| keras_bert | 2.00 | 2.00 to 2.00 | 10,500 | 0.25 | 25.0% | 3.00 | 41.2 s |  |"
    assert row in text
    assert text.index("| transformers |") < text.index(row) < text.index("not measured: no / aaa")
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
    assert "aa … aa" in text
    assert "aa cuDNN |" in text
    assert "## Left out" not in page([entry])


def test_the_driver_tells_what_the_card_is(monkeypatch, tmp_path):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Card 7, 580.1, 9 MiB, 700.00 W, 1980 MHz'\necho more\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine_facts.card() == {}  # it is no program yet
    program.chmod(0o755)
    facts = machine_facts.card()
    assert (facts["name"], facts["driver_version"]) == ("Card 7", "580.1")
    program.write_text("#!/bin/sh\necho 'no devices were found'\nexit 6\n")
    assert machine_facts.card() == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--jobs", "train"], "expected gpu_masked_lm, gpu_forward, gpu_train; received"),
        (["--tokens", "100"], "--tokens for a row of each length"),
        (["--rows", "0"], "numbers of 1 or more"),
        (["--lengths", "4"], "lengths of 8 or more"),
        (["--engines", "keras_hub"], r"expected keras_bert_gpu, .* received \['keras_hub'\]"),
    ],
)
def test_the_command_on_an_accelerator_refuses_by_name(given, message, capsys):
    with pytest.raises(SystemExit):
        gpu.main(given)
    assert re.search(message, capsys.readouterr().err)


def test_a_step_on_jax_trains_on(jax_process):
    file = FAKE.with_name("step_on_jax.py")
    mine, theirs = jax_process(file, "losses")
    means = [sum(theirs[: count + 1]) / (count + 1) for count in range(3)]
    assert mine == pytest.approx(means, rel=1e-5)
    assert mine[0] > mine[1] > mine[2]
    said = jax_process(file, "refusal")
    assert re.fullmatch(r"expected an accelerator; JAX .* received a CPU alone", said)
    assert jax_process(file, "first_row") == [[1.0, 1.0]]
