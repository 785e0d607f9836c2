"""The operations that a SavedModel's graph holds, all of which its server has to know.

Source: https://www.tensorflow.org/tfx/serving/custom_op
"""

import os
import pathlib

from tensorflow.core.protobuf import saved_model_pb2


def graph_operations(version: str | os.PathLike[str]) -> set[str]:
    """The names of the operations in the graph of a SavedModel, its functions included.

    Args:
        version: a SavedModel's folder.
    """
    content = (pathlib.Path(version) / "saved_model.pb").read_bytes()
    operations = set()
    for meta_graph in saved_model_pb2.SavedModel.FromString(content).meta_graphs:
        graph = meta_graph.graph_def
        operations |= {node.op for node in graph.node}
        operations |= {node.op for function in graph.library.function for node in function.node_def}
    return operations
