"""What holds for every test: quiet TensorFlow, no network, a repeatable Keras seed on request."""

import gc
import os
import pathlib
import signal
import socket
import sys

# Before anything imports TensorFlow. Tiny models run for less time than XLA optimizes them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
LOCAL = ("127.", "::1", "localhost")


def pytest_collection_finish(session):
    """Has garbage collected seldom, and never among what imports made.

    Tracing makes objects by the hundred thousand and few cycles: a fifth of the suite's
    time would go into looking for them.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    if "tensorflow" in sys.modules:
        iterate_untuned(sys.modules["tensorflow"].data.Dataset)


def iterate_untuned(dataset):
    """Has no tf.data iterator tuned, Keras's own neither.

    The thread that tunes can sleep on for up to a minute after its iterator is let go, and
    whoever collects the iterator waits for it (keras_bert/models/untuned_data.py): tests
    that keep an iterator for long, in a traceback, made others wait for three minutes.
    """
    from keras_bert.models.untuned_data import untuned

    tuned = dataset.__iter__
    dataset.__iter__ = lambda self: tuned(untuned(self))


@pytest.fixture(scope="session")
def project_root() -> pathlib.Path:
    """The folder that holds README.md, examples/ and tests/ (not always the package)."""
    return ROOT


@pytest.fixture(scope="session")
def serving_operations() -> set[str]:
    """What TensorFlow Serving 2.13 and later know; golden/record_serving_operations.py."""
    lines = (ROOT / "tests/golden/serving_operations.txt").read_text("utf-8").splitlines()
    return {line.partition(" ")[2] for line in lines}


@pytest.fixture(scope="session")
def jax_process():
    """Calls functions of test files where Keras runs on JAX: see kept_process.py."""
    pytest.importorskip("jax")
    from kept_process import KeptProcess

    # Several devices for those who ask for them; the others compute on the first.
    devices = "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0"
    process = KeptProcess(KERAS_BACKEND="jax", JAX_PLATFORMS="cpu", XLA_FLAGS=devices)
    yield process
    process.close()


@pytest.fixture(scope="session")
def tensorflow_process():
    """The same where nothing of this package is imported."""
    from kept_process import KeptProcess

    process = KeptProcess()
    yield process
    process.close()


@pytest.fixture(scope="session")
def served(tensorflow_process):
    """`served(version, inputs)`: what a SavedModel answers in that process."""
    file = ROOT / "tests" / "served_answers.py"
    return lambda *arguments: tensorflow_process(file, "answers", *arguments)


@pytest.fixture
def untraced():
    """Runs the functions of TensorFlow as they stand, on tiny models for less than tracing costs.

    For tests of what is around a model, such as flags and files; those of the models trace.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def ctrl_c_interrupts():
    """As in a terminal, whatever started the suite: a shell's background job ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Fails the test that reaches for another machine, instead of letting it depend on one."""
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else "localhost"
        if not str(host).startswith(LOCAL):
            raise AssertionError(f"the suite runs without a network; a test called {address}")
        return connect(self, address)

    socket.socket.connect = guarded
    yield
    socket.socket.connect = connect
