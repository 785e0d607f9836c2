"""The arguments by which a verb trains on several devices or machines."""

import argparse
import contextlib
from collections.abc import Iterator

from keras_bert.cli.record_arguments import positive

_STRATEGIES = ("mirrored", "multi-worker", "tpu")


def add_device_arguments(parser: argparse.ArgumentParser, *, processes: bool) -> None:
    """Which devices train together; one device if none of these is given.

    Args:
        parser: of the verb.
        processes: whether several processes may train together.
    """
    group = parser.add_argument_group("several devices")
    names = [name for name in _STRATEGIES if processes or name != "multi-worker"]
    group.add_argument("--strategy", choices=names, help="of TensorFlow")
    group.add_argument(
        "--data-parallel", action="store_true", help="each device a part of every batch (JAX)"
    )
    group.add_argument(
        "--model-parallel",
        type=positive,
        metavar="N",
        help="each N devices one model, and each group of them a part of every batch (JAX)",
    )
    if not processes:
        return
    group.add_argument(
        "--coordinator",
        metavar="HOST:PORT",
        help="where process 0 of several waits for the others (JAX); auto asks Slurm, Open MPI, "
        "Kubernetes or Cloud TPU",
    )
    group.add_argument("--processes", type=positive, metavar="N", help="how many there are")
    group.add_argument("--process", type=int, metavar="I", help="which one this is, from 0")


@contextlib.contextmanager
def device_scope(arguments: argparse.Namespace) -> Iterator[None]:
    """Where the model is to be built, compiled and trained; before anything that computes.

    Raises:
        ValueError: arguments that exclude another.
        RuntimeError: those of the other backend.
    """
    _check(arguments)
    if arguments.strategy:
        from keras_bert.training.strategies import strategy_scope

        with strategy_scope(arguments.strategy):
            yield
        return
    if getattr(arguments, "coordinator", None):
        from keras_bert.training.processes import connect_processes

        automatic = arguments.coordinator == "auto"
        coordinator = None if automatic else arguments.coordinator
        connect_processes(coordinator, arguments.processes, arguments.process)
    if not (arguments.data_parallel or arguments.model_parallel):
        yield
        return
    from keras_bert.training.parallel_layouts import data_parallel, model_parallel

    shards = arguments.model_parallel
    with (model_parallel(shards) if shards else data_parallel()).scope():
        yield


def _check(arguments: argparse.Namespace) -> None:
    names = ("strategy", "data_parallel", "model_parallel")
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name)]
    if len(given) > 1:
        raise ValueError(f"expected one of {', '.join(given)}; received {len(given)} of them")
    _refuse_with_strategy(arguments)
    coordinator = getattr(arguments, "coordinator", None)
    numbers = [
        f"--{name}"
        for name in ("processes", "process")
        if getattr(arguments, name, None) is not None
    ]
    if numbers and not coordinator:
        raise ValueError(f"expected --coordinator with {' and '.join(numbers)}; received none")
    if coordinator and not (arguments.data_parallel or arguments.model_parallel):
        raise ValueError(
            "expected --data-parallel or --model-parallel with --coordinator; received neither"
        )


def _refuse_with_strategy(arguments: argparse.Namespace) -> None:
    """What computes a mean that is not yet one over the replicas of TensorFlow's strategies."""
    flags = {
        "--accumulation": getattr(arguments, "accumulation", 1) > 1,
        "--loss-chunk": getattr(arguments, "loss_chunk", None) is not None,
        "--dtype mixed_float16": arguments.dtype in ("mixed_float16", "float16"),
    }
    given = [flag for flag, is_given in flags.items() if is_given]
    if arguments.strategy and given:
        raise ValueError(
            f"expected --data-parallel on JAX with {', '.join(given)}; "
            f"received --strategy {arguments.strategy}"
        )
