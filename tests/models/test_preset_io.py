"""Backbones from folders and into them; outputs against Google's graph and transformers.

The golden files were recorded by programs that share no code with this one.
"""

import pathlib
import shutil
import types

import keras
import numpy as np
import pytest

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.config import BertConfig
from keras_bert.layers.masked_lm_head import MaskedLMHead
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.preset_io import checkpoint_of
from keras_bert.models.weights import assign_arrays, collect_arrays, named_variables

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
CLOSE = {"rtol": 0, "atol": 1e-5}


def tiny():
    return BertBackbone(
        BertConfig(
            vocab_size=31,
            hidden_size=15,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=17,
            max_position_embeddings=11,
        )
    )


def assert_same_weights(one, other):
    arrays, others = (collect_arrays(named_variables(model)) for model in (one, other))
    assert list(arrays) == list(others)
    assert all(arrays[name].tobytes() == others[name].tobytes() for name in arrays)


def masked_lm_head(backbone, arrays):
    """`MaskedLMHead` on a backbone, filled by canonical names."""
    config = backbone.config
    head = MaskedLMHead(backbone, config.hidden_act, config.layer_norm_eps)
    head.build((None, None, config.hidden_size))
    scope = "cls/predictions/transform"
    named = {
        f"{scope}/dense/kernel": head.transform_dense.kernel,
        f"{scope}/dense/bias": head.transform_dense.bias,
        f"{scope}/LayerNorm/beta": head.transform_layer_norm.beta,
        f"{scope}/LayerNorm/gamma": head.transform_layer_norm.gamma,
        "cls/predictions/output_bias": head.output_bias,
    }
    assign_arrays(named, {name: arrays[name] for name in named})
    return head


def project(pooled, arrays, scope):
    return np.asarray(pooled) @ arrays[f"{scope}output_weights"].T + arrays[f"{scope}output_bias"]


@pytest.fixture(scope="module")
def google():
    folder = GOLDEN / "google_tf1"
    backbone = BertBackbone.from_preset(folder, output_hidden_states=True)
    golden = dict(np.load(folder / "outputs.npz"))
    features = {
        "input_word_ids": golden["ids"],
        "input_mask": golden["mask"],
        "input_type_ids": golden["typ"],
    }
    return backbone, golden, backbone(features), read_checkpoint(folder).arrays


def test_google_encoder(google):
    _, golden, outputs, _ = google
    for number, hidden in enumerate(outputs["hidden_states"]):
        name = f"l{number - 1}" if number else "emb"
        np.testing.assert_allclose(hidden, golden[name], **CLOSE, err_msg=name)
    np.testing.assert_allclose(outputs["sequence_output"], golden["seq"], **CLOSE)
    np.testing.assert_allclose(outputs["pooled_output"], golden["pool"], **CLOSE)


def test_google_masked_lm(google):
    backbone, golden, outputs, arrays = google
    head = masked_lm_head(backbone, arrays)
    logits = head(outputs["sequence_output"], golden["pos"])  # [B, P, V]
    log_probabilities = np.asarray(keras.ops.log_softmax(logits)).reshape(golden["mlm"].shape)
    # These reach -15, and Google's own float32 is 1.4e-5 away from a float64 computation of
    # them: the bound is relative where they are larger than 1.
    np.testing.assert_allclose(log_probabilities, golden["mlm"], rtol=1e-5, atol=1e-5)


def test_google_next_sentence(google):
    _, golden, outputs, arrays = google
    logits = project(outputs["pooled_output"], arrays, "cls/seq_relationship/")
    # `nsp` holds log-probabilities too: the exponentials of a row sum to 1.
    np.testing.assert_allclose(np.exp(golden["nsp"]).sum(-1), 1, **CLOSE)
    np.testing.assert_allclose(keras.ops.log_softmax(logits), golden["nsp"], **CLOSE)


def huggingface_outputs(name):
    folder = GOLDEN / name
    backbone = BertBackbone.from_preset(folder, output_hidden_states=True, output_attentions=True)
    golden = dict(np.load(folder / "outputs.npz"))
    features = {
        "input_word_ids": golden["input_ids"],
        "input_mask": golden["attention_mask"],
        "input_type_ids": golden["token_type_ids"],
    }
    return backbone, golden, backbone(features), read_checkpoint(folder).arrays


@pytest.mark.parametrize("name", ["huggingface_pretraining", "huggingface_classifier"])
def test_huggingface_encoder(name):
    _, golden, outputs, _ = huggingface_outputs(name)
    for output in ("sequence_output", "pooled_output", "hidden_states", "attention_scores"):
        np.testing.assert_allclose(np.stack(outputs[output]), golden[output], **CLOSE)


def test_huggingface_heads():
    backbone, golden, outputs, arrays = huggingface_outputs("huggingface_pretraining")
    logits = masked_lm_head(backbone, arrays)(outputs["sequence_output"])
    np.testing.assert_allclose(logits, golden["prediction_logits"], **CLOSE)
    logits = project(outputs["pooled_output"], arrays, "cls/seq_relationship/")
    np.testing.assert_allclose(logits, golden["seq_relationship_logits"], **CLOSE)
    _, golden, outputs, arrays = huggingface_outputs("huggingface_classifier")
    np.testing.assert_allclose(
        project(outputs["pooled_output"], arrays, ""), golden["logits"], **CLOSE
    )


