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

from keras_bert.export.records import Record, ask, batch_of_one, inputs_of, refuse_one_record
from keras_bert.export.serving_requests import predict_request, request_tensors, serving_apis

EXTRA_ASSETS = "assets.extra"
WARMUP_FILE = "tf_serving_warmup_requests"
MAX_REQUESTS = 1000  # the server refuses a model with more


def warmup_requests(
    model: str, signatures: Mapping[str, Any], records: Sequence[Record]
) -> list[Any]:
    """One request for each record and signature that takes what `serving_default` takes.

    Args:
        model: the name of the model in the requests.
        signatures: concrete functions by the names of their signatures.
        records: R records, as in `keras_bert.export.records`.

    Returns:
        `PredictRequest`s for batches of one, each of which was answered.

    Raises:
        ImportError: tensorflow-serving-api is not installed.
        ValueError: no records, too many, or one that the model does not answer.
    """
    refuse_one_record(records, "warm-up")
    specs = inputs_of(signatures["serving_default"])
    alike = [name for name, function in signatures.items() if inputs_of(function) == specs]
    if not 0 < len(records) * len(alike) <= MAX_REQUESTS:
        raise ValueError(
            f"expected 1 to {MAX_REQUESTS // len(alike)} warm-up records for the {len(alike)} "
            f"signatures that take them; received {len(records)}"
        )
    requests = []
    for number, record in enumerate(records):
        tensors = batch_of_one(record, specs, f"warm-up record {number}")
        for name in alike:
            ask(signatures[name], tensors, f"warm-up record {number}")
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
