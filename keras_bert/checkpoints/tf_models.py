"""tf-models' folders: `bert_config.json`, `vocab.txt`, and a checkpoint of objects.

Read in either layout. What is written has both, so that `BertEncoder` and `BertEncoderV2`
restore it, under the names that the Model Garden's tasks and exporter ask for: `encoder`,
`model`, `masked_lm`, `next_sentence.pooler_dense`.

Source: tf-models `official/nlp/tools/tf2_bert_encoder_checkpoint_converter.py`,
`official/nlp/tasks/masked_lm.py`; tensorflow `tf.train.Checkpoint`.
"""

import pathlib

import numpy as np

from keras_bert.checkpoints.agreement import Spelling, agreeing_rows
from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.google_config import read_google_config, write_google_config
from keras_bert.checkpoints.object_graph import ObjectGraph
from keras_bert.checkpoints.rows import Row
from keras_bert.checkpoints.tensor_bundle import bundle_prefix
from keras_bert.checkpoints.tf_models_names import (
    HEAD_PATHS,
    Located,
    locate,
    shape_in_tf_models,
)
from keras_bert.checkpoints.tf_models_objects import write_objects
from keras_bert.checkpoints.vocabulary_file import (
    looks_lowercase,
    read_vocabulary,
    write_vocabulary,
)
from keras_bert.checkpoints.weight_types import as_float32
from keras_bert.config import BertConfig

PREFIX = "bert_model.ckpt"

_TRAINING_STATE = ("optimizer", "save_counter", "global_step", "keras_api")


def read_tf_models(folder: pathlib.Path) -> Checkpoint:
    """Reads a tf-models folder; optimizer and step counters are left out by name.

    Raises:
        ValueError: a file is damaged, or the arrays do not fit the configuration.
    """
    config, lowercase, labels, metadata = read_google_config(folder)
    vocabulary = read_vocabulary(folder)
    graph = ObjectGraph(bundle_prefix(folder))
    num_labels = None if labels is None else len(labels)
    return Checkpoint(
        config=config,
        arrays=read_objects(graph, locate(graph), config, num_labels),
        vocabulary=vocabulary,
        lowercase=looks_lowercase(vocabulary) if lowercase is None else lowercase,
        labels=labels,
        metadata=metadata,
    )


def read_objects(
    graph: ObjectGraph, located: Located, config: BertConfig, num_labels: int | None = None
) -> dict[str, np.ndarray]:
    """The arrays of a BERT among objects, as float32 by Google's names.

    Args:
        graph: all that there is.
        located: which of it is the BERT's.
        config: what there must be.
        num_labels: how many labels a classifier has; its own bias says so if None.

    Raises:
        ValueError: the arrays do not fit the configuration, or are of another type.
    """
    left_out = located.left_out.__contains__
    keys = [key for key in graph.keys_below(_TRAINING_STATE.__contains__) if not left_out(key)]
    arrays = graph.read(keys)
    spelling = Spelling(
        lambda row: located.keys.get(row.google, row.tf_models or row.google),
        shape=lambda row, shape: shape_in_tf_models(row, shape, config.num_attention_heads),
    )
    rows = agreeing_rows(
        config,
        {key: array.shape for key, array in arrays.items()},
        str(graph.prefix),
        spelling=spelling,
        num_labels=num_labels,
    )
    read = {}
    for row in rows:
        key = spelling.name(row)
        read[row.google] = _to_google(as_float32(arrays.pop(key), key, str(graph.prefix)), row)
    return read


def write_tf_models(checkpoint: Checkpoint, folder: pathlib.Path) -> None:
    """Writes a folder whose checkpoint tf-models restores into its encoders and pretrainer.

    Raises:
        ValueError: an activation that tf-models does not have.
    """
    write_google_config(checkpoint, folder)
    if checkpoint.vocabulary is not None:
        write_vocabulary(checkpoint.vocabulary, folder)
    write_objects(checkpoint.arrays, checkpoint.config, folder / PREFIX)


def _to_google(array: np.ndarray, row: Row) -> np.ndarray:
    if row.part in HEAD_PATHS:
        return np.ascontiguousarray(array.T)
    if array.ndim == 3:  # [N, D, H] of outputs, [H, N, D] of queries, keys and values
        inputs_by_head = row.tf_models.endswith("_output_dense/kernel")
        return (
            array.reshape(-1, array.shape[2]) if inputs_by_head else array.reshape(len(array), -1)
        )
    by_head = array.ndim == 2 and row.tf_models.endswith("/bias")
    return array.reshape(-1) if by_head else array
