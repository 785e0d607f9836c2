"""A server on this machine that speaks TensorFlow Serving's protocols from a SavedModel.

What requests and responses look like follows TensorFlow Serving, written from its
documentation; the answers are the SavedModel's own, by TensorFlow.

Source: https://www.tensorflow.org/tfx/serving/api_rest, and predict.proto of
https://github.com/tensorflow/serving/tree/master/tensorflow_serving/apis
"""

import concurrent.futures
import contextlib
import http.server
import json
import re
import threading

import grpc
import tensorflow as tf
import tensorflow_text  # noqa: F401  # its operations are part of the graph
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

PATH = re.compile(r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+))?(?P<verb>:predict)?")


class RefusedError(Exception):
    """A request that the server refuses: HTTP status, gRPC status, and why."""

    def __init__(self, http_status: int, grpc_status: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.http_status, self.grpc_status = http_status, grpc_status


class Served:
    """A version of a model by name."""

    def __init__(self, version_folder) -> None:
        self.name, self.version = version_folder.parent.name, int(version_folder.name)
        self.loaded = tf.saved_model.load(version_folder)
        self.requests: list = []  # bodies, as they came

    def signature(self, name: str, version: int | None, signature: str):
        """A signature, where the request names this model."""
        if name != self.name or version not in (None, self.version):
            message = f"Servable not found for request: Specific({name}, {version})"
            raise RefusedError(404, grpc.StatusCode.NOT_FOUND, message)
        signature = signature or "serving_default"
        if signature not in self.loaded.signatures:
            message = f"Serving signature key {signature!r} not found."
            raise RefusedError(400, grpc.StatusCode.INVALID_ARGUMENT, message)
        return self.loaded.signatures[signature]

    def outputs(self, signature, tensors) -> dict:
        """NumPy arrays by name."""
        specs = signature.structured_input_signature[1]
        if tensors.keys() != specs.keys():
            message = f"expected inputs {sorted(specs)}; received {sorted(tensors)}"
            raise RefusedError(400, grpc.StatusCode.INVALID_ARGUMENT, message)
        return {name: value.numpy() for name, value in signature(**tensors).items()}


# === REST ===


def rest_predict(served: Served, name: str, version: int | None, body: dict) -> dict:
    """The response to the body of a `:predict`, in rows or in columns."""
    signature = served.signature(name, version, body.get("signature_name", ""))
    specs = signature.structured_input_signature[1]
    if ("instances" in body) == ("inputs" in body):
        message = "expected one of 'instances' and 'inputs'"
        raise RefusedError(400, grpc.StatusCode.INVALID_ARGUMENT, message)
    columns = body["inputs"] if "inputs" in body else _columns(body["instances"], specs)
    if not isinstance(columns, dict):  # a single input needs no name
        columns = {next(iter(specs)): columns}
    tensors = {key: tf.constant(value, specs[key].dtype) for key, value in columns.items()}
    outputs = {key: _plain(value) for key, value in served.outputs(signature, tensors).items()}
    if "inputs" in body:
        return {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}
    rows = zip(*outputs.values(), strict=True)
    if len(outputs) > 1:
        return {"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]}
    return {"predictions": [row[0] for row in rows]}


def _columns(instances: list, specs) -> dict:
    if not isinstance(instances[0], dict):
        return {next(iter(specs)): instances}
    return {key: [instance[key] for instance in instances] for key in instances[0]}


def _plain(array):
    if array.dtype != object:
        return array.tolist()
    return [_plain(part) if array.ndim > 1 else part.decode("utf-8") for part in array]


def _handler(served: Served):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.requests.append(body)
            found = PATH.fullmatch(self.path)
            try:
                version = found["version"] and int(found["version"])
                self.answer(200, rest_predict(served, found["name"], version, body))
            except RefusedError as refused:
                self.answer(refused.http_status, {"error": str(refused)})

        def do_GET(self):
            status = {"error_code": "OK", "error_message": ""}
            version = {"version": str(served.version), "state": "AVAILABLE", "status": status}
            self.answer(200, {"model_version_status": [version]})

        def answer(self, status: int, content: dict):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content, indent=4).encode("utf-8"))

        def log_message(self, *arguments):
            pass

    return Handler


@contextlib.contextmanager
def rest(served: Served):
    """Serves REST while the block runs; gives the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# === gRPC ===


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """`Predict` from a SavedModel."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def Predict(self, request, context):  # noqa: N802
        """Outputs for the inputs of a request."""
        self.served.requests.append(request)
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        try:
            signature = self.served.signature(spec.name, version, spec.signature_name)
            tensors = {k: tf.constant(tf.make_ndarray(v)) for k, v in request.inputs.items()}
            outputs = self.served.outputs(signature, tensors)
        except RefusedError as refused:
            context.abort(refused.grpc_status, str(refused))
        response = predict_pb2.PredictResponse()
        for name, value in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return response


@contextlib.contextmanager
def grpc_service(served: Served):
    """Serves gRPC while the block runs; gives the address."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(served), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
