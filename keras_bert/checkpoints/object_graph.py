"""The object graph of a TensorFlow 2 checkpoint: which attribute of which object is what.

A bundle that `tf.train.Checkpoint` or `tf.saved_model.save` wrote names an array by one of
the ways to it, such as `model/encoder/layer_with_weights-0/embeddings/.ATTRIBUTES/…`. Which
way is chance: the graph, which lies in the bundle too, has all of them.

Source: tensorflow/core/protobuf/trackable_object_graph.proto
"""

import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from keras_bert.checkpoints.tensor_bundle import bundle_shapes, read_bundle

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"


def holds_object_graph(prefix: pathlib.Path) -> bool:
    """Whether a bundle has an object graph; its index, which is not compressed, says so."""
    return GRAPH_KEY.encode() in pathlib.Path(f"{prefix}.index").read_bytes()


class ObjectGraph:
    """The objects of a bundle; node 0 is the root.

    Args:
        prefix: the path without `.index`.

    Attributes:
        children: the nodes that each node has, by attribute.
        keys: the name in the bundle of each node's array; None if the node is no variable.
        names: the names in the bundle by the names that the variables themselves had.

    Raises:
        ValueError: the files are damaged, or have no object graph.
    """

    def __init__(self, prefix: pathlib.Path) -> None:
        """Reads the graph, and none of the arrays."""
        self.prefix = prefix
        serialized = read_bundle(prefix, skip=lambda name: name != GRAPH_KEY).get(GRAPH_KEY)
        if serialized is None:
            raise ValueError(
                f"expected a checkpoint of objects (tf.train.Checkpoint) in {prefix}; "
                "received one of names"
            )
        nodes = _parse(serialized, prefix)
        self.names = {
            attribute.full_name: attribute.checkpoint_key
            for node in nodes
            for attribute in node.attributes
            if attribute.name == _VALUE
        }
        self.children = [{c.local_name: c.node_id for c in node.children} for node in nodes]
        self.keys = [
            {a.name: a.checkpoint_key for a in node.attributes}.get(_VALUE) for node in nodes
        ]

    def find(self, *attributes: str) -> list[int]:
        """The nodes that have all of these attributes, the nearest to the root first."""
        return [
            node for node, children in enumerate(self.children) if children.keys() >= {*attributes}
        ]

    def descend(self, node: int, path: str) -> int | None:
        """The node at the end of a path such as `_pooler_layer/kernel`; None if there is none."""
        for attribute in path.split("/"):
            following = self.children[node].get(attribute)
            if following is None:
                return None
            node = following
        return node

    def key(self, node: int, path: str) -> str | None:
        """The name in the bundle of the array at the end of a path; None if there is none."""
        end = self.descend(node, path)
        return None if end is None else self.keys[end]

    def keys_below(self, skip: Callable[[str], bool]) -> Iterator[str]:
        """The names of all arrays that are reached from the root, but not through `skip`."""
        seen, waiting = {0}, [0]
        while waiting:
            node = waiting.pop()
            key = self.keys[node]
            if key is not None:
                yield key
            for attribute, child in self.children[node].items():
                if child not in seen and not skip(attribute):
                    seen.add(child)
                    waiting.append(child)

    def shapes(self, keys: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """The shapes of the arrays of these names."""
        shapes = bundle_shapes(self.prefix)
        return {key: shapes[key] for key in keys}

    def read(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """The arrays of these names."""
        wanted = set(keys)
        return read_bundle(self.prefix, skip=lambda name: name not in wanted)


def _parse(serialized: np.ndarray, prefix: pathlib.Path) -> Sequence[Any]:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

    try:
        return TrackableObjectGraph.FromString(serialized.item()).nodes
    except DecodeError as error:
        raise ValueError(f"expected a whole object graph in {prefix}; received {error}") from error