def read_and_write(source, destination):
    backbone = BertBackbone.from_preset(source)
    golden = np.load(pathlib.Path(source) / "outputs.npz")
    names = {
        "input_word_ids": "input_ids",
        "input_mask": "attention_mask",
        "input_type_ids": "token_type_ids",
    }
    outputs = backbone({name: golden[theirs] for name, theirs in names.items()})
    for name in ("sequence_output", "pooled_output"):
        np.testing.assert_allclose(outputs[name], golden[name], rtol=0, atol=1e-5)
    backbone.save_to_preset(destination)


def test_the_same_on_jax(tmp_path, jax_process):
    folder = GOLDEN / "huggingface_pretraining"
    jax_process(__file__, "read_and_write", folder, tmp_path / "out")
    assert_same_weights(
        BertBackbone.from_preset(tmp_path / "out"), BertBackbone.from_preset(folder)
    )


def test_a_saved_backbone_comes_back(tmp_path):
    backbone = tiny()
    folder = backbone.save_to_preset(tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors", "preset.json"]
    again = BertBackbone.from_preset(folder, output_attentions=True)
    assert again.config == backbone.config
    assert again.output_attentions
    assert_same_weights(again, backbone)


def test_the_dtype_is_the_callers(tmp_path):
    tiny().save_to_preset(tmp_path / "out")
    half = BertBackbone.from_preset(tmp_path / "out", dtype="mixed_bfloat16")
    outputs = half({"input_word_ids": np.ones((1, 3), "int32")})
    assert keras.backend.standardize_dtype(outputs["sequence_output"].dtype) == "bfloat16"
    assert_same_weights(half, BertBackbone.from_preset(tmp_path / "out"))


def test_rates_of_dropout_are_the_callers(tmp_path):
    tiny().save_to_preset(tmp_path / "out")
    backbone = BertBackbone.from_preset(
        tmp_path / "out", hidden_dropout_prob=0.25, attention_probs_dropout_prob=0.0
    )
    block = backbone.encoder_blocks[0]
    assert (block.output_dropout.rate, block.attention.dropout) == (0.25, 0.0)
    assert backbone.config.hidden_dropout_prob == 0.25
    same = BertBackbone.from_preset(tmp_path / "out", hidden_dropout_prob=None)
    assert same.config == tiny().config


def test_unknown_arguments_are_refused(tmp_path):
    tiny().save_to_preset(tmp_path / "out")
    message = r"expected arguments of BertBackbone; received colour, which it does not have"
    with pytest.raises(ValueError, match=message):
        BertBackbone.from_preset(tmp_path / "out", colour=3)


def test_a_preprocessor_is_saved_beside_it(tmp_path):
    tokenizer = types.SimpleNamespace(
        vocabulary=("[PAD]", "b"),
        lowercase=False,
        max_characters_per_word=77,
        keep_special_tokens=True,
    )
    preprocessor = types.SimpleNamespace(
        tokenizer=tokenizer, sequence_length=9, truncation="longest_first"
    )
    tiny().save_to_preset(tmp_path / "out", preprocessor=preprocessor)
    checkpoint = read_checkpoint(tmp_path / "out")
    assert (checkpoint.vocabulary, checkpoint.lowercase) == (["[PAD]", "b"], False)
    assert checkpoint.metadata["preprocessor"] == {
        "lowercase": False,
        "max_characters_per_word": 77,
        "sequence_length": 9,
        "truncation": "longest_first",
        "keep_special_tokens": True,
    }


def test_a_folder_that_holds_something_is_kept(tmp_path):
    backbone = tiny()
    (tmp_path / "mine").touch()
    with pytest.raises(FileExistsError, match=r"expected no files yet in .*overwrite=True"):
        backbone.save_to_preset(tmp_path)
    backbone.save_to_preset(tmp_path, overwrite=True)
    assert not (tmp_path / "mine").exists()


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="expected room and permission to write"):
        tiny().save_to_preset(tmp_path / "file" / "out")


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="expected a folder, hf://OWNER/NAME, or a name"):
        BertBackbone.from_preset("no-such-model")


def test_a_folder_without_a_pooler_warns(tmp_path):
    checkpoint = checkpoint_of(tiny())
    for name in ("kernel", "bias"):
        del checkpoint.arrays[f"bert/pooler/dense/{name}"]
    for format in ("google", "huggingface", "keras"):
        checkpoint.config = BertConfig(**checkpoint.config.to_dict() | {"hidden_act": "gelu_new"})
        write_checkpoint(checkpoint, tmp_path / format, format)
        with pytest.warns(UserWarning, match=rf"{format} has no pooler"):
            BertBackbone.from_preset(tmp_path / format)


def test_a_truncated_file_is_named(tmp_path):
    shutil.copytree(GOLDEN / "huggingface_classifier", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"expected a whole safetensors file of 38732 bytes"):
        BertBackbone.from_preset(tmp_path)


def test_a_keras_file_still_works(tmp_path):
    backbone = BertBackbone.from_preset(GOLDEN / "huggingface_classifier")
    backbone.save(tmp_path / "backbone.keras")
    again = keras.models.load_model(tmp_path / "backbone.keras")
    assert_same_weights(again, backbone)
