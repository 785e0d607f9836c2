"""Two processes on this machine train as one does; when one is killed, the other stops.

Slow, since every process compiles for itself: KERAS_BERT_SEVERAL_PROCESSES=1 asks for it, and
`make parity` sets it.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest

ASKED = os.environ.get("KERAS_BERT_SEVERAL_PROCESSES")
pytestmark = pytest.mark.skipif(not ASKED, reason="KERAS_BERT_SEVERAL_PROCESSES is not set")
TRAINING = pathlib.Path(__file__).parents[1] / "training"
NOTICED_SECONDS = 120


def free_port():
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


def start(backend, folder, *kill):
    port = free_port()
    script = str(TRAINING / "one_of_several.py")
    folder.mkdir(exist_ok=True)
    return [
        subprocess.Popen(
            [sys.executable, script, backend, str(index), str(port), str(folder), *kill],
            stderr=(folder / f"errors-{index}").open("w"),
        )
        for index in range(2)
    ]


def losses_of(processes, folder):
    for index, process in enumerate(processes):
        errors = folder / f"errors-{index}"
        assert process.wait(300) == 0, errors.read_text()[-3000:]
    return [json.loads((folder / f"losses-{index}.json").read_text()) for index in range(2)]


def alone(backend, folder):
    """The same steps in one process."""
    code = (
        f"import sys, json; sys.path.insert(0, {str(TRAINING)!r})\n"
        "import pathlib, one_of_several\n"
        f"print(json.dumps(one_of_several.train(pathlib.Path({str(folder)!r}), False)))"
    )
    folder.mkdir()
    environment = os.environ | {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(found.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_two_processes_train_as_one_and_resume_when_one_was_killed(backend, tmp_path):
    expected = alone(backend, tmp_path / "alone")
    assert len(expected) == 9
    both = losses_of(start(backend, tmp_path / "both"), tmp_path / "both")
    assert both[0] == pytest.approx(expected, abs=1e-5)
    assert both[1] == pytest.approx(expected, abs=1e-5)

    folder = tmp_path / "killed"
    survivor, victim = start(backend, folder, "kill")
    assert victim.wait(300) == -9
    since = time.monotonic()
    try:
        assert survivor.wait(NOTICED_SECONDS) != 0
    finally:
        survivor.kill()
    print(f"{backend}: noticed after {time.monotonic() - since:.1f} s")
    assert "rror" in (folder / "errors-0").read_text()
    resumed = losses_of(start(backend, folder), folder)
    assert len(resumed[0]) < 9  # it did not begin anew
    # Steps of the epoch that were done before show the loss of the last of them.
    assert resumed[0][-4:] == pytest.approx(expected[-4:], abs=1e-5)
