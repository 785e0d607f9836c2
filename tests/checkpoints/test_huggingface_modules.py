import json
import pathlib
import re
import shutil

import numpy as np
import pytest

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "sentence_transformers"
FLAGS = ("cls_token", "mean_tokens", "max_tokens")


@pytest.fixture
def make_encoder(make_checkpoint):
    """An encoder's checkpoint, with a projection to 3 on request."""

    def make(projection=True, **task):
        checkpoint = make_checkpoint()
        generator = np.random.default_rng(3)
        arrays = {"output_weights": (3, 14), "output_bias": (3,)} if projection else {}
        kept = checkpoint.arrays | {
            f"embedding/{name}": generator.normal(size=shape).astype("float32")
            for name, shape in arrays.items()
        }
        task = {"pooling": "mean", "normalize": True, "embedding_size": None} | task
        task["embedding_size"] = 3 if projection else None
        metadata = {
            "class_name": "BertSentenceEncoder",
            "task": task,
            "preprocessor": {"sequence_length": 9},
        }
        return Checkpoint(checkpoint.config, kept, checkpoint.vocabulary, True, None, metadata)

    return make


@pytest.fixture
def folder(tmp_path):
    """A copy of what sentence-transformers saved, to change."""
    return pathlib.Path(shutil.copytree(GOLDEN, tmp_path / "copy"))


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_sentence_transformers_saved():
    checkpoint = read_checkpoint(GOLDEN)
    assert checkpoint.metadata["class_name"] == "BertSentenceEncoder"
    assert checkpoint.metadata["task"] == {
        "pooling": "max",
        "normalize": True,
        "embedding_size": 7,
    }
    assert checkpoint.metadata["preprocessor"]["sequence_length"] == 13
    assert checkpoint.heads == ("embedding",)
    assert checkpoint.arrays["embedding/output_weights"].shape == (7, 22)


@pytest.mark.parametrize("pooling", ["first", "mean", "max"])
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("projection", [True, False])
def test_written_and_read_again(
    tmp_path, make_encoder, assert_same_arrays, pooling, normalize, projection
):
    checkpoint = make_encoder(projection, pooling=pooling, normalize=normalize)
    out = write_checkpoint(checkpoint, tmp_path / "out", "huggingface")
    again = read_checkpoint(out)
    assert_same_arrays(checkpoint, again)
    assert again.metadata["task"] == checkpoint.metadata["task"]
    assert again.metadata["preprocessor"]["sequence_length"] == 9
    # Through our own format nothing is lost either.
    kept = read_checkpoint(write_checkpoint(again, tmp_path / "keras", "keras"))
    assert kept.metadata["task"] == checkpoint.metadata["task"]
    assert kept.metadata["preprocessor"]["sequence_length"] == 9


def test_the_files_that_sentence_transformers_looks_for(tmp_path, make_encoder):
    out = write_checkpoint(make_encoder(pooling="first"), tmp_path / "out", "huggingface")
    modules = json.loads((out / "modules.json").read_text())
    assert [(m["idx"], m["name"], m["path"], m["type"].rpartition(".")[2]) for m in modules] == [
        (0, "0", "", "Transformer"),
        (1, "1", "1_Pooling", "Pooling"),
        (2, "2", "2_Dense", "Dense"),
        (3, "3", "3_Normalize", "Normalize"),
    ]
    pooling = json.loads((out / "1_Pooling" / "config.json").read_text())
    assert [pooling[f"pooling_mode_{flag}"] for flag in FLAGS] == [True, False, False]
    assert pooling["word_embedding_dimension"] == 14
    dense = json.loads((out / "2_Dense" / "config.json").read_text())
    assert (dense["in_features"], dense["out_features"]) == (14, 3)
    lengths = json.loads((out / "sentence_bert_config.json").read_text())
    assert lengths == {"max_seq_length": 9, "do_lower_case": False}
    assert json.loads((out / "config.json").read_text())["architectures"] == ["BertModel"]


def test_other_models_get_no_modules(tmp_path, make_checkpoint):
    out = write_checkpoint(make_checkpoint("mlm"), tmp_path / "out", "huggingface")
    assert not (out / "modules.json").exists()


def test_google_has_no_place_for_the_projection(tmp_path, make_encoder):
    expected = "expected a head that google has too; received the projection of a sentence encoder"
    with pytest.raises(ValueError, match=expected):
        write_checkpoint(make_encoder(), tmp_path / "out", "google")


