"""TensorFlow's strategies by name, for training on several of its devices.

    mirrored      all devices of this process (GPUs, or logical CPUs)
    multi-worker  the processes that TF_CONFIG names, or those of a Slurm job step
    tpu           the TPU that TPU_NAME names, or this machine's

Source: https://www.tensorflow.org/guide/distributed_training
"""

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any

import keras

STRATEGIES = ("mirrored", "multi-worker", "tpu")

# Keras whose multi-worker training was tried, and needs `_multi_worker_training`.
_TRIED_KERAS = r"3\.15\."


@contextlib.contextmanager
def strategy_scope(name: str) -> Iterator[Any]:
    """Makes a strategy, in whose scope a model is to be built, compiled and trained.

    `multi-worker` has to come before anything else that TensorFlow does in the process.

    Args:
        name: of `STRATEGIES`.

    Yields:
        The `tf.distribute.Strategy`.

    Raises:
        ValueError: another name; no cluster, or no TPU, to be found.
        RuntimeError: Keras runs on another backend, or is one whose multi-worker training
            was not tried.
    """
    if name not in STRATEGIES:
        raise ValueError(f"expected a strategy of {', '.join(STRATEGIES)}; received {name!r}")
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"expected Keras on TensorFlow for the strategy {name}; received the backend "
            f"{keras.backend.backend()!r}: data_parallel and model_parallel are for JAX"
        )
    make = {"mirrored": _mirrored, "multi-worker": _multi_worker, "tpu": _tpu}[name]
    strategy = make()
    mended = _multi_worker_training if name == "multi-worker" else contextlib.nullcontext
    with mended(), strategy.scope():
        yield strategy


def _mirrored() -> Any:
    import tensorflow as tf

    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    devices = [device.name for device in tf.config.list_logical_devices(kind)]
    return tf.distribute.MirroredStrategy(devices)


def _multi_worker() -> Any:
    if not re.match(_TRIED_KERAS, keras.__version__):
        raise RuntimeError(
            "expected Keras 3.15 for the strategy multi-worker, which needs repairs that were "
            f"tried on it alone; received {keras.__version__}: data_parallel on JAX needs none"
        )
    import tensorflow as tf

    resolvers = tf.distribute.cluster_resolver
    if "TF_CONFIG" in os.environ:
        resolver = resolvers.TFConfigClusterResolver()
    elif "SLURM_STEP_NODELIST" in os.environ:
        resolver = resolvers.SlurmClusterResolver()
    else:
        raise ValueError(
            "expected TF_CONFIG, or a Slurm job step, for the strategy multi-worker; "
            "received neither"
        )
    return tf.distribute.MultiWorkerMirroredStrategy(resolver)


def _tpu() -> Any:
    import tensorflow as tf

    name = os.environ.get("TPU_NAME", "local")
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        if name != "local":
            tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"expected a TPU named {name!r} (TPU_NAME) that TensorFlow can use; received: "
            f"{str(error).splitlines()[0]}"
        ) from error
    return tf.distribute.TPUStrategy(resolver)


@contextlib.contextmanager
def _multi_worker_training() -> Iterator[None]:
    """Mends a fault of Keras 3.15 that stops `fit` on several workers (keras#20329).

    It averages the logs of the workers along an axis that scalars do not have.
    """
    from keras.src.backend.tensorflow import trainer

    released = trainer.reduce_per_replica

    def reduce_per_replica(values: Any, strategy: Any, reduction: str) -> Any:
        if reduction == "concat":
            return released(values, strategy, reduction)
        return keras.tree.map_structure(lambda v: strategy.reduce("MEAN", v, axis=None), values)

    trainer.reduce_per_replica = reduce_per_replica
    try:
        yield
    finally:
        trainer.reduce_per_replica = released
