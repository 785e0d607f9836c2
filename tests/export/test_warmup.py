import numpy as np
import pytest
import tensorflow as tf

from keras_bert.export import serving_requests
from keras_bert.export.saved_model import write_saved_model
from keras_bert.export.serving_requests import predict_request, request_tensors, response_arrays
from keras_bert.export.warmup import WARMUP_FILE, read_warmup, replay_warmup, warmup_requests

pytest.importorskip("tensorflow_serving.apis.predict_pb2")

TEXT = tf.TensorSpec([None], tf.string, "text")
CHOICES = tf.TensorSpec([None, None], tf.string, "choices")
PLACE = tf.TensorSpec([None], tf.int32, "place")


def signature(function, *inputs):
    return tf.function(lambda *x: function(*x), input_signature=list(inputs), autograph=False)


@pytest.fixture
def signatures():
    """Like those of tasks: two that take texts, one that takes integers."""
    return {
        "serving_default": signature(lambda text: {"size": tf.strings.length(text)}, TEXT),
        "upper": signature(lambda text: {"upper": tf.strings.upper(text)}, TEXT),
        "features": signature(lambda place: {"next": place + 1}, PLACE),
    }


def test_every_signature_for_texts_is_asked_for_every_record(signatures, tmp_path):
    records = ["ab", {"text": "狗 \x00"}, b"\xff", ""]
    version = write_saved_model(tmp_path / "words" / "7", signatures, [], warmup=records)
    requests = read_warmup(version)
    assert [request.model_spec.signature_name for request in requests] == [
        *["serving_default", "upper"] * 4
    ]
    assert {request.model_spec.name for request in requests} == {"words"}
    texts = [request_tensors(request)["text"].numpy().tolist() for request in requests[::2]]
    assert texts == [[b"ab"], ["狗 \x00".encode()], [b"\xff"], [b""]]
    loaded = tf.saved_model.load(version)
    assert replay_warmup(version, loaded) == 8


def test_a_relative_path_names_the_model_too(signatures, tmp_path, monkeypatch):
    (tmp_path / "words").mkdir()
    monkeypatch.chdir(tmp_path / "words")
    version = write_saved_model("1", signatures, [], warmup=np.array(["ab", "é"]))
    assert {request.model_spec.name for request in read_warmup(version)} == {"words"}


def test_records_of_several_inputs(tmp_path):
    function = signature(
        lambda text, choices, place: {"chosen": tf.gather(choices, place, axis=1, batch_dims=1)},
        *(TEXT, CHOICES, PLACE),
    )
    record = {"choices": ["a", "b", "c"], "place": 2, "text": "?"}
    version = write_saved_model(tmp_path / "1", {"serving_default": function}, [], warmup=[record])
    (request,) = read_warmup(version)
    tensors = request_tensors(request)
    assert tensors["choices"].numpy().tolist() == [[b"a", b"b", b"c"]]
    assert tensors["place"].dtype == tf.int32
    # A place that is not there would keep a server from loading the model.
    with pytest.raises(ValueError, match=r"answers; warm-up record 1 gives: .*indices"):
        write_saved_model(
            tmp_path / "2",
            {"serving_default": function},
            [],
            warmup=[record, record | {"place": 3}],
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1"]
    concrete = {"serving_default": function.get_concrete_function()}
    with pytest.raises(ValueError, match=r"record 0 with the inputs .*received 'words'"):
        warmup_requests("m", concrete, ["words"])
    with pytest.raises(ValueError, match=r"expected 'choices' of shape \(None,\) in .* 0; rec"):
        warmup_requests("m", concrete, [record | {"choices": "a"}])


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([], "expected 1 to 500 warm-up records for the 2 signatures .*; received 0"),
        (["a"] * 501, "received 501"),
        ("when", "expected a collection of warm-up records; received one str"),
        ({"text": "when"}, "expected a collection of warm-up records; received one dict"),
        ([{"txt": "a"}], r"record 0 with the inputs \['text'\]; received \['txt'\]"),
        (["a", {}], r"record 1 with the inputs \['text'\]; received \[\]"),
        ([3], "expected values that fit in warm-up record 0"),
        ([{"text": ["a", "b"]}], r"expected 'text' of shape \(\) in warm-up record 0"),
    ],
)
def test_records_that_cannot_be_asked(signatures, tmp_path, records, message):
    with pytest.raises(ValueError, match=message):
        write_saved_model(tmp_path / "m" / "1", signatures, [], warmup=records)
    assert not (tmp_path / "m").exists()


def test_no_warm_up_and_a_damaged_one(signatures, tmp_path):
    version = write_saved_model(tmp_path / "1", signatures, [])
    assert read_warmup(version) == []
    (version / "assets.extra").mkdir()
    (version / "assets.extra" / WARMUP_FILE).write_bytes(b"not a TFRecord file at all")
    with pytest.raises(ValueError, match=r"expected warm-up records in .*; received"):
        read_warmup(version)


def test_a_version_that_is_there_is_refused_before_the_work(signatures, tmp_path, monkeypatch):
    version = write_saved_model(tmp_path / "1", signatures, [])
    monkeypatch.setattr(tf.saved_model, "save", lambda *a, **k: pytest.fail("saved"))
    with pytest.raises(FileExistsError, match="expected no files yet"):
        write_saved_model(version, signatures, [], warmup=["a"])


def test_requests_and_responses():
    from tensorflow_serving.apis import predict_pb2

    request = predict_request("m", {"text": ["é", "b"]}, signature="embed", version=3)
    again = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    assert (again.model_spec.name, again.model_spec.version.value) == ("m", 3)
    assert again.model_spec.signature_name == "embed"
    assert request_tensors(again)["text"].numpy().tolist() == ["é".encode(), b"b"]
    assert not predict_request("m", {}).model_spec.HasField("version")
    response = predict_pb2.PredictResponse()
    for name, value in {"label": ["é"], "score": np.float32([[0.5, 0.25]])}.items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
    arrays = response_arrays(response)
    assert arrays["label"].tolist() == ["é".encode()]
    assert arrays["score"].dtype == np.float32 and arrays["score"].shape == (1, 2)


def test_without_the_extra(signatures, tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(serving_requests.importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"expected tensorflow-serving-api .*-text\[serving\]"):
        write_saved_model(tmp_path / "m" / "1", signatures, [], warmup=["a"])
    assert not (tmp_path / "m").exists()
