"""Whether a pretraining run learns the same however it is cut up: devices, parts, a kill.

    python benchmarks/loss_curves.py [CORPUS.txt] [--steps 200]

Each run is a process of `keras-bert pretrain` with the same seed, without dropout: on one
device, on several, with its batches in parts, with its loss in chunks, and killed by SIGKILL
in the middle and started again. The runs on JAX are beside one device on JAX, whose new
weights are others. Prints the losses of every tenth of the steps, means of that tenth as
TensorBoard has them, and how far each run is from its first one at most.

The corpus is the documentation of Python's library where none is given.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from library_text import library_text

TENTHS = 10
COMMAND = "import sys; from keras_bert.cli.main import main; sys.exit(main(sys.argv[1:]))"
TWO_DEVICES = (
    "import tensorflow as tf; tf.config.set_logical_device_configuration("
    "tf.config.list_physical_devices('CPU')[0], [tf.config.LogicalDeviceConfiguration()] * 2); "
)


class Way(NamedTuple):
    """How a run is cut up."""

    name: str
    backend: str = "tensorflow"
    options: tuple[str, ...] = ()
    before: str = ""  # Python code
    killed: bool = False
    devices: int = 1  # of JAX


WAYS = (
    Way("one device"),
    Way("killed once", killed=True),
    Way("4 parts a batch", options=("--accumulation", "4")),
    Way("loss in chunks of 32", options=("--loss-chunk", "32")),
    Way("blocks recomputed", options=("--gradient-checkpointing",)),
    Way("2 mirrored", options=("--strategy", "mirrored"), before=TWO_DEVICES),
    Way("one device, JAX", "jax"),
    Way("data parallel, 4", "jax", ("--data-parallel",), devices=4),
    Way("model parallel, 2 of 4", "jax", ("--model-parallel", "2"), devices=4),
    Way("killed once, JAX", "jax", killed=True),
)


def keras_bert(*arguments, backend="tensorflow", before="", devices=1):
    """A process of the command."""
    environment = os.environ | {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, "-c", before + COMMAND, *map(str, arguments)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Waits; says why where it failed."""
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(process.args[3:6])} … failed:\n{errors[-2000:]}")


def prepare(corpus, folder):
    """Vocabulary and records."""
    finish(keras_bert("vocab", corpus, "--size", 2000, "--out", folder / "vocab.txt"))
    sizes = ("--sequence-length", 64, "--seed", 7)
    vocabulary = ("--vocab", folder / "vocab.txt")
    finish(keras_bert("pretrain-data", corpus, "--out", folder / "records", *vocabulary, *sizes))


def losses(way, folder, steps):
    """The mean loss of every tenth of a run."""
    own = folder / way.name.replace(" ", "_")
    every = steps // TENTHS
    arguments = [
        *("pretrain", "--data", folder / "records", "--vocab", folder / "vocab.txt"),
        *("--out", own / "model", "--tensorboard", own / "logs", "--checkpoint", own / "state"),
        *("--steps", steps, "--evaluate-every", every, "--save-every-steps", max(1, every // 3)),
        *("--hidden-size", 64, "--num-hidden-layers", 2, "--num-attention-heads", 2),
        *("--hidden-dropout-prob", 0, "--attention-probs-dropout-prob", 0),
        *("--learning-rate", 1e-3, *way.options),
    ]
    setting = {"backend": way.backend, "before": way.before, "devices": way.devices}
    if way.killed:
        process = keras_bert(*arguments, **setting)
        while len(curve(own / "logs")) < TENTHS // 2 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            raise SystemExit(
                f"{way.name}: the run ended before it could be killed; give more steps"
            )
    finish(keras_bert(*arguments, **setting))
    found = curve(own / "logs")
    return [found[tenth] for tenth in range(TENTHS)]


def curve(logs):
    """Losses by tenth, from TensorBoard's files; a resumed run wrote some twice."""
    found = {}
    for file in sorted(logs.glob("train/events*"), key=os.path.getmtime):
        with contextlib.suppress(tf.errors.DataLossError):  # it was killed while it wrote
            for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
                event = tf.compat.v1.Event.FromString(record)
                for value in event.summary.value:
                    if value.tag == "epoch_loss":
                        found[event.step] = float(tf.make_ndarray(value.tensor))
    return found


def table(curves, steps):
    """Markdown: a column for each run, below it how far it is from its first one."""
    firsts = {way.backend: curves[way] for way in reversed(curves)}
    yield f"| steps | {' | '.join(way.name for way in curves)} |"
    yield "|---" * (len(curves) + 1) + "|"
    for tenth in range(TENTHS):
        cells = " | ".join(f"{found[tenth]:.5f}" for found in curves.values())
        yield f"| {(tenth + 1) * steps // TENTHS} | {cells} |"
    furthest = (
        max(abs(a - b) for a, b in zip(found, firsts[way.backend], strict=True))
        for way, found in curves.items()
    )
    yield f"| largest difference | {' | '.join(f'{value:.1e}' for value in furthest)} |"


def main():
    """Runs all, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--steps", type=int, default=200)
    a = parser.parse_args()
    with contextlib.ExitStack() as stack:
        corpus = a.corpus or stack.enter_context(library_text())
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        prepare(corpus, folder)
        curves = {}
        for way in WAYS:
            curves[way] = losses(way, folder, a.steps)
            print(f"{way.name}: {curves[way][-1]:.5f}", file=sys.stderr, flush=True)
        print(f"{datetime.date.today()}, TensorFlow {tf.__version__}, {a.steps} steps of 32 rows\n")
        print("\n".join(table(curves, a.steps)))


if __name__ == "__main__":
    main()
