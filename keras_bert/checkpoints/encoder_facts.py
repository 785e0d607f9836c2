"""What a BERT encoder's graph says that its weights do not.

The activation, the constant of layer normalisation and the rates of dropout stand in the
operations before `sequence_output`. What cannot be read there is an error, never a guess.

Source: Devlin et al. 2018, section 3; tensorflow `nn.gelu`, `nn.dropout`.
"""

import collections
from typing import NamedTuple

from keras_bert.checkpoints.saved_model_graph import UNCHANGED, Operation, SavedModelGraph

_ACTIVATIONS = {
    "Erf": "gelu",
    "Erfc": "gelu",
    "Relu": "relu",
    "Sigmoid": "silu",
    "Tanh": "tanh",
}
_OTHER_ACTIVATIONS = ("Elu", "LeakyRelu", "Relu6", "Selu", "Softplus", "Softsign")
_TANH_GELU = 0.044715  # of x³, in the approximation by tanh
_ADDITIONS = ("Add", "AddV2")
_INT16 = 5  # DT_INT16 of tensorflow's types.proto
_SCALING = (*UNCHANGED, "Mul", "Sub", "Reshape")


class EncoderFacts(NamedTuple):
    """Values of a `BertConfig`, by its names."""

    hidden_act: str
    layer_norm_eps: float
    hidden_dropout_prob: float
    attention_probs_dropout_prob: float


def encoder_facts(graph: SavedModelGraph, num_layers: int, source: str) -> EncoderFacts:
    """Reads the facts from the traces of the module's call, with and without dropout.

    Raises:
        ValueError: a fact is not there, or the encoder computes something else than BERT.
    """
    traces = graph.call_outputs()
    outputs = [trace["sequence_output"] for trace in traces if "sequence_output" in trace]
    if not outputs:
        raise ValueError(
            f"expected a module that gives sequence_output when it is called in {source}; "
            f"received {sorted({name for trace in traces for name in trace}) or 'no call'}"
        )
    traced = [(_dropouts(graph, output), output) for output in outputs]
    traced.sort(key=lambda trace: trace[0].total())
    output = traced[0][1]  # without dropout
    operations = list(graph.before([output]))
    _require_post_norm(graph, output, source)
    return EncoderFacts(
        _activation(graph, operations, source),
        _epsilon(graph, operations, source),
        *_rates(traced[-1][0], num_layers, source),
    )


def _activation(graph: SavedModelGraph, operations: list[Operation], source: str) -> str:
    kinds = {operation.kind for operation in operations}
    found = {name for kind, name in _ACTIVATIONS.items() if kind in kinds}
    found |= kinds & {*_OTHER_ACTIVATIONS}
    if len(found) != 1 or not found <= {*_ACTIVATIONS.values()}:
        raise ValueError(
            f"expected one activation of gelu, relu, silu or tanh in {source}; "
            f"received {sorted(found) or 'none'}"
        )
    if found == {"tanh"}:
        constants = (graph.constant(op) for op in operations if op.kind == "Const")
        if any(value is not None and abs(value - _TANH_GELU) < 1e-5 for value in constants):
            return "gelu_new"
    return found.pop()


def _epsilon(graph: SavedModelGraph, operations: list[Operation], source: str) -> float:
    found: set[float | None] = set()
    for operation in operations:
        if operation.kind == "FusedBatchNormV3":
            found.add(float(f"{operation.node.attr['epsilon'].f:.7g}"))
        if operation.kind == "Rsqrt":
            (added,) = graph.inputs(operation)
            terms = graph.inputs(added) if added.kind in _ADDITIONS else []
            values = [graph.constant(term) for term in terms]
            found.add(next((value for value in values if value is not None), None))
    if len(found) != 1 or None in found:
        raise ValueError(
            f"expected one constant of layer normalisation in {source}; "
            f"received {sorted(map(str, found)) or 'none'}"
        )
    return found.pop()  # type: ignore[return-value]


def _require_post_norm(graph: SavedModelGraph, output: Operation, source: str) -> None:
    """BERT's last step is a normalisation; where blocks begin with one, it is an addition."""
    while output.kind in UNCHANGED:
        (output,) = graph.inputs(output)
    # offset + scale · x / deviation: behind a second sum or a product lies what came before.
    seen, waiting = set(), graph.inputs(output) if output.kind in _ADDITIONS else []
    while waiting:
        operation = waiting.pop()
        if operation.kind in ("Rsqrt", "FusedBatchNormV3"):
            return
        if operation.kind in _SCALING and operation not in seen:
            seen.add(operation)
            waiting += graph.inputs(operation)
    raise ValueError(
        f"expected sequence_output of {source} to be normalised last, as BERT's is; "
        "received an encoder whose blocks normalise first"
    )


def _rates(count: collections.Counter[float], num_layers: int, source: str) -> tuple[float, float]:
    """The rates, told apart by the number of places where each acts.

    Vectors are dropped at the embeddings and twice a block, attention once a block; but
    tf-models drops the vectors that attention gives by the rate of attention.
    """
    blocks = num_layers
    ways = {(2 * blocks + 1, blocks), (blocks + 1, 2 * blocks)}
    of_vectors = {vectors for vectors, _ in ways} - {attention for _, attention in ways}
    of_attention = {attention for _, attention in ways} - {vectors for vectors, _ in ways}
    found = list(count.items())
    if not found:
        return 0.0, 0.0
    if len(found) == 1:
        ((rate, times),) = found
        hidden = times in of_vectors or times == 3 * blocks + 1
        attention = times in of_attention or times == 3 * blocks + 1
        if hidden or attention:
            return rate * hidden, rate * attention
    if len(found) == 2:
        fits = [(a[0], b[0]) for a, b in (found, found[::-1]) if (a[1], b[1]) in ways]
        if len(fits) == 1:
            return fits[0]
    raise ValueError(
        f"expected dropout at {2 * blocks + 1} places for vectors and {blocks} for attention "
        f"in {source}; received {dict(count)} (places by rate)"
    )


def _dropouts(graph: SavedModelGraph, output: Operation) -> collections.Counter[float]:
    """At how many places before an output random numbers are compared with which rate.

    They are floats from 0 to 1, or with keras_bert's own dropout integers of 16 bits.
    """
    counter: collections.Counter[float] = collections.Counter()
    for operation in graph.before([output]):
        if operation.kind == "GreaterEqual":
            rate = graph.constant(graph.inputs(operation)[-1])
            if rate is not None and operation.node.attr["T"].type == _INT16:
                rate = round(rate / 2**16 + 0.5, 4)
            if rate is not None and 0 < rate < 1:
                counter[rate] += 1
    return counter
