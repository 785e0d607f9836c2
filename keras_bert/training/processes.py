"""Several processes that train one model: who they are, and which of them writes.

On JAX the processes of a job meet at a coordinator, the first of them. Under TensorFlow's
multi-worker strategy its cluster tells.

Source: https://docs.jax.dev/en/latest/multi_process.html
"""

from typing import Any

import keras
import numpy as np

from keras_bert.training.parallel_layouts import require_jax

# A process that is gone is noticed after so many seconds, and the others stop.
HEARTBEAT_SECONDS = 30


def connect_processes(
    coordinator: str | None = None,
    processes: int | None = None,
    process: int | None = None,
    *,
    timeout: int = 300,
) -> None:
    """Joins this process with the others of its job; before JAX does anything else.

    Args:
        coordinator: HOST:PORT of the first process. None, with the other two, takes all
            three from Slurm, Open MPI, Kubernetes or Cloud TPU.
        processes: how many there are.
        process: the number of this one, from 0.
        timeout: seconds to wait for the others.

    Raises:
        RuntimeError: Keras runs on another backend than JAX; the others did not come.
        ValueError: one of the three without the others; a number that is none of them.
    """
    require_jax("several processes")
    given = [value is not None for value in (coordinator, processes, process)]
    if any(given) and not all(given):
        raise ValueError(
            "expected coordinator, processes and process together, or none of them; received "
            f"{coordinator!r}, {processes} and {process}"
        )
    if processes is not None and process is not None and not 0 <= process < processes:
        raise ValueError(
            f"expected a process from 0 to {processes - 1}; received process {process}"
        )
    import jax

    # What the processes exchange numbers by, where their devices are CPUs.
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(
        coordinator,
        processes,
        process,
        initialization_timeout=timeout,
        heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
        shutdown_timeout_seconds=HEARTBEAT_SECONDS,
    )


def process_count() -> int:
    """How many processes train together."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.process_count()
    cluster = _cluster()
    return 1 if cluster is None else max(1, len(cluster.cluster_spec().as_dict().get("worker", ())))


def writes_results() -> bool:
    """Whether this process is the one that writes checkpoints and models."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.process_index() == 0
    cluster = _cluster()
    if cluster is None or cluster.task_type is None:
        return True
    chiefs = cluster.cluster_spec().as_dict().get("chief")
    return cluster.task_type == "chief" or (not chiefs and cluster.task_id == 0)


def own_share(dataset: Any) -> Any:
    """The part of a dataset's batches that this process trains on.

    Args:
        dataset: a `tf.data.Dataset` of batches that all processes have alike.

    Returns:
        Every batch, but of its rows those of this process alone, where Keras runs on JAX in
        several processes. Under TensorFlow's strategy the workers part each batch by its rows
        and not the files that it comes from. The dataset as it was for one process.
    """
    if keras.backend.backend() == "jax":
        distribution = keras.distribution.distribution()
        count = 1 if distribution is None else distribution.num_processes
        return dataset if count == 1 else _rows_of_process(dataset, count)
    if keras.backend.backend() != "tensorflow" or process_count() == 1:
        return dataset
    import tensorflow as tf

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)


def _rows_of_process(dataset: Any, count: int) -> Any:
    import jax
    import tensorflow as tf

    rows = tf.nest.flatten(dataset.element_spec)[0].shape[0]
    if rows is None or rows % count:
        raise ValueError(
            f"expected batches of a known number of rows that {count} processes divide; "
            f"received {rows}"
        )
    share = rows // count
    start = jax.process_index() * share

    def cut(*batch: Any) -> Any:
        parts = tf.nest.map_structure(lambda tensor: tensor[start : start + share], batch)
        return parts if len(parts) > 1 else parts[0]

    return dataset.map(cut)


def require_agreement(number: int, what: str) -> None:
    """Compares a number with those of the other processes, where Keras runs on JAX.

    Raises:
        ValueError: another process has another one.
    """
    if keras.backend.backend() != "jax" or process_count() == 1:
        return
    from jax.experimental import multihost_utils

    found = multihost_utils.process_allgather(np.asarray(number, np.int32)).reshape(-1).tolist()
    if len(set(found)) > 1:
        raise ValueError(f"expected {what} to be the same in all processes; received {found}")


def _cluster() -> Any:
    """What the strategy in force knows of its workers; None where it has one process."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    resolver = tf.distribute.get_strategy().cluster_resolver
    return resolver if resolver is not None and resolver.task_type == "worker" else None
