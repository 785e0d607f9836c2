"""models.config and batching.config, as the server's own messages read them."""

import pathlib
import re

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.wrappers_pb2 import DESCRIPTOR as WRAPPERS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = ROOT / "savedmodels"


def batching_parameters():
    """`BatchingParameters`, which tensorflow-serving-api leaves out.

    Source: session_bundle_config.proto of
    https://github.com/tensorflow/serving/tree/master/tensorflow_serving/servables/tensorflow
    """
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="batching.proto", package="batching", syntax="proto3", dependency=[WRAPPERS.name]
    )
    message = file.message_type.add(name="BatchingParameters")
    limits = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")
    for number, name in enumerate(limits, start=1):
        field = message.field.add(name=name, number=number, type=kinds.TYPE_MESSAGE, label=1)
        field.type_name = ".google.protobuf.Int64Value"
    message.field.add(name="allowed_batch_sizes", number=6, type=kinds.TYPE_INT64, label=3)
    message.field.add(name="pad_variable_length_inputs", number=7, type=kinds.TYPE_BOOL, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(WRAPPERS.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("batching.BatchingParameters")
    )()


def shown_in_docs(name):
    """The block of docs/serving.md that starts with the comment `# NAME`."""
    page = (ROOT / "docs" / "serving.md").read_text("utf-8")
    found = re.search(rf"^```\w*\n# {re.escape(name)}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert found, f"docs/serving.md shows no {name}"
    return found[1]


def test_models_config():
    config = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    text = (BASE / "models.config").read_text("utf-8")
    models = text_format.Parse(text, config.ModelServerConfig()).model_config_list.config
    entries = {path.parent.name for path in BASE.glob("*/source")}  # the kept ones
    assert {model.name for model in models} == entries
    for model in models:
        assert model.base_path == f"/models/{model.name}"
        assert model.model_platform == "tensorflow"
        versions = list(model.model_version_policy.specific.versions)
        assert all((BASE / model.name / str(version)).is_dir() for version in versions)
        assert set(model.version_labels.values()) <= set(versions)


def test_models_config_of_the_documentation():
    config = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    parsed = text_format.Parse(shown_in_docs("models.config"), config.ModelServerConfig())
    assert [model.name for model in parsed.model_config_list.config] == ["desk", "entities"]


@pytest.mark.parametrize("text", ["kept", "documented"])
def test_batching_parameters(text):
    kept = (BASE / "batching.config").read_text("utf-8")
    text = kept if text == "kept" else shown_in_docs("batching.config")
    parsed = text_format.Parse(text, batching_parameters())
    sizes = list(parsed.allowed_batch_sizes)
    assert sizes == sorted(sizes) and sizes[-1] == parsed.max_batch_size.value
    assert parsed.num_batch_threads.value >= 1
    assert not parsed.pad_variable_length_inputs  # would mark padding as text


def test_an_unknown_parameter_is_seen():
    with pytest.raises(text_format.ParseError, match="no field named"):
        text_format.Parse("max_batch: 3", batching_parameters())
