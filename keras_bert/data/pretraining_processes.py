"""Several processes make shards, as many blocks at once.

Each is a fresh Python (spawn) with a tokenizer of its own. Ctrl-C reaches the parent
alone, which lets the others stop between two batches; when the parent is killed, they
end by themselves. A block's text travels to them; records do not travel.
"""

import collections
import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.synchronize
import os
import pathlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from keras_bert.data.pretraining_instances import PretrainingInstances
from keras_bert.data.pretraining_settings import PretrainingSettings
from keras_bert.data.pretraining_shards import write_shard
from keras_bert.data.record_files import count_records
from keras_bert.data.text_blocks import TextBlock
from keras_bert.text.tokenizer import BertTokenizer

# Of a process that makes shards.
_worker: dict[str, Any] = {}


def shards_of(
    blocks: Iterator[TextBlock],
    path_of: Callable[[int], pathlib.Path],
    tokenizer: BertTokenizer,
    settings: PretrainingSettings,
    processes: int,
) -> Iterator[tuple[int, int]]:
    """Makes the shards of blocks that are not there yet.

    Args:
        blocks: of a corpus.
        path_of: from a block's number to its shard.
        tokenizer: a `BertTokenizer`.
        settings: the recipe.
        processes: 1 works in this one.

    Yields:
        For each block in turn the bytes of the corpus that were read, and its records.

    Raises:
        RuntimeError: a process was killed.
    """
    if processes == 1:
        instances = PretrainingInstances(tokenizer, settings)
        for block in blocks:
            path = path_of(block.number)
            there = path.exists()
            yield (
                block.bytes_read,
                count_records(path) if there else write_shard(path, block, instances),
            )
        return
    yield from _in_parallel(blocks, path_of, (tokenizer.get_config(), settings), processes)


def _in_parallel(
    blocks: Iterator[TextBlock],
    path_of: Callable[[int], pathlib.Path],
    recipe: tuple[dict[str, Any], PretrainingSettings],
    processes: int,
) -> Iterator[tuple[int, int]]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    waiting: collections.deque[tuple[int, concurrent.futures.Future[int]]] = collections.deque()
    with concurrent.futures.ProcessPoolExecutor(
        processes, context, _start, (*recipe, stop)
    ) as executor:
        try:
            for block in blocks:
                path = path_of(block.number)
                with _interrupts_held():  # by the processes that it starts, for good
                    result = executor.submit(_make, path, block)
                waiting.append((block.bytes_read, result))
                if len(waiting) > processes:  # one is ready for whoever is done first
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)
        except BaseException as error:
            stop.set()
            executor.shutdown(cancel_futures=True)
            if isinstance(error, concurrent.futures.process.BrokenProcessPool):
                raise RuntimeError(
                    f"expected all {processes} processes to work to the end; received the end of "
                    "one, killed or out of memory: the same command goes on from the whole shards"
                ) from error
            raise


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _next(
    waiting: collections.deque[tuple[int, concurrent.futures.Future[int]]],
) -> tuple[int, int]:
    bytes_read, result = waiting.popleft()
    return bytes_read, result.result()


def _start(
    tokenizer: dict[str, Any],
    settings: PretrainingSettings,
    stop: multiprocessing.synchronize.Event,
) -> None:
    """Runs once in each process."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    instances = PretrainingInstances(BertTokenizer.from_config(tokenizer), settings)
    _worker.update(instances=instances, stop=stop)


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make(path: pathlib.Path, block: TextBlock) -> int:
    if path.exists():
        return count_records(path)
    return write_shard(path, block, _worker["instances"], _check)


def _check() -> None:
    if _worker["stop"].is_set():
        raise KeyboardInterrupt("stopped by the parent process")
