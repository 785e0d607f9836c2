"""The example client against a server that speaks TensorFlow Serving's protocols."""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import pytest

pytest.importorskip("tensorflow_serving.apis.predict_pb2")

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENTRY = ROOT / "savedmodels" / "library_intents"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


loopback_server = load(pathlib.Path(__file__).with_name("loopback_server.py"))
client = load(ROOT / "examples" / "serving_client.py")
GOLDEN = json.loads((ENTRY / "golden.json").read_text("utf-8"))
TEXTS = GOLDEN["inputs"]["serving_default"]["text"]


@pytest.fixture(scope="module")
def served():
    return loopback_server.Served(ENTRY / "1")


@pytest.fixture(scope="module")
def rest(served):
    with loopback_server.rest(served) as address:
        yield address


@pytest.fixture(scope="module")
def grpc_address(served):
    with loopback_server.grpc_service(served) as address:
        yield address


def assert_golden(answers, signature="serving_default"):
    golden = GOLDEN["answers"][signature]
    assert len(answers) == len(next(iter(golden.values())))
    for key, column in golden.items():
        found = [answer[key] for answer in answers]
        if isinstance(column[0], str):
            assert found == column
        else:
            np.testing.assert_allclose(found, column, rtol=0, atol=1e-5)


@pytest.mark.parametrize("form", ["columns", "rows"])
def test_rest(served, rest, form):
    answers = client.ask_rest(rest, "library_intents", {"text": TEXTS}, "serving_default", form)
    assert_golden(answers)
    body = served.requests[-1]
    assert body.keys() == {"signature_name", "inputs" if form == "columns" else "instances"}


def test_rest_of_another_signature_and_version(rest):
    inputs = GOLDEN["inputs"]["embed"]
    asked = "library_intents/versions/1"
    assert_golden(client.ask_rest(rest, asked, inputs, "embed", "rows"), "embed")


def test_grpc(served, grpc_address):
    answers = client.ask_grpc(grpc_address, "library_intents", {"text": TEXTS}, "serving_default")
    assert_golden(answers)
    request = served.requests[-1]
    assert request.model_spec.name == "library_intents"
    assert not request.model_spec.HasField("version")
    inputs = GOLDEN["inputs"]["features"]
    asked = "library_intents/versions/1"
    assert_golden(client.ask_grpc(grpc_address, asked, inputs, "features"), "features")


def test_requests_of_the_package_over_grpc(grpc_address):
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    from keras_bert.export.serving_requests import predict_request, response_arrays

    request = predict_request("library_intents", {"text": TEXTS}, version=1)
    with grpc.insecure_channel(grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        arrays = response_arrays(stub.Predict(request, timeout=60))
    golden = GOLDEN["answers"]["serving_default"]
    assert [label.decode() for label in arrays["label"]] == golden["label"]
    np.testing.assert_allclose(arrays["probabilities"], golden["probabilities"], atol=1e-5)


@pytest.mark.parametrize(
    ("model", "signature", "message"),
    [
        ("library_intent", "serving_default", r"(?s)answers (404|NOT_FOUND): .*not found"),
        ("library_intents/versions/2", "serving_default", r"answers (404|NOT_FOUND)"),
        (
            "library_intents",
            "classify",
            r"(?s)answers (400|INVALID_ARGUMENT): .*'classify' not found",
        ),
    ],
)
def test_refusals_reach_the_user(rest, grpc_address, model, signature, message):
    with pytest.raises(SystemExit, match=message):
        client.ask_rest(rest, model, {"text": ["a"]}, signature, "columns")
    with pytest.raises(SystemExit, match=message):
        client.ask_grpc(grpc_address, model, {"text": ["a"]}, signature)


@pytest.mark.parametrize("options", [["--form", "rows"], ["--grpc"]])
def test_command_line(rest, grpc_address, monkeypatch, capsys, options):
    address = grpc_address if "--grpc" in options else rest
    command = ["serving_client.py", "library_intents", *options, "--address", address]
    monkeypatch.setattr(sys, "argv", [*command, *TEXTS[:4]])
    client.main()
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["label"] for answer in answers] == (
        GOLDEN["answers"]["serving_default"]["label"][:4]
    )
