import json

import pytest

from keras_bert.checkpoints.formats import write_checkpoint
from keras_bert.checkpoints.preset_folder import read_preset


def values_of(folder):
    return json.loads((folder / "preset.json").read_text(encoding="utf-8"))


def test_everything_comes_back(tmp_path, make_checkpoint, assert_same_arrays):
    checkpoint = make_checkpoint(
        "mlm",
        "classifier",
        labels=["no", "ça va"],
        lowercase=False,
        metadata={
            "class_name": "BertClassifier",
            "preprocessor": {"sequence_length": 9, "truncation": "longest_first"},
            "task": {"pairs": True},
            "problem_type": "single_label_classification",
        },
    )
    write_checkpoint(checkpoint, tmp_path / "out", "keras")
    read = read_preset(tmp_path / "out")
    assert_same_arrays(read, checkpoint)
    assert read.config == checkpoint.config
    assert (read.vocabulary, read.labels) == (checkpoint.vocabulary, checkpoint.labels)
    assert read.lowercase is False
    preprocessor = checkpoint.metadata["preprocessor"] | {"lowercase": False}
    assert read.metadata == checkpoint.metadata | {"preprocessor": preprocessor}


def test_the_least_that_there_can_be(tmp_path, make_checkpoint):
    write_checkpoint(make_checkpoint(vocabulary=None, lowercase=None), tmp_path / "out", "keras")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "model.safetensors",
        "preset.json",
    ]
    assert set(values_of(tmp_path / "out")) == {"format", "format_version", "class_name", "config"}
    read = read_preset(tmp_path / "out")
    assert (read.vocabulary, read.lowercase, read.labels) == (None, None, None)
    assert read.metadata == {"class_name": "BertBackbone"}


def test_the_source_is_not_changed_by_writing(tmp_path, make_checkpoint):
    metadata = {"preprocessor": {"sequence_length": 9}}
    write_checkpoint(make_checkpoint(metadata=metadata), tmp_path / "out", "keras")
    assert metadata == {"preprocessor": {"sequence_length": 9}}


@pytest.mark.parametrize("other", [{"format_version": 2}, {"format": "keras_hub"}])
def test_other_versions_and_formats_are_refused(tmp_path, make_checkpoint, other):
    write_checkpoint(make_checkpoint(), tmp_path / "out", "keras")
    path = tmp_path / "out" / "preset.json"
    path.write_text(json.dumps(values_of(tmp_path / "out") | other))
    (value,) = other.values()
    expected = rf"expected format 'keras_bert' of version 1 in .*preset.json; received .*{value}"
    with pytest.raises(ValueError, match=expected):
        read_preset(tmp_path / "out")


def test_a_configuration_that_does_not_fit_is_refused(tmp_path, make_checkpoint):
    write_checkpoint(make_checkpoint(), tmp_path / "out", "keras")
    values = values_of(tmp_path / "out")
    values["config"]["num_hidden_layers"] = 1
    (tmp_path / "out" / "preset.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match="32 unknown: bert/encoder/layer_1/"):
        read_preset(tmp_path / "out")


@pytest.mark.parametrize(
    ("key", "value"),
    [("labels", "a"), ("config", []), ("preprocessor", {"lowercase": "yes"}), ("task", 1)],
)
def test_values_of_other_types_are_refused(tmp_path, make_checkpoint, key, value):
    write_checkpoint(make_checkpoint(), tmp_path / "out", "keras")
    values = values_of(tmp_path / "out") | {key: value}
    (tmp_path / "out" / "preset.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match=r"expected .* in .*preset.json to be of type"):
        read_preset(tmp_path / "out")
