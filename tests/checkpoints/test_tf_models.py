"""Checkpoints of tf-models: against those that its own converter and classes wrote."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from keras_bert.checkpoints.formats import detect_format, read_checkpoint, write_checkpoint
from keras_bert.checkpoints.json_file import read_json, write_json
from keras_bert.checkpoints.object_graph import GRAPH_KEY, ObjectGraph
from keras_bert.checkpoints.tensor_bundle import bundle_prefix

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "tf_models"


@pytest.fixture(scope="module")
def source():
    """The weights that were converted, by Google's names."""
    return read_checkpoint(GOLDEN / "source")


@pytest.fixture
def encoder(tmp_path):
    """A copy of the converter's encoder checkpoint, to damage."""
    return shutil.copytree(GOLDEN / "encoder", tmp_path / "encoder")


@pytest.mark.parametrize(
    ("folder", "heads", "count"),
    [("encoder", (), 55), ("v1", (), 55), ("v2", ("mlm", "nsp"), 62), ("pretrainer", ("mlm",), 60)],
)
def test_each_layout_gives_the_weights_it_was_made_of(folder, heads, count, source):
    assert detect_format(GOLDEN / folder) == "tf-models"
    checkpoint = read_checkpoint(GOLDEN / folder)
    assert checkpoint.config == source.config
    assert checkpoint.heads == heads
    assert len(checkpoint.arrays) == count
    for name, array in checkpoint.arrays.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, source.arrays[name], err_msg=name)


@pytest.mark.parametrize("heads", [(), ("mlm",), ("mlm", "nsp"), ("classifier",), ("squad",)])
@pytest.mark.parametrize("pooler", [True, False])
def test_a_written_checkpoint_is_read_back_to_the_bit(
    tmp_path, make_checkpoint, assert_same_arrays, heads, pooler
):
    labels = ["no", "yes", "perhaps"] if "classifier" in heads else None
    checkpoint = make_checkpoint(*heads, labels=labels, pooler=pooler)
    write_checkpoint(checkpoint, tmp_path / "out", "tf-models")
    again = read_checkpoint(tmp_path / "out")
    assert_same_arrays(again, checkpoint)
    assert (again.config, again.vocabulary) == (checkpoint.config, checkpoint.vocabulary)
    assert (again.lowercase, again.labels) == (True, labels)


def test_a_written_checkpoint_has_both_layouts_and_the_names_that_tasks_ask_for(
    tmp_path, make_checkpoint
):
    checkpoint = make_checkpoint("mlm", "nsp")
    write_checkpoint(checkpoint, tmp_path, "tf-models", overwrite=True)
    prefix = bundle_prefix(tmp_path)
    graph = ObjectGraph(prefix)
    for path, numbered in (
        ("_embedding_layer/embeddings", "layer_with_weights-0/embeddings"),
        ("_transformer_layers/2/_output_dense/bias", "layer_with_weights-6/_output_dense/bias"),
        ("_pooler_layer/kernel", "layer_with_weights-7/kernel"),
    ):
        keys = {
            graph.key(0, f"{root}/{way}")
            for root in ("encoder", "model")
            for way in (path, numbered)
        }
        assert len(keys) == 1 and None not in keys, path
    table = graph.key(0, "encoder/_embedding_layer/embeddings")
    assert graph.key(0, "masked_lm/embedding_table") == table
    assert graph.key(0, "next_sentence.pooler_dense/kernel")
    shapes = tf.train.load_checkpoint(str(prefix)).get_variable_to_shape_map()
    query = graph.key(0, "encoder/_transformer_layers/0/_attention_layer/_query_dense/kernel")
    assert shapes[query] == [14, 2, 7]
    # Once, but for the copy of the pooler, the counter and the graph.
    assert len(shapes) == len(checkpoint.arrays) + 2 + 2


def test_training_state_is_left_out(tmp_path, make_checkpoint, assert_same_arrays):
    checkpoint = make_checkpoint()
    write_checkpoint(checkpoint, tmp_path / "out", "tf-models")
    prefix = bundle_prefix(tmp_path / "out")
    kernel = tf.Variable(tf.zeros([14, 14]))
    optimizer = tf.train.Checkpoint(iterations=tf.Variable(7, dtype=tf.int64), kernel_m=kernel)
    _rewrite(prefix, global_step=tf.Variable(7, dtype=tf.int64), optimizer=optimizer)
    assert_same_arrays(read_checkpoint(tmp_path / "out"), checkpoint)


