"""Records that a signature is asked, each made a batch of one.

A record is a value by name of input (`{"text": "…"}`), without the axis of the batch; where
there is one input, its value alone will do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

Record = str | bytes | Mapping[str, Any]


def inputs_of(function: Any) -> dict[str, tf.TensorSpec]:
    """The named inputs of a concrete function, whether it takes them by place or by name."""
    placed, named = function.structured_input_signature
    return {spec.name: spec for spec in (*placed, *named.values())}


def refuse_one_record(records: Sequence[Record], kind: str) -> None:
    """Checks that records are a collection.

    Args:
        records: what should be a collection.
        kind: what the records are for, such as "warm-up".

    Raises:
        ValueError: one record.
    """
    if isinstance(records, str | bytes | Mapping):
        raise ValueError(
            f"expected a collection of {kind} records; received one {type(records).__name__}"
        )


def batch_of_one(
    record: Record, specs: Mapping[str, tf.TensorSpec], name: str
) -> dict[str, tf.Tensor]:
    """The record as tensors, by the names of `specs`.

    Args:
        record: a record.
        specs: the inputs, with the batch as first dimension.
        name: what messages call the record, such as "warm-up record 3".

    Raises:
        ValueError: other inputs, or values of another type or shape.
    """
    if not isinstance(record, Mapping):
        record = dict.fromkeys(specs, record) if len(specs) == 1 else {"": record}
    if record.keys() != specs.keys():
        raise ValueError(
            f"expected {name} with the inputs {list(specs)}; received "
            f"{list(record) if '' not in record else record['']!r}"
        )
    try:
        tensors = {key: tf.constant([record[key]], spec.dtype) for key, spec in specs.items()}
    except (ValueError, TypeError) as error:
        raise ValueError(f"expected values that fit in {name}; {error}") from error
    for key, spec in specs.items():
        if not spec.shape.is_compatible_with(tensors[key].shape):
            raise ValueError(
                f"expected {key!r} of shape {spec.shape[1:]} in {name}; "
                f"received {tensors[key].shape[1:]}"
            )
    return tensors


def ask(function: Any, tensors: Mapping[str, tf.Tensor], name: str) -> None:
    """Asks a concrete function.

    Raises:
        ValueError: it does not answer; `name` is what the message calls the record.
    """
    try:
        function(**tensors)
    except tf.errors.OpError as error:
        raise ValueError(
            f"expected records that the model answers; {name} gives: {error.message}"
        ) from error
