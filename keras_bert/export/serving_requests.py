"""gRPC requests to TensorFlow Serving, and its responses, as NumPy arrays by name.

Needs the extra `serving` (tensorflow-serving-api), which is imported when first used.

Source: predict.proto of https://github.com/tensorflow/serving/tree/master/tensorflow_serving/apis
"""

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf


def serving_apis(name: str) -> ModuleType:
    """A module of `tensorflow_serving.apis`.

    Raises:
        ImportError: tensorflow-serving-api is not installed.
    """
    try:
        return importlib.import_module(f"tensorflow_serving.apis.{name}")
    except ImportError as error:
        raise ImportError(
            "expected tensorflow-serving-api for requests to TensorFlow Serving; received "
            f"{error}: install keras-bert-text[serving]"
        ) from error


def predict_request(
    model: str,
    inputs: Mapping[str, Any],
    *,
    signature: str = "serving_default",
    version: int | None = None,
) -> Any:
    """A `PredictRequest`.

    Args:
        model: the name under which the server offers the model.
        inputs: tensors, or what becomes one, with the batch as first dimension, by the
            names of the signature's inputs: `{"text": ["…", "…"]}`.
        signature: which of the model's signatures to ask.
        version: of the model; the server's newest if None.

    Raises:
        ImportError: tensorflow-serving-api is not installed.
    """
    request = serving_apis("predict_pb2").PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for name, value in inputs.items():
        value = value.numpy() if isinstance(value, tf.Tensor) else value
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def request_tensors(request: Any) -> dict[str, tf.Tensor]:
    """The inputs of a `PredictRequest` as tensors, by name."""
    return {name: tf.constant(tf.make_ndarray(proto)) for name, proto in request.inputs.items()}


def response_arrays(response: Any) -> dict[str, np.ndarray]:
    """The outputs of a `PredictResponse` by name; strings are bytes, in arrays of objects."""
    return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}
