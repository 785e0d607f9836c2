import json
import pathlib
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from keras_bert.checkpoints.formats import write_checkpoint
from keras_bert.checkpoints.huggingface import architecture_of, read_huggingface

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"


def config_of(folder):
    return json.loads((folder / "config.json").read_text())


def test_what_transformers_wrote_is_written_back_to_the_bit(tmp_path, assert_same_arrays):
    for name in ("huggingface_pretraining", "huggingface_classifier"):
        checkpoint = read_huggingface(GOLDEN / name)
        write_checkpoint(checkpoint, tmp_path / name, "huggingface")
        assert_same_arrays(read_huggingface(tmp_path / name), checkpoint)
        theirs = load_file(GOLDEN / name / "model.safetensors")
        ours = load_file(tmp_path / name / "model.safetensors")
        assert ours.keys() == theirs.keys()
        for key, tensor in theirs.items():
            assert ours[key].tobytes() == tensor.tobytes(), key


def test_what_transformers_wrote_in_its_configuration_is_there(tmp_path):
    checkpoint = read_huggingface(GOLDEN / "huggingface_classifier")
    assert checkpoint.labels == ["quiet", "loud", "louder", "deafening"]
    assert checkpoint.lowercase is False
    assert checkpoint.config.hidden_act == "gelu"
    assert checkpoint.heads == ("classifier",)
    write_checkpoint(checkpoint, tmp_path / "again", "huggingface")
    ours, theirs = config_of(tmp_path / "again"), config_of(GOLDEN / "huggingface_classifier")
    assert ours == {key: theirs[key] for key in ours}
    assert read_huggingface(tmp_path / "again").metadata == checkpoint.metadata


def test_shards_are_read(tmp_path, assert_same_arrays):
    golden = GOLDEN / "huggingface_pretraining"
    shutil.copy(golden / "config.json", tmp_path)
    tensors = load_file(golden / "model.safetensors")
    files = {name: f"model-{i % 3 + 1:05}-of-00003.safetensors" for i, name in enumerate(tensors)}
    for file in set(files.values()):
        shard = {name: tensor for name, tensor in tensors.items() if files[name] == file}
        save_file(shard, tmp_path / file)
    index = {"metadata": {"total_size": 0}, "weight_map": files}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert_same_arrays(read_huggingface(tmp_path), read_huggingface(golden))


@pytest.mark.parametrize(
    ("heads", "architecture"),
    [
        ((), "BertModel"),
        (("mlm", "nsp"), "BertForPreTraining"),
        (("mlm",), "BertForMaskedLM"),
        (("nsp",), "BertForNextSentencePrediction"),
        (("classifier",), "BertForSequenceClassification"),
        (("squad",), "BertForQuestionAnswering"),
        (("mlm", "classifier"), "BertForSequenceClassification"),
        (("nsp", "squad"), "BertForQuestionAnswering"),
    ],
)
def test_heads_call_for_an_architecture(
    tmp_path, make_checkpoint, assert_same_arrays, heads, architecture
):
    checkpoint = make_checkpoint(*heads)
    write_checkpoint(checkpoint, tmp_path / "out", "huggingface")
    assert config_of(tmp_path / "out")["architectures"] == [architecture]
    assert_same_arrays(read_huggingface(tmp_path / "out"), checkpoint)


def test_the_architecture_that_it_came_from_stays_if_it_fits(make_checkpoint):
    declared = {"architectures": ["BertForTokenClassification"]}
    assert architecture_of(make_checkpoint("classifier", metadata=declared)) == (
        "BertForTokenClassification"
    )
    assert architecture_of(make_checkpoint("squad", metadata=declared)) == (
        "BertForQuestionAnswering"
    )


def test_labels_without_names_come_back_as_none(tmp_path, make_checkpoint):
    write_checkpoint(make_checkpoint("classifier"), tmp_path / "out", "huggingface")
    assert config_of(tmp_path / "out")["id2label"]["12"] == "LABEL_12"
    assert read_huggingface(tmp_path / "out").labels is None


def test_names_of_labels_without_a_classifier_are_left_out(tmp_path, make_checkpoint):
    write_checkpoint(make_checkpoint(labels=["a", "b"]), tmp_path / "out", "huggingface")
    assert read_huggingface(tmp_path / "out").labels is None


def test_labels_must_fit_the_classifier(tmp_path):
    shutil.copytree(GOLDEN / "huggingface_classifier", tmp_path, dirs_exist_ok=True)
    values = config_of(tmp_path) | {"id2label": {"0": "a", "1": "b", "2": "c"}}
    (tmp_path / "config.json").write_text(json.dumps(values))
    expected = r"classifier.weight \(expected \[3, 21\]; received \[4, 21\]"
    with pytest.raises(ValueError, match=expected):
        read_huggingface(tmp_path)


@pytest.mark.parametrize("act", ["gelu_tanh", "gelu_new", "gelu", "silu"])
def test_activations_keep_their_meaning(tmp_path, make_checkpoint, act):
    write_checkpoint(make_checkpoint(hidden_act=act), tmp_path / "out", "huggingface")
    expected = "gelu_new" if act == "gelu_tanh" else act
    assert read_huggingface(tmp_path / "out").config.hidden_act == expected


def test_padding_and_the_longest_word_come_from_the_vocabulary(tmp_path, make_checkpoint):
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    checkpoint = make_checkpoint(
        vocabulary=special, metadata={"preprocessor": {"max_characters_per_word": 77}}
    )
    write_checkpoint(checkpoint, tmp_path / "out", "huggingface")
    assert config_of(tmp_path / "out")["pad_token_id"] == 3
    read = read_huggingface(tmp_path / "out")
    assert read.metadata["preprocessor"] == {"max_characters_per_word": 77}


def test_without_a_vocabulary_no_tokenizer_is_written(tmp_path, make_checkpoint):
    write_checkpoint(make_checkpoint(vocabulary=None), tmp_path / "out", "huggingface")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]
    assert read_huggingface(tmp_path / "out").vocabulary is None


def test_golden_parameters_are_not_all_alike():
    """A forgotten bias or gamma would show in the golden outputs."""
    for array in read_huggingface(GOLDEN / "huggingface_pretraining").arrays.values():
        assert np.std(array) > 0.1
