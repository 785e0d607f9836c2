"""Requests that a server replays while it loads a model, so that no client waits for it.

TensorFlow sets up a signature when it is first asked. TensorFlow Serving therefore runs the
requests of `assets.extra/tf_serving_warmup_requests`, a TFRecord file of `PredictionLog`s,
before it offers a version. A request that fails there keeps the version from loading, so
each is tried before it is written.

Source: https://www.tensorflow.org/tfx/serving/saved_model_warmup

Shapes: R records.
"""

import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError

from keras_bert.export.serving_requests import predict_request, request_tensors, serving_apis

EXTRA_ASSETS = "assets.extra"
WARMUP_FILE = "tf_serving_warmup_requests"
MAX_REQUESTS = 1000  # the server refuses a model with more

Record = str | bytes | Mapping[str, Any]


def warmup_requests(
    model: str, signatures: Mapping[str, Any], records: Sequence[Record]
) -> list[Any]:
    """One request for each record and signature that takes what `serving_default` takes.

    Args:
        model: the name of the model in the requests.
        signatures: concrete functions by the names of their signatures.
        records: R records, each a value by name of input (`{"text": "…"}`), without the
            axis of the batch; where there is one input, its value alone.

    Returns:
        `PredictRequest`s for batches of one, each of which was answered.

    Raises:
        ImportError: tensorflow-serving-api is not installed.
        ValueError: no records, too many, or one that the model does not answer.
    """
    if isinstance(records, str | bytes | Mapping):
        raise ValueError(
            f"expected a collection of warm-up records; received one {type(records).__name__}"
        )
    specs = _inputs(signatures["serving_default"])
    alike = [name for name, function in signatures.items() if _inputs(function) == specs]
    if not 0 < len(records) * len(alike) <= MAX_REQUESTS:
        raise ValueError(
            f"expected 1 to {MAX_REQUESTS // len(alike)} warm-up records for the {len(alike)} "
            f"signatures that take them; received {len(records)}"
        )
    requests = []
    for number, record in enumerate(records):
        tensors = _batch_of_one(record, specs, number)
        for name in alike:
            _try(signatures[name], tensors, number)
            requests.append(predict_request(model, tensors, signature=name))
    return requests


def warmup_content(requests: Sequence[Any]) -> bytes:
    """The file for `assets.extra/`, as bytes."""
    prediction_log = serving_apis("prediction_log_pb2")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / WARMUP_FILE
        with tf.io.TFRecordWriter(str(path)) as writer:
            for request in requests:
                log = prediction_log.PredictLog(request=request)
                entry = prediction_log.PredictionLog(predict_log=log)
                writer.write(entry.SerializeToString(deterministic=True))
        return path.read_bytes()


def read_warmup(version: str | os.PathLike[str]) -> list[Any]:
    """The `PredictRequest`s of a version folder, in order; none where it has no such file.

    Raises:
        ImportError: tensorflow-serving-api is not installed.
        ValueError: the file is damaged.
    """
    path = pathlib.Path(version) / EXTRA_ASSETS / WARMUP_FILE
    if not path.exists():
        return []
    log = serving_apis("prediction_log_pb2").PredictionLog
    try:
        records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
        return [log.FromString(record).predict_log.request for record in records]
    except (tf.errors.DataLossError, DecodeError) as error:
        raise ValueError(f"expected warm-up records in {path}; received {error}") from error


def replay_warmup(version: str | os.PathLike[str], loaded: Any) -> int:
    """Answers the requests of a version folder as a server does that loads it.

    Args:
        version: the version folder.
        loaded: what `tf.saved_model.load` gave for it.

    Returns:
        The number of requests.
    """
    requests = read_warmup(version)
    for request in requests:
        loaded.signatures[request.model_spec.signature_name](**request_tensors(request))
    return len(requests)


def _inputs(function: Any) -> dict[str, tf.TensorSpec]:
    """The named inputs of a concrete function, whether it takes them by place or by name."""
    placed, named = function.structured_input_signature
    return {spec.name: spec for spec in (*placed, *named.values())}


def _batch_of_one(
    record: Record, specs: Mapping[str, tf.TensorSpec], number: int
) -> dict[str, tf.Tensor]:
    if not isinstance(record, Mapping):
        record = dict.fromkeys(specs, record) if len(specs) == 1 else {"": record}
    if record.keys() != specs.keys():
        raise ValueError(
            f"expected warm-up record {number} with the inputs {list(specs)}; received "
            f"{list(record) if '' not in record else record['']!r}"
        )
    try:
        tensors = {name: tf.constant([record[name]], spec.dtype) for name, spec in specs.items()}
    except (ValueError, TypeError) as error:
        raise ValueError(f"expected values that fit in warm-up record {number}; {error}") from error
    for name, spec in specs.items():
        if not spec.shape.is_compatible_with(tensors[name].shape):
            raise ValueError(
                f"expected {name!r} of shape {spec.shape[1:]} in warm-up record {number}; "
                f"received {tensors[name].shape[1:]}"
            )
    return tensors


def _try(function: Any, tensors: Mapping[str, tf.Tensor], number: int) -> None:
    try:
        function(**tensors)
    except tf.errors.OpError as error:
        raise ValueError(
            f"expected warm-up records that the model answers; record {number} gives: "
            f"{error.message}"
        ) from error
