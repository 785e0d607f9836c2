import dataclasses
import types

import keras
import numpy as np
import pytest

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.rows import expand, shape_of
from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.weights import (
    assign_arrays,
    collect_arrays,
    load_checkpoint,
    named_variables,
)

CONFIG = BertConfig(
    vocab_size=31,
    hidden_size=15,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=17,
    max_position_embeddings=11,
    type_vocab_size=5,
)
BASE = ("embeddings", "encoder", "pooler")


def arrays_of(*parts, num_labels=7):
    generator = np.random.default_rng(5)
    return {
        row.google: generator.normal(size=shape_of(row, CONFIG, num_labels)).astype("float32")
        for row in expand(CONFIG, parts)
    }


@pytest.fixture(scope="module")
def backbone():
    return BertBackbone(CONFIG)


def with_head(backbone, units=7):
    """What a task looks like to these functions: a backbone and a head."""
    dense = keras.layers.Dense(units)
    dense.build((None, CONFIG.hidden_size))
    variables = {"output_weights": dense.kernel, "output_bias": dense.bias}
    return types.SimpleNamespace(backbone=backbone, head_variables=lambda: variables, dense=dense)


def test_every_variable_has_one_name(backbone):
    named = named_variables(backbone)
    assert list(named) == [row.google for row in expand(CONFIG, BASE)]
    assert {id(v) for v in named.values()} == {id(v) for v in backbone.trainable_variables}
    assert len(named) == len(backbone.trainable_variables)


def test_arrays_go_in_and_come_out_to_the_bit(backbone):
    arrays = arrays_of(*BASE)
    named = named_variables(backbone)
    assign_arrays(named, arrays)
    collected = collect_arrays(named)
    assert list(collected) == list(arrays)
    for name, array in arrays.items():
        assert collected[name].dtype == np.float32
        assert collected[name].shape == array.shape
        assert collected[name].tobytes() == array.tobytes(), name


def test_attention_is_split_by_head(backbone):
    arrays = arrays_of(*BASE)
    assign_arrays(named_variables(backbone), arrays)
    attention = backbone.encoder_blocks[1].attention
    scope = "bert/encoder/layer_1/attention"
    query = np.asarray(attention.query_dense.kernel)  # [H, N, D]
    np.testing.assert_array_equal(query[:, 2, 4], arrays[f"{scope}/self/query/kernel"][:, 14])
    bias = np.asarray(attention.value_dense.bias)  # [N, D]
    np.testing.assert_array_equal(bias[1], arrays[f"{scope}/self/value/bias"][5:10])
    output = np.asarray(attention.output_dense.kernel)  # [N, D, H]
    np.testing.assert_array_equal(output[2, 4], arrays[f"{scope}/output/dense/kernel"][14])


def test_a_head_is_turned(backbone):
    task = with_head(backbone)
    arrays = arrays_of(*BASE, "classifier")
    named = named_variables(task)
    assign_arrays(named, arrays)
    np.testing.assert_array_equal(np.asarray(task.dense.kernel), arrays["output_weights"].T)
    assert collect_arrays(named)["output_weights"].tobytes() == arrays["output_weights"].tobytes()


def test_nothing_is_assigned_when_anything_is_wrong(backbone):
    named = named_variables(backbone)
    before = collect_arrays(named)
    arrays = arrays_of(*BASE)
    del arrays["bert/pooler/dense/bias"]
    arrays["other"] = np.zeros(2, "float32")
    arrays["bert/embeddings/word_embeddings"] = np.zeros((30, 15), "float32")
    expected = (
        "received some/folder with 1 missing: bert/pooler/dense/bias; 1 unknown: other; "
        r"1 misshapen: bert/embeddings/word_embeddings \(expected \[31, 15\]; received \[30, 15\]"
    )
    with pytest.raises(ValueError, match=expected):
        assign_arrays(named, arrays, "some/folder")
    for name, array in collect_arrays(named).items():
        assert array.tobytes() == before[name].tobytes()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_bfloat16"])
def test_other_dtypes_round_and_are_collected_as_float32(dtype):
    backbone = BertBackbone(CONFIG, dtype=dtype)
    arrays = arrays_of(*BASE)
    named = named_variables(backbone)
    assign_arrays(named, arrays)
    for name, array in collect_arrays(named).items():
        assert array.dtype == np.float32
        tolerance = 0 if dtype.startswith("mixed") else 2**-7
        np.testing.assert_allclose(array, arrays[name], rtol=tolerance, atol=1e-7)


def test_heads_that_a_model_lacks_are_left_out(backbone):
    arrays = arrays_of(*BASE, "mlm", "nsp", "classifier", "squad")
    assert load_checkpoint(backbone, Checkpoint(CONFIG, arrays), "some/folder") == ()
    collected = collect_arrays(named_variables(backbone))
    assert all(collected[name].tobytes() == arrays[name].tobytes() for name in collected)


def test_a_missing_pooler_stays_new_with_a_warning(backbone):
    before = collect_arrays(named_variables(backbone))["bert/pooler/dense/kernel"]
    arrays = arrays_of("embeddings", "encoder")
    with pytest.warns(UserWarning, match="some/folder has no pooler: .*bert/pooler/dense/kernel"):
        new = load_checkpoint(backbone, Checkpoint(CONFIG, arrays), "some/folder")
    assert new == ("pooler",)
    collected = collect_arrays(named_variables(backbone))
    assert collected["bert/pooler/dense/kernel"].tobytes() == before.tobytes()
    assert all(collected[name].tobytes() == array.tobytes() for name, array in arrays.items())


def test_a_head_may_be_new_when_the_caller_says_so(backbone):
    task = with_head(backbone)
    checkpoint = Checkpoint(CONFIG, arrays_of(*BASE))
    with pytest.raises(ValueError, match="2 missing: output_weights, output_bias"):
        load_checkpoint(task, checkpoint, "some/folder")
    new = load_checkpoint(task, checkpoint, "some/folder", may_be_new=("pooler", "classifier"))
    assert new == ("classifier",)


def test_a_head_of_another_size_is_misshapen(backbone):
    checkpoint = Checkpoint(CONFIG, arrays_of(*BASE, "classifier", num_labels=3))
    with pytest.raises(ValueError, match=r"output_weights \(expected \[7, 15\]; received \[3, 15"):
        load_checkpoint(with_head(backbone), checkpoint, "some/folder")


def test_a_checkpoint_of_another_size_is_named_in_full(backbone):
    config = dataclasses.replace(CONFIG, num_hidden_layers=1)
    arrays = {n: a for n, a in arrays_of(*BASE).items() if "layer_1" not in n}
    with pytest.raises(ValueError, match="16 missing: bert/encoder/layer_1/"):
        load_checkpoint(backbone, Checkpoint(config, arrays), "some/folder")
