"""Encoder modules of TF Hub and Kaggle: a SavedModel with a BERT's variables and vocabulary.

Nothing of the module is run: weights are read from its bundle, the configuration from the
shapes of its variables and from its graph, the vocabulary from its assets. Variables are
known by tf-models' attributes, or by the names that published modules give them.

Source: https://www.tensorflow.org/hub/common_saved_model_apis/text
"""

import itertools
import pathlib
from typing import Any

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.encoder_facts import encoder_facts
from keras_bert.checkpoints.hub_names import hub_names_of
from keras_bert.checkpoints.object_graph import ObjectGraph
from keras_bert.checkpoints.saved_model_graph import SavedModelGraph
from keras_bert.checkpoints.tf_models import read_objects
from keras_bert.checkpoints.tf_models_names import Located, encoders, locate
from keras_bert.checkpoints.vocabulary_file import looks_lowercase, read_vocabulary
from keras_bert.config import BertConfig

_ASSETS = "assets"
_LOWERCASE = "do_lower_case"


def read_hub_module(folder: pathlib.Path) -> Checkpoint:
    """Reads the weights, the configuration and the vocabulary of an encoder module.

    Raises:
        ValueError: a file is damaged, the module is no encoder, or computes something else
            than BERT.
    """
    module = SavedModelGraph(folder)
    objects = ObjectGraph(folder / "variables" / "variables")
    located = _locate(objects)
    stated = {key for key in [objects.key(0, _LOWERCASE)] if key is not None}
    located = located._replace(left_out=located.left_out | stated)
    config = _config(module, objects, located, str(folder))
    vocabulary, lowercase = read_hub_text(folder, module, objects)
    return Checkpoint(
        config=config,
        arrays=read_objects(objects, located, config),
        vocabulary=vocabulary,
        lowercase=lowercase,
    )


def read_hub_text(
    folder: pathlib.Path,
    module: SavedModelGraph | None = None,
    objects: ObjectGraph | None = None,
) -> tuple[list[str] | None, bool | None]:
    """The vocabulary of a module, and whether texts are lower-cased; None where it has none.

    Args:
        folder: of the module.
        module: its graph, if it has been read.
        objects: its objects, if they have been read.

    Raises:
        ValueError: a file is damaged, or the vocabulary that the module names is not there.
    """
    module = module or SavedModelGraph(folder)
    objects = objects or ObjectGraph(folder / "variables" / "variables")
    asset = module.object_at("vocab_file")
    vocabulary = None
    if asset is not None and asset.HasField("asset"):
        file = module.meta.asset_file_def[asset.asset.asset_file_def_index].filename
        path = folder / _ASSETS / pathlib.PurePath(file).name
        vocabulary = read_vocabulary(path.parent, path.name)
        if vocabulary is None:
            raise ValueError(f"expected the module's vocabulary {path}; received no such file")
    key = objects.key(0, _LOWERCASE)
    stated = None if key is None else bool(objects.read([key])[key])
    return vocabulary, looks_lowercase(vocabulary) if stated is None else stated


def _locate(objects: ObjectGraph) -> Located:
    if encoders(objects) or not objects.names.keys() & {"word_embeddings/embeddings"}:
        return locate(objects)
    blocks = itertools.takewhile(
        lambda i: f"transformer/layer_{i}/output/bias" in objects.names, itertools.count()
    )
    num_layers = sum(1 for _ in blocks)
    names = hub_names_of(num_layers, masked_lm=True)
    keys = {google: objects.names[hub] for google, hub in names.items() if hub in objects.names}
    return Located(num_layers, keys, frozenset())


def _config(
    module: SavedModelGraph, objects: ObjectGraph, located: Located, source: str
) -> BertConfig:
    """Sizes from the shapes, of which attention's tell the heads; the rest from the graph."""
    shapes = objects.shapes(located.keys.values())
    sizes: dict[str, Any] = {"num_hidden_layers": located.num_layers}
    for name, array, axis, rank in (
        ("vocab_size", "embeddings/word_embeddings", 0, 2),
        ("hidden_size", "embeddings/word_embeddings", 1, 2),
        ("max_position_embeddings", "embeddings/position_embeddings", 0, 2),
        ("type_vocab_size", "embeddings/token_type_embeddings", 0, 2),
        ("num_attention_heads", "encoder/layer_0/attention/self/query/kernel", 1, 3),
        ("intermediate_size", "encoder/layer_0/intermediate/dense/kernel", 1, 2),
    ):
        shape = shapes.get(located.keys.get(f"bert/{array}", ""), ())
        if len(shape) != rank:
            raise ValueError(
                f"expected {array} with {rank} axes, which tell {name}, in {source}; "
                f"received {list(shape) if shape else 'no such variable'}"
            )
        sizes[name] = shape[axis]
    return BertConfig(**sizes, **encoder_facts(module, located.num_layers, source)._asdict())