OLD = "pooling_mode_"
UNLIKE = {
    "weighted": ("1_Pooling/config.json", {"pooling_mode": "weightedmean"}, "weightedmean"),
    "two": ("1_Pooling/config.json", {"pooling_mode": ["cls", "mean"]}, "'cls', 'mean'"),
    "two flags": (
        "1_Pooling/config.json",
        {"pooling_mode": None, f"{OLD}cls_token": True, f"{OLD}max_tokens": True},
        "the pooling .*cls_token.*max_tokens",
    ),
    "square root": (
        "1_Pooling/config.json",
        {"pooling_mode": None, f"{OLD}mean_sqrt_len_tokens": True},
        "mean_sqrt_len_tokens",
    ),
    "tanh": (
        "2_Dense/config.json",
        {"activation_function": "torch.nn.modules.activation.Tanh"},
        "Tanh after the projection",
    ),
    "prompt": (
        "config_sentence_transformers.json",
        {"prompts": {"query": "query: "}, "default_prompt_name": "query"},
        "the prompt 'query' before every text",
    ),
}


@pytest.mark.parametrize("case", UNLIKE)
def test_other_modules_leave_the_bert_and_say_so(folder, case):
    file, values, expected = UNLIKE[case]
    change(folder / file, **values)
    checkpoint = read_checkpoint(folder)
    assert "class_name" not in checkpoint.metadata
    assert checkpoint.heads == ()
    assert re.search(expected, checkpoint.metadata["refused_modules"])


def test_modules_in_another_order_or_unknown_are_refused(folder):
    path = folder / "modules.json"
    modules = json.loads(path.read_text())
    path.write_text(json.dumps(modules[::-1]))
    refused = read_checkpoint(folder).metadata["refused_modules"]
    assert refused.startswith("the modules Normalize, Dense, Pooling, Transformer of ")
    path.write_text(json.dumps([modules[0] | {"type": "a.StaticEmbedding"}]))
    assert "StaticEmbedding" in read_checkpoint(folder).metadata["refused_modules"]
    path.write_text(json.dumps(modules[:1]))
    assert "the modules Transformer of" in read_checkpoint(folder).metadata["refused_modules"]


def test_text_that_is_lower_cased_first(folder):
    change(folder / "sentence_bert_config.json", do_lower_case=True)
    assert read_checkpoint(folder).metadata["task"]["pooling"] == "max"  # the tokenizer does too
    change(folder / "tokenizer_config.json", do_lower_case=False)
    refused = read_checkpoint(folder).metadata["refused_modules"]
    assert "lower-cased and keeps its accents" in refused


@pytest.mark.parametrize(
    ("lengths", "tokens", "expected"),
    [(12, 13, 12), (None, 11, 11), (99, 13, 17), (None, None, 17)],
)
def test_the_length_at_which_texts_are_cut(folder, lengths, tokens, expected):
    change(folder / "sentence_bert_config.json", max_seq_length=lengths)
    change(folder / "tokenizer_config.json", model_max_length=tokens)
    assert read_checkpoint(folder).metadata["preprocessor"]["sequence_length"] == expected


def test_a_projection_without_bias(folder):
    from safetensors.numpy import load_file, save_file

    weights = folder / "2_Dense" / "model.safetensors"
    save_file({"linear.weight": load_file(weights)["linear.weight"]}, weights)
    with pytest.raises(ValueError, match=r"expected a projection .*linear.bias.*; received"):
        read_checkpoint(folder)
    change(folder / "2_Dense" / "config.json", bias=False)
    assert not read_checkpoint(folder).arrays["embedding/output_bias"].any()
    save_file({"linear.weight": np.zeros((7, 23), "float32")}, weights)
    with pytest.raises(ValueError, match=r"\(7, 22\).*; received .*\(7, 23\)"):
        read_checkpoint(folder)


def test_damaged_folders(folder):
    weights = folder / "2_Dense" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    with pytest.raises(ValueError, match=r"expected the projection's weights in .*no such file"):
        read_checkpoint(folder)
    change(folder / "1_Pooling" / "config.json", embedding_dimension=23)
    with pytest.raises(
        ValueError, match=r"expected vectors of the hidden size 22 in .*received 23"
    ):
        read_checkpoint(folder)
    path = folder / "modules.json"
    modules = json.loads(path.read_text())
    for damage in ({}, [1], [{"type": 5, "path": ""}], [{"path": ""}]):
        path.write_text(json.dumps(damage) if damage else "[")
        with pytest.raises(ValueError, match="expected a list of modules, each with type and path"):
            read_checkpoint(folder)
    for paths in (["", "../1_Pooling"], ["", ""]):
        types = [modules[0]["type"], modules[1 if ".." in paths[1] else 0]["type"]]
        entries = [{"type": t, "path": p} for t, p in zip(types, paths, strict=True)]
        path.write_text(json.dumps(entries))
        with pytest.raises(ValueError, match="expected modules of different types inside the fold"):
            read_checkpoint(folder)
