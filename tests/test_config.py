import dataclasses
import json
import pickle
import subprocess
import sys

import pytest

from keras_bert.config import HIDDEN_ACTS, BertConfig

TINY = {"vocab_size": 29, "hidden_size": 15, "num_attention_heads": 3}

GOOGLE_MULTILINGUAL = {
    "attention_probs_dropout_prob": 0.1,
    "directionality": "bidi",
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 768,
    "initializer_range": 0.02,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "pooler_fc_size": 768,
    "pooler_num_attention_heads": 12,
    "pooler_num_fc_layers": 3,
    "pooler_size_per_head": 128,
    "pooler_type": "first_token_transform",
    "type_vocab_size": 2,
    "vocab_size": 119547,
}

HUGGING_FACE = {
    "_name_or_path": "nreimers/MiniLM-L6-H384-uncased",
    "architectures": ["BertModel"],
    "attention_probs_dropout_prob": 0.1,
    "classifier_dropout": None,
    "gradient_checkpointing": False,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 384,
    "id2label": {"0": "no", "1": "yes"},
    "initializer_range": 0.02,
    "intermediate_size": 1536,
    "label2id": {"no": 0, "yes": 1},
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "model_type": "bert",
    "num_attention_heads": 12,
    "num_hidden_layers": 6,
    "pad_token_id": 0,
    "position_embedding_type": "absolute",
    "torch_dtype": "float32",
    "transformers_version": "4.8.2",
    "type_vocab_size": 2,
    "use_cache": True,
    "vocab_size": 30522,
}


def test_defaults_are_bert_base():
    config = BertConfig(vocab_size=30522)
    assert config.to_dict() == {
        "vocab_size": 30522,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
    }


@pytest.mark.parametrize("released", [GOOGLE_MULTILINGUAL, HUGGING_FACE])
def test_takes_released_files(released):
    config = BertConfig(**released)
    assert config.vocab_size == released["vocab_size"]
    assert (
        config.to_dict().items()
        >= {key: value for key, value in released.items() if key in config.to_dict()}.items()
    )


def test_is_a_value():
    config = BertConfig(**TINY)
    assert config == BertConfig.from_dict(TINY) == BertConfig(29, 15, num_attention_heads=3)
    assert hash(config) == hash(BertConfig(**TINY))
    assert pickle.loads(pickle.dumps(config)) == config
    assert dataclasses.replace(config, vocab_size=31).vocab_size == 31
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.vocab_size = 31


def test_unknown_keys_are_all_named():
    with pytest.raises(ValueError, match=r"received unknown \['hiden_size', 'layers'\]"):
        BertConfig(**TINY, hiden_size=15, layers=2)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("position_embedding_type", "relative_key", "expected position_embedding_type='absolute'"),
        ("is_decoder", True, "expected is_decoder=False; received is_decoder=True"),
        ("add_cross_attention", True, "expected add_cross_attention=False"),
        ("is_encoder_decoder", True, "expected is_encoder_decoder=False"),
        ("model_type", "roberta", "expected model_type='bert'; received model_type='roberta'"),
        ("pruned_heads", {"0": [1]}, "expected pruned_heads={}"),
        ("tie_word_embeddings", False, "expected tie_word_embeddings=True"),
        ("hidden_act_form", "tanh", "expected hidden_act_form='erf'"),
    ],
)
def test_refuses_other_computations(key, value, message):
    with pytest.raises(ValueError, match=message):
        BertConfig(**TINY, **{key: value})


@pytest.mark.parametrize(
    "values",
    [
        {"vocab_size": 0},
        {"vocab_size": 29.0},
        {"num_hidden_layers": True},
        {"intermediate_size": -1},
        {"max_position_embeddings": "512"},
    ],
)
def test_sizes_are_positive_integers(values):
    with pytest.raises(ValueError, match=f"expected {next(iter(values))} to be a positive integer"):
        BertConfig(**TINY | values)


@pytest.mark.parametrize(
    "values",
    [
        {"hidden_dropout_prob": 1.0},
        {"attention_probs_dropout_prob": -0.1},
        {"layer_norm_eps": float("nan")},
        {"initializer_range": None},
    ],
)
def test_rates_are_numbers_below_one(values):
    with pytest.raises(ValueError, match=f"expected {next(iter(values))} to be a number in"):
        BertConfig(**TINY | values)


def test_heads_divide_the_width():
    message = (
        "expected hidden_size divisible by num_attention_heads; "
        "received hidden_size=8, num_attention_heads=3"
    )
    with pytest.raises(ValueError, match=message):
        BertConfig(vocab_size=29, hidden_size=8, num_attention_heads=3)


def test_activations_are_named():
    assert "gelu_new" in HIDDEN_ACTS
    with pytest.raises(ValueError, match=r"expected hidden_act in .*; received 'geglu'"):
        BertConfig(**TINY, hidden_act="geglu")


def test_vocabulary_size_is_required():
    with pytest.raises(TypeError, match="vocab_size"):
        BertConfig(hidden_size=768)


def test_json_file_round_trip(tmp_path):
    path = tmp_path / "bert_config.json"
    path.write_text("what stood here before")
    config = BertConfig(**TINY, hidden_act="gelu_new", layer_norm_eps=1e-7)
    config.to_json_file(path)
    assert BertConfig.from_json_file(path) == config
    assert json.loads(path.read_text()) == config.to_dict()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_file(tmp_path, monkeypatch):
    path = tmp_path / "bert_config.json"
    BertConfig(**TINY).to_json_file(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        BertConfig(vocab_size=31).to_json_file(path)
    assert BertConfig.from_json_file(path) == BertConfig(**TINY)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"{", b'"\xff"', b""])
def test_a_file_that_is_not_json(tmp_path, content):
    path = tmp_path / "bert_config.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"expected UTF-8 JSON in .*bert_config.json; received"):
        BertConfig.from_json_file(path)


def test_a_file_that_is_not_an_object(tmp_path):
    path = tmp_path / "bert_config.json"
    path.write_text("[1, 2]")
    with pytest.raises(ValueError, match=r"expected a JSON object in .*; received a list"):
        BertConfig.from_json_file(path)


def test_needs_neither_keras_nor_tensorflow():
    code = (
        "import sys; from keras_bert.config import BertConfig; BertConfig(vocab_size=3); "
        "sys.exit(bool({'keras', 'tensorflow', 'jax', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
