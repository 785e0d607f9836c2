"""Where the objects of tf-models keep the arrays of a BERT.

An encoder has its layers by name (`_embedding_layer`, `_transformer_layers/0`: layout V2), or,
being a functional model, by number (`layer_with_weights-0`: layout V1), or both. Kernels of
attention are by head. Which attributes lead from the root to the encoder differs from class to
class: it is known by what it has.

Source: tf-models `official/nlp/modeling`: `networks/bert_encoder.py`, `layers/masked_lm.py`,
`layers/cls_head.py`, `models/bert_pretrainer.py`, `models/bert_classifier.py`.

Shapes: H hidden_size, N heads, D = H / N.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from keras_bert.checkpoints.agreement import Shape
from keras_bert.checkpoints.object_graph import ObjectGraph
from keras_bert.checkpoints.rows import Row, expand_layers

BLOCKS = "_transformer_layers"
NUMBERED = "layer_with_weights-"
MASKED_LM = ("dense", "layer_norm", "bias")
# Where models keep their heads, whose weights are the transpose of Google's: for pretraining a
# list, for fine-tuning one.
HEAD_PATHS = {
    "nsp": "classification_heads/0",
    "classifier": "classifier",
    "squad": "span_labeling",
}
# A head's own pooler, which is trained in place of the encoder's.
HEAD_POOLER, SHARED_POOLER = "dense", "next_sentence.pooler_dense"

_FIRST_BLOCK = 4
_BY_NUMBER = {
    "_embedding_layer": 0,
    "_position_embedding_layer": 1,
    "_type_embedding_layer": 2,
    "_embedding_norm_layer": 3,
}
_IN_2020 = {"_attention_layer/_output_dense": "_attention_output_dense"}


class Located(NamedTuple):
    """The arrays of a BERT in a bundle.

    Args:
        num_layers: encoder blocks that there are.
        keys: the names of arrays in the bundle, by Google's names.
        left_out: of what is not used, such as the encoder's own pooler where a head has another.
    """

    num_layers: int
    keys: dict[str, str]
    left_out: frozenset[str]


def by_number(path: str, num_layers: int) -> str:
    """A path of layout V2 in layout V1."""
    layer, _, rest = path.partition("/")
    number = _BY_NUMBER.get(layer, _FIRST_BLOCK + num_layers)
    if layer == BLOCKS:
        block, _, rest = rest.partition("/")
        number = _FIRST_BLOCK + int(block)
    return f"{NUMBERED}{number}/{rest}"


def shape_in_tf_models(row: Row, shape: Shape, num_heads: int) -> Shape:
    """The shape that tf-models gives an array of this shape in Google's layout."""
    if row.part in HEAD_PATHS:
        return shape[::-1]
    if "/_attention_layer/" not in row.tf_models or row.tf_models.endswith("_output_dense/bias"):
        return shape
    size = shape[0] or 0
    by_head = (num_heads, size // num_heads)  # [N, D]
    if row.tf_models.endswith("_output_dense/kernel"):
        return (*by_head, size)
    return (size, *by_head) if len(shape) == 2 else by_head


def locate(graph: ObjectGraph) -> Located:
    """Finds an encoder, a masked-LM head and a classification head among objects.

    Raises:
        ValueError: there is no encoder, or more than one.
    """
    found = encoders(graph)
    if len(found) != 1:
        raise ValueError(
            f"expected one encoder of tf-models ({BLOCKS}, or {NUMBERED}0, …) in {graph.prefix}; "
            f"received {len(found) or 'none'}, the root having {sorted(graph.children[0])}"
        )
    encoder = found[0]
    num_layers = _count_blocks(graph, encoder)
    keys: dict[str, str | None] = {}
    for row in expand_layers(num_layers, ("embeddings", "encoder", "pooler")):
        ways = (graph.key(encoder, path) for path in _ways(row.tf_models, num_layers))
        keys[row.google] = next((key for key in ways if key is not None), None)
    for part, node in _heads(graph):
        for row in expand_layers(0, (part,)):
            keys[row.google] = graph.key(node, row.tf_models)
    displaced: set[str | None] = set()
    pooler = _pooler_of_head(graph)
    if pooler is not None:
        for kind in ("kernel", "bias"):
            name = f"bert/pooler/dense/{kind}"
            displaced.add(keys[name])
            keys[name] = graph.key(pooler, kind)
    present = {name: key for name, key in keys.items() if key is not None}
    unused = {key for key in displaced if key is not None} - {*present.values()}
    return Located(num_layers, present, frozenset(unused))


def _ways(path: str, num_layers: int) -> Iterator[str]:
    for now, then in (("", ""), *_IN_2020.items()):
        spelt = path.replace(now, then)
        yield spelt
        yield by_number(spelt, num_layers)


def encoders(graph: ObjectGraph) -> list[int]:
    """The objects with an encoder's attributes; several that share their words are one."""
    found: dict[str | None, int] = {}
    for first in ("_embedding_layer", f"{NUMBERED}0"):
        for node in graph.find(first):
            words = graph.key(node, f"{first}/embeddings")
            if words is not None and _count_blocks(graph, node):
                found.setdefault(words, node)
    return [*found.values()]


def _count_blocks(graph: ObjectGraph, encoder: int) -> int:
    """How many blocks follow each other without a gap, by name or else by number."""
    for path, first in ((f"{BLOCKS}/", 0), (NUMBERED, _FIRST_BLOCK)):
        number = first
        while graph.descend(encoder, f"{path}{number}/_attention_layer") is not None:
            number += 1
        if number > first:
            return number - first
    return 0


def _heads(graph: ObjectGraph) -> Iterator[tuple[str, Any]]:
    """The parts of the table that are heads here, with the objects that hold them."""
    for node in graph.find(*MASKED_LM)[:1]:
        yield "mlm", node
    for part, path in HEAD_PATHS.items():
        bias = expand_layers(0, (part,))[-1].tf_models
        for parent in graph.find(path.partition("/")[0]):
            if graph.key(parent, f"{path}/{bias}") is not None:
                yield part, graph.descend(parent, path)
                break


def _pooler_of_head(graph: ObjectGraph) -> int | None:
    for part, node in _heads(graph):
        if part in HEAD_PATHS and HEAD_POOLER in graph.children[node]:
            return graph.children[node][HEAD_POOLER]
    return graph.children[0].get(SHARED_POOLER)
