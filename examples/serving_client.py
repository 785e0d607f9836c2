"""Asks a model of TensorFlow Serving, over REST or gRPC; knows neither Keras nor keras_bert.

    python examples/serving_client.py MODEL ["a text" ...]
    python examples/serving_client.py MODEL --grpc --address localhost:8500 "a text"

REST needs the standard library alone, gRPC tensorflow-serving-api. Prints one line of JSON
for each text. `--inputs '{"question": ["…"], "context": ["…"]}'` asks models whose inputs
are not one text.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request


def ask_rest(address: str, model: str, inputs: dict, signature: str, form: str) -> list[dict]:
    """Answers by REST, one dict a record.

    Args:
        address: host and port, mostly port 8501.
        model: the model's name, or NAME/versions/N.
        inputs: a list of B values for each input.
        signature: which of the model's signatures.
        form: "columns" sends each input once, "rows" each record.
    """
    body = {"signature_name": signature}
    if form == "columns":
        body["inputs"] = inputs
    else:
        body["instances"] = [
            dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=True)
        ]
    request = urllib.request.Request(
        f"http://{address}/v1/models/{model}:predict", json.dumps(body).encode("utf-8")
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        sys.exit(f"the server answers {error.code}: {error.read().decode('utf-8')}")
    if "predictions" in answer:  # rows: a dict each, or the value itself of a single output
        return [row if isinstance(row, dict) else {"output": row} for row in answer["predictions"]]
    columns = answer["outputs"]  # columns: a list for each output, or that of a single one
    columns = columns if isinstance(columns, dict) else {"output": columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def ask_grpc(address: str, model: str, inputs: dict, signature: str) -> list[dict]:
    """The same by gRPC, mostly port 8500."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    name, _, version = model.partition("/versions/")
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    if version:
        request.model_spec.version.value = int(version)
    for key, values in inputs.items():
        numbers = isinstance(values[0], int)  # of these models: places in a text
        request.inputs[key].CopyFrom(tf.make_tensor_proto(values, tf.int32 if numbers else None))
    with grpc.insecure_channel(address) as channel:
        service = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            response = service.Predict(request, timeout=60)
        except grpc.RpcError as error:
            sys.exit(f"the server answers {error.code().name}: {error.details()}")
    columns = {key: as_list(tf.make_ndarray(value)) for key, value in response.outputs.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def as_list(array) -> list:
    """An array as JSON takes it; strings come as bytes."""
    if array.dtype != object:
        return array.tolist()
    if array.ndim > 1:
        return [as_list(part) for part in array]
    return [text.decode("utf-8", "replace") for text in array]


def main() -> None:
    """Reads the command line, asks once, prints the answers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", help="its name, or NAME/versions/N")
    parser.add_argument("texts", nargs="*", help="of the input `text`; lines of stdin if none")
    parser.add_argument("--inputs", type=json.loads, help="JSON: a list for each input")
    parser.add_argument("--signature", default="serving_default")
    parser.add_argument("--address", help="localhost:8501, or localhost:8500 for gRPC")
    parser.add_argument("--form", choices=("columns", "rows"), default="columns")
    parser.add_argument("--grpc", action="store_true")
    options = parser.parse_intermixed_args()
    inputs = options.inputs or {"text": options.texts or sys.stdin.read().splitlines()}
    if options.grpc:
        address = options.address or "localhost:8500"
        answers = ask_grpc(address, options.model, inputs, options.signature)
    else:
        address = options.address or "localhost:8501"
        answers = ask_rest(address, options.model, inputs, options.signature, options.form)
    for answer in answers:
        print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    main()