def test_what_bert_has_no_place_for_is_unknown(tmp_path, make_checkpoint):
    write_checkpoint(make_checkpoint(), tmp_path / "out", "tf-models")
    prefix = bundle_prefix(tmp_path / "out")
    _rewrite(prefix, projection=tf.train.Checkpoint(kernel=tf.Variable(tf.zeros([5, 14]))))
    with pytest.raises(ValueError, match="1 unknown: projection/kernel"):
        read_checkpoint(tmp_path / "out")


def test_another_number_of_heads_or_layers_is_an_error(encoder):
    config = read_json(encoder / "bert_config.json")
    write_json(config | {"num_attention_heads": 11}, encoder / "bert_config.json")
    with pytest.raises(
        ValueError,
        match=r"misshapen: .*_query_dense/kernel.*expected \[22, 11, 2\]; .*\[22, 2, 11\]",
    ):
        read_checkpoint(encoder)
    write_json(config | {"num_hidden_layers": 4}, encoder / "bert_config.json")
    with pytest.raises(ValueError, match=r"16 missing: _transformer_layers/3/_attention_layer"):
        read_checkpoint(encoder)
    write_json(config | {"num_hidden_layers": 2}, encoder / "bert_config.json")
    with pytest.raises(ValueError, match=r"16 unknown: .*layer_with_weights-6"):
        read_checkpoint(encoder)


def test_a_checkpoint_of_names_has_no_objects():
    with pytest.raises(ValueError, match=r"expected a checkpoint of objects .* one of names"):
        read_checkpoint(GOLDEN / "source", "tf-models")


def test_a_checkpoint_without_an_encoder_is_refused(encoder):
    prefix = bundle_prefix(encoder)
    tf.train.Checkpoint(model=tf.train.Checkpoint(kernel=tf.Variable(1.0))).write(str(prefix))
    with pytest.raises(ValueError, match=r"expected one encoder .* received none, .*\['model'\]"):
        read_checkpoint(encoder)


def test_two_encoders_are_refused(encoder):
    prefix = bundle_prefix(encoder)
    blocks = {"0": tf.train.Checkpoint(_attention_layer=tf.train.Checkpoint())}
    towers = [
        tf.train.Checkpoint(
            _embedding_layer=tf.train.Checkpoint(embeddings=tf.Variable(tf.zeros([37, 22]))),
            _transformer_layers=tf.train.Checkpoint(**blocks),
        )
        for _ in range(2)
    ]
    tf.train.Checkpoint(left=towers[0], right=towers[1]).write(str(prefix))
    with pytest.raises(ValueError, match=r"expected one encoder .* received 2, .*'left'"):
        read_checkpoint(encoder)


def test_damaged_files_are_named(encoder):
    prefix = bundle_prefix(encoder)
    data = pathlib.Path(f"{prefix}.data-00000-of-00001")
    whole = data.read_bytes()
    data.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"expected a whole checkpoint .*bert_model.ckpt-1 with"):
        read_checkpoint(encoder)
    data.unlink()
    with pytest.raises(ValueError, match=r"expected a whole checkpoint .*bert_model.ckpt-1 with"):
        read_checkpoint(encoder)


def test_a_damaged_object_graph_is_named(tmp_path):
    prefix = tmp_path / "ckpt-1"
    tf.raw_ops.SaveV2(
        prefix=str(prefix), tensor_names=[GRAPH_KEY], shape_and_slices=[""], tensors=[b"\xff\xff"]
    )
    with pytest.raises(ValueError, match=r"expected a whole object graph in .*ckpt-1; received"):
        ObjectGraph(prefix)


def test_a_folder_holds_one_checkpoint(encoder):
    prefix = bundle_prefix(encoder)
    shutil.copy(f"{prefix}.index", encoder / "ckpt-9.index")
    with pytest.raises(ValueError, match=r"expected one checkpoint .*bert_model.ckpt-1', 'ckpt-9'"):
        read_checkpoint(encoder)
    for path in encoder.glob("*.index"):
        path.unlink()
    with pytest.raises(ValueError, match=r"expected one checkpoint .* received none"):
        read_checkpoint(encoder, "tf-models")


def _rewrite(prefix, **more):
    """Writes a checkpoint again with more objects at its root."""
    graph = ObjectGraph(prefix)
    arrays = graph.read(list(graph.keys_below(lambda name: name == "save_counter")))
    made = {}

    def build(node):
        if node not in made:
            key = graph.keys[node]
            children = {name: build(child) for name, child in graph.children[node].items()}
            made[node] = tf.Variable(arrays[key]) if key else tf.train.Checkpoint(**children)
        return made[node]

    root = {name: build(i) for name, i in graph.children[0].items() if name != "save_counter"}
    tf.train.Checkpoint(**root, **more).write(str(prefix))
