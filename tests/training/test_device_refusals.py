"""What training on several devices refuses, in a process of one."""

import keras
import numpy as np
import pytest

from keras_bert.cli.main import build_parser
from keras_bert.training import processes, strategies
from keras_bert.training.parallel_layouts import (
    batch_shards,
    cut_axis,
    data_parallel,
    whole_batches,
)

tensorflow_only = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's strategies"
)


def test_cut_axis_by_path_and_size():
    assert cut_axis("embeddings/word_embeddings/embeddings", (30522, 768), 2) == 0
    assert cut_axis("embeddings/word_embeddings/embeddings", (30522, 768), 4) == 1
    assert cut_axis("layer_3/attention/key/kernel", (768, 12, 64), 4) == 1
    assert cut_axis("layer_3/attention/attention_output/bias", (768,), 4) is None
    assert cut_axis("pooler/dense/kernel", (768, 768), 4) is None
    with pytest.raises(ValueError, match=r"expected sizes that 8 devices divide along axis 0"):
        cut_axis("layer_0/output_dense/kernel", (44, 24), 8)


@tensorflow_only
def test_one_device_is_one_process_that_writes():
    assert processes.process_count() == 1 and processes.writes_results()
    assert batch_shards() == 1 and processes.own_share("as it was") == "as it was"
    processes.require_agreement(3, "the step")
    with whole_batches():
        assert batch_shards() == 1


@tensorflow_only
def test_other_backends_are_refused(monkeypatch):
    with pytest.raises(RuntimeError, match=r"expected Keras on JAX for data parallel training"):
        data_parallel()
    with pytest.raises(RuntimeError, match=r"expected Keras on JAX for several processes"):
        processes.connect_processes()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with (
        pytest.raises(RuntimeError, match=r"expected Keras on TensorFlow for the strategy tpu"),
        strategies.strategy_scope("tpu"),
    ):
        pass


@tensorflow_only
def test_strategies_are_refused_where_they_cannot_be(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    cases = {
        "horovod": (ValueError, "expected a strategy of mirrored, multi-worker, tpu; received"),
        "multi-worker": (ValueError, "expected TF_CONFIG, or a Slurm job step"),
        "tpu": (ValueError, "expected a TPU named 'local' .* that TensorFlow can use"),
    }
    for name, (error, message) in cases.items():
        with pytest.raises(error, match=message), strategies.strategy_scope(name):
            pass
    monkeypatch.setattr(keras, "__version__", "3.99.0")
    with (
        pytest.raises(RuntimeError, match=r"expected Keras 3.15 .* received 3.99.0"),
        strategies.strategy_scope("multi-worker"),
    ):
        pass


def test_processes_are_given_whole(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"coordinator, processes and process together"):
        processes.connect_processes("host:1", 2)
    with pytest.raises(ValueError, match=r"expected a process from 0 to 1; received process 2"):
        processes.connect_processes("host:1", 2, 2)


def test_several_processes_need_batches_that_they_can_part():
    pytest.importorskip("jax")
    import tensorflow as tf

    odd = tf.data.Dataset.range(9).batch(3, drop_remainder=True)
    with pytest.raises(ValueError, match=r"that 2 processes divide; received 3"):
        processes._rows_of_process(odd, 2)
    with pytest.raises(ValueError, match=r"received None"):
        processes._rows_of_process(tf.data.Dataset.range(8).batch(4), 2)
    even = tf.data.Dataset.range(8).batch(4, drop_remainder=True)
    assert [part.tolist() for part in processes._rows_of_process(even, 2).as_numpy_iterator()] == [
        [0, 1],
        [4, 5],
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--strategy mirrored --data-parallel", "expected one of --strategy, --data-parallel"),
        ("--process 0 --processes 2", "expected --coordinator with --processes and --process"),
        ("--strategy mirrored --accumulation 2", "JAX with --accumulation; received --strategy"),
        ("--strategy tpu --dtype mixed_float16", "JAX with --dtype mixed_float16; received"),
        ("--coordinator auto", "expected --data-parallel or --model-parallel with --coordinator"),
    ],
)
def test_flags_that_exclude_another(flags, message, capsys):
    from keras_bert.cli.main import main

    common = ["pretrain", "--data", "x", "--vocab", "v", "--out", "/nowhere", "--steps", "3"]
    assert main([*common, *flags.split()]) == 1
    assert message in capsys.readouterr().err


def test_fine_tuning_is_of_one_process(capsys):
    files = ["--preset", "p", "--train", "t", "--out", "o"]
    common = ["finetune", "classify", *files, "--strategy", "multi-worker"]
    with pytest.raises(SystemExit):
        build_parser().parse_args(common)
    assert "invalid choice: 'multi-worker'" in capsys.readouterr().err


def test_processes_that_found_other_states(monkeypatch):
    multihost = pytest.importorskip("jax.experimental.multihost_utils")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(processes, "process_count", lambda: 2)
    found = [np.asarray([[3], [3]]), np.asarray([[3], [5]])]
    monkeypatch.setattr(multihost, "process_allgather", lambda number: found.pop(0))
    processes.require_agreement(3, "the step")
    with pytest.raises(ValueError, match=r"expected the step to be the same .* received \[3, 5\]"):
        processes.require_agreement(3, "the step")
