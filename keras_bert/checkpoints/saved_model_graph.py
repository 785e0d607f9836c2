"""The graphs of a SavedModel, read backwards from an output without running anything.

A function's call is walked through as if its body stood there, so that the operations
before an output are those that compute it, however the exporter nested them.

Source: tensorflow/core/protobuf/saved_model.proto, saved_object_graph.proto;
tensorflow/core/framework/function.proto
"""

import pathlib
from collections.abc import Iterator
from typing import Any

SAVED_MODEL_FILE = "saved_model.pb"

UNCHANGED = ("Identity", "Cast", "StopGradient", "EnsureShape")  # operations

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


class Frame:
    """A graph, or one call of a function, with the place that it is called from.

    Args:
        nodes: the operations by name.
        arguments: the names of a function's arguments.
        caller: the frame and the node of the call.
    """

    def __init__(self, nodes: Any, arguments: Any = (), caller: Any = None) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.arguments = [argument.name for argument in arguments]
        self.caller = caller
        self.calls: dict[str, Frame] = {}


class Operation:
    """A node of one frame; equal to itself alone.

    Args:
        frame: where it stands.
        node: its `NodeDef`.
    """

    def __init__(self, frame: Frame, node: Any) -> None:
        self.frame = frame
        self.node = node
        self.kind: str = node.op


class SavedModelGraph:
    """What stands in `saved_model.pb`.

    Args:
        folder: of the SavedModel.

    Attributes:
        meta: the `MetaGraphDef` for serving.

    Raises:
        ValueError: there is no such file, or it is damaged.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        from google.protobuf.message import DecodeError
        from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

        path = folder / SAVED_MODEL_FILE
        if not path.is_file():
            raise ValueError(f"expected a SavedModel's {path}; received no such file")
        try:
            graphs = SavedModel.FromString(path.read_bytes()).meta_graphs
        except DecodeError as error:
            raise ValueError(f"expected a SavedModel in {path}; received {error}") from error
        if len(graphs) != 1 or not graphs[0].object_graph_def.nodes:
            raise ValueError(
                f"expected one graph of TensorFlow 2 with its objects in {path}; "
                f"received {len(graphs)} of TensorFlow 1"
            )
        self.meta = graphs[0]
        self._functions = {f.signature.name: f for f in self.meta.graph_def.library.function}
        self._made: dict[tuple[int, str], Operation] = {}

    def object_at(self, attribute: str) -> Any:
        """The `SavedObject` that the root has as an attribute; None if there is none."""
        nodes = self.meta.object_graph_def.nodes
        for child in nodes[0].children:
            if child.local_name == attribute:
                return nodes[child.node_id]
        return None

    def call_outputs(self) -> list[dict[str, Operation]]:
        """The operations that give each output of the root's call, trace by trace.

        An output is named by the way to it, such as `sequence_output` or `encoder_outputs/0`.
        """
        call = self.object_at("__call__")
        traces = call.function.concrete_functions if call is not None else ()
        return [self._outputs(name) for name in traces]

    def _outputs(self, name: str) -> dict[str, Operation]:
        function = self._functions[name]
        frame = Frame(function.node_def, function.signature.input_arg)
        structure = self.meta.object_graph_def.concrete_functions[name].output_signature
        given = (function.ret[output.name] for output in function.signature.output_arg)
        outputs = zip(_leaves(structure), given, strict=False)
        return {leaf: op for leaf, value in outputs for op in self._given(frame, value)}

    def inputs(self, operation: Operation) -> list[Operation]:
        """What an operation is computed from; a function's free arguments are left out."""
        names = [name for name in operation.node.input if not name.startswith("^")]
        return [op for name in names for op in self._given(operation.frame, name)]

    def before(self, outputs: list[Operation]) -> Iterator[Operation]:
        """Every operation that the outputs depend on, these included, each once."""
        seen, waiting = set(outputs), list(outputs)
        while waiting:
            operation = waiting.pop()
            yield operation
            for earlier in self.inputs(operation):
                if earlier not in seen:
                    seen.add(earlier)
                    waiting.append(earlier)

    def constant(self, operation: Operation) -> float | None:
        """The value of a scalar constant, through casts; None for anything else."""
        import tensorflow as tf

        while operation.kind in UNCHANGED:
            operation = self.inputs(operation)[0]
        if operation.kind != "Const":
            return None
        value = tf.make_ndarray(operation.node.attr["value"].tensor)
        return float(str(value)) if value.ndim == 0 and value.dtype.kind in "fi" else None

    def _given(self, frame: Frame, name: str) -> list[Operation]:
        """The operation behind a name such as `call:output:3`, into and out of functions."""
        name, _, rest = name.partition(":")
        node = frame.nodes.get(name)
        if node is None:
            if frame.caller is None:
                return []
            caller, call = frame.caller
            return self._given(caller, call.input[frame.arguments.index(name)])
        if node.op in _CALLS:
            function = self._functions[node.attr["f"].func.name]
            arguments = function.signature.input_arg
            called = frame.calls.get(name) or Frame(function.node_def, arguments, (frame, node))
            frame.calls[name] = called
            number = int(rest.rpartition(":")[2] or 0)
            output = function.signature.output_arg[number].name
            return self._given(called, function.ret[output])
        key = (id(frame), name)
        if key not in self._made:
            self._made[key] = Operation(frame, node)
        return [self._made[key]]


def _leaves(structure: Any, way: str = "") -> Iterator[str]:
    """The ways to the leaves of a `StructuredValue`, in the order that TensorFlow flattens it."""
    kind = structure.WhichOneof("kind")
    if kind == "dict_value":
        fields = structure.dict_value.fields
        children = [(key, fields[key]) for key in sorted(fields)]
    elif kind in ("list_value", "tuple_value"):
        children = [(str(i), item) for i, item in enumerate(getattr(structure, kind).values)]
    else:
        yield way
        return
    for key, child in children:
        yield from _leaves(child, f"{way}/{key}" if way else key)
