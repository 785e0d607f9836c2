"""Arrays as the trackable objects that tf-models' classes restore from.

Every array is written once, but the pooler's twice; all the ways to it lie in the object graph.

Source: tf-models `official/nlp/modeling`; tensorflow `tf.train.Checkpoint`.
"""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_bert.checkpoints.rows import expand
from keras_bert.checkpoints.tf_models_names import (
    HEAD_PATHS,
    HEAD_POOLER,
    SHARED_POOLER,
    by_number,
    shape_in_tf_models,
)
from keras_bert.config import BertConfig


def write_objects(
    arrays: Mapping[str, np.ndarray], config: BertConfig, prefix: pathlib.Path
) -> None:
    """Writes arrays by Google's names, in Google's shapes, to the bundle `PREFIX-1`."""
    import tensorflow as tf

    trees = _trees(arrays, config)
    encoder = trees["encoder"]
    root: dict[str, Any] = {"encoder": encoder, "model": {**encoder, "encoder_network": encoder}}
    pooler = {}
    if "_pooler_layer" in encoder:
        # A copy: one array of a file cannot fill two variables of a model.
        copy = {kind: array.copy() for kind, array in encoder["_pooler_layer"].items()}
        pooler[HEAD_POOLER] = root[SHARED_POOLER] = copy
    if "mlm" in trees:
        table = encoder["_embedding_layer"]["embeddings"]
        root["masked_lm"] = trees["mlm"] | {"embedding_table": table}
        root["model"]["masked_lm"] = root["masked_lm"]
    if "nsp" in trees:
        root["model"]["classification_heads"] = {"0": trees["nsp"] | pooler}
    for part in ("classifier", "squad"):
        if part in trees:
            root["model"][HEAD_PATHS[part]] = trees[part]
    # Not `write`: restoring into a new Checkpoint asks for the counter of saves too.
    _trackable(root, tf, {}).save(str(prefix))


def _trees(arrays: Mapping[str, np.ndarray], config: BertConfig) -> dict[str, dict[str, Any]]:
    """A tree of attributes for the encoder, in both layouts, and for each head."""
    trees: dict[str, dict[str, Any]] = {}
    for row in expand(config):
        if row.google not in arrays:
            continue
        array = np.asarray(arrays[row.google], np.float32)
        is_head = row.part in (*HEAD_PATHS, "mlm")
        turned = array.T if row.part in HEAD_PATHS else array
        shape = shape_in_tf_models(row, array.shape, config.num_attention_heads)
        turned = turned.reshape([size or 0 for size in shape])
        _plant(trees.setdefault(row.part if is_head else "encoder", {}), row.tf_models, turned)
        if not is_head:
            _plant(trees["encoder"], by_number(row.tf_models, config.num_hidden_layers), turned)
    return trees


def _plant(tree: dict[str, Any], path: str, leaf: np.ndarray) -> None:
    *attributes, last = path.split("/")
    for attribute in attributes:
        tree = tree.setdefault(attribute, {})
    tree[last] = leaf


def _trackable(tree: Any, tf: Any, made: dict[int, Any]) -> Any:
    """Objects for a tree; one object for what stands in it at several places."""
    if id(tree) in made:
        return made[id(tree)]
    if isinstance(tree, np.ndarray):
        made[id(tree)] = tf.Variable(tree)
    else:
        children = {name: _trackable(child, tf, made) for name, child in tree.items()}
        made[id(tree)] = tf.train.Checkpoint(**children)
    return made[id(tree)]
