"""What we write, transformers loads; what it writes, we load; and both compute the same.

Needs transformers with torch, in this environment or behind KERAS_BERT_TRANSFORMERS_PYTHON.
What it computed from small models is recorded in tests/golden for every other run.
"""

import importlib.util
import pathlib

import numpy as np
import pytest

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.checkpoints.rows import ENCODER_PARTS, expand, shape_of
from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.presets import resolve_preset
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer

_path = pathlib.Path(__file__).with_name("transformers_oracle.py")
_spec = importlib.util.spec_from_file_location("transformers_oracle", _path)
oracle = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracle)

pytestmark = pytest.mark.skipif(
    oracle.oracle_python() is None, reason="needs transformers with torch"
)

CLOSE = {"rtol": 0, "atol": 1e-5}
SIZES = {
    "vocab_size": 53,
    "hidden_size": 21,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 29,
    "max_position_embeddings": 19,
    "type_vocab_size": 5,
}
SENTENCES = [
    "The ferry leaves at noon.",
    "Nobody expected the orchestra to play on after the lights went out, but it did.",
    "déjà vu, naïve façades & 東京 in 2024!",
    "ok",
    "It wasn't cheap; it wasn't quick; it was, however, unusually well made (for once).",
]


def random_checkpoint(*heads, labels=None, act="gelu"):
    config = BertConfig(**SIZES, hidden_act=act)
    generator = np.random.default_rng(13)
    num_labels = len(labels or "abcd")
    arrays = {
        row.google: generator.normal(0, 0.3, shape_of(row, config, num_labels)).astype("float32")
        for row in expand(config, (*ENCODER_PARTS, "pooler", *heads))
    }
    return Checkpoint(config, arrays, labels=labels)


def random_features(config, rows=13, length=11):
    generator = np.random.default_rng(17)
    lengths = generator.integers(1, length + 1, (rows, 1))
    mask = np.arange(length) < lengths
    return {
        "input_word_ids": (generator.integers(0, config.vocab_size, mask.shape) * mask).astype(
            "int32"
        ),
        "input_mask": mask.astype("int32"),
        "input_type_ids": generator.integers(0, config.type_vocab_size, mask.shape, "int32"),
    }


@pytest.mark.parametrize("act", ["gelu", "gelu_new", "gelu_tanh", "relu", "silu"])
def test_a_bare_model_that_we_wrote(tmp_path, act):
    write_checkpoint(random_checkpoint(act=act), tmp_path / "out", "huggingface")
    backbone = BertBackbone.from_preset(tmp_path / "out", output_hidden_states=True)
    features = random_features(backbone.config)
    theirs, report = oracle.run(tmp_path / "out", "BertModel", features, tmp_path)
    ours = backbone(features)
    assert report == {"missing_keys": [], "unexpected_keys": []}
    np.testing.assert_allclose(ours["sequence_output"], theirs["last_hidden_state"], **CLOSE)
    np.testing.assert_allclose(ours["pooled_output"], theirs["pooler_output"], **CLOSE)
    hidden = np.stack([np.asarray(h) for h in ours["hidden_states"]], 1)
    np.testing.assert_allclose(hidden, theirs["hidden_states"], **CLOSE)


@pytest.mark.parametrize(
    ("heads", "model_class", "output", "scope"),
    [
        (("classifier",), "AutoModelForSequenceClassification", "logits", ""),
        (("nsp",), "AutoModelForNextSentencePrediction", "logits", "cls/seq_relationship/"),
        (
            ("mlm", "nsp"),
            "AutoModelForPreTraining",
            "seq_relationship_logits",
            "cls/seq_relationship/",
        ),
    ],
)
def test_heads_on_the_pooled_output_that_we_wrote(tmp_path, heads, model_class, output, scope):
    checkpoint = random_checkpoint(*heads)
    write_checkpoint(checkpoint, tmp_path / "out", "huggingface")
    backbone = BertBackbone.from_preset(tmp_path / "out")
    features = random_features(backbone.config)
    theirs, report = oracle.run(tmp_path / "out", model_class, features, tmp_path)
    assert report == {"missing_keys": [], "unexpected_keys": []}
    weights = checkpoint.arrays[f"{scope}output_weights"]
    logits = np.asarray(backbone(features)["pooled_output"]) @ weights.T
    logits += checkpoint.arrays[f"{scope}output_bias"]
    np.testing.assert_allclose(logits, theirs[output], **CLOSE)


def test_a_question_answering_head_that_we_wrote(tmp_path):
    checkpoint = random_checkpoint("squad")
    write_checkpoint(checkpoint, tmp_path / "out", "huggingface")
    backbone = BertBackbone.from_preset(tmp_path / "out")
    features = random_features(backbone.config)
    theirs, report = oracle.run(
        tmp_path / "out", "AutoModelForQuestionAnswering", features, tmp_path
    )
    assert report["missing_keys"] == []
    weights = checkpoint.arrays["cls/squad/output_weights"]
    logits = np.asarray(backbone(features)["sequence_output"]) @ weights.T
    logits += checkpoint.arrays["cls/squad/output_bias"]
    np.testing.assert_allclose(logits[..., 0], theirs["start_logits"], **CLOSE)
    np.testing.assert_allclose(logits[..., 1], theirs["end_logits"], **CLOSE)


@pytest.mark.parametrize(
    ("model_class", "dtype", "options"),
    [
        ("BertModel", "float32", {}),
        ("BertForPreTraining", "float16", {}),
        ("BertForMaskedLM", "bfloat16", {}),
        ("BertForTokenClassification", "float32", {"max_shard_size": "9KB"}),
        ("BertForMultipleChoice", "float32", {}),
        ("BertForQuestionAnswering", "float32", {}),
    ],
)
def test_what_transformers_saves_we_load(tmp_path, model_class, dtype, options):
    saved = tmp_path / "saved"
    oracle.ask(
        **{"do": "save", "class": model_class, "folder": saved, "config": SIZES},
        dtype=dtype,
        options=options,
    )
    assert bool(options) == (saved / "model.safetensors.index.json").exists()
    checkpoint = read_checkpoint(saved)
    assert checkpoint.metadata["architectures"] == [model_class]
    has_pooler = "bert/pooler/dense/kernel" in checkpoint.arrays
    if has_pooler:
        backbone = BertBackbone.from_preset(saved)
    else:
        with pytest.warns(UserWarning, match="has no pooler"):
            backbone = BertBackbone.from_preset(saved)
    write_checkpoint(checkpoint, tmp_path / "again", "huggingface")
    features = random_features(backbone.config)
    theirs, _ = oracle.run(tmp_path / "again", "BertModel", features, tmp_path)
    ours = backbone(features)
    np.testing.assert_allclose(ours["sequence_output"], theirs["last_hidden_state"], **CLOSE)
    if has_pooler:
        np.testing.assert_allclose(ours["pooled_output"], theirs["pooler_output"], **CLOSE)


@pytest.fixture(scope="module")
def minilm():
    try:
        return resolve_preset("all-minilm-l6-v2")
    except ModuleNotFoundError as error:
        pytest.skip(str(error))


def sentences_as_features(folder):
    return BertPreprocessor.from_preset(folder, sequence_length=40)(SENTENCES)


@pytest.mark.parametrize("format", [None, "google", "huggingface", "keras"])
@pytest.mark.filterwarnings("ignore:Google's own code")
def test_minilm_computes_the_same_through_every_format(tmp_path, minilm, format):
    folder = minilm
    if format:
        folder = write_checkpoint(read_checkpoint(minilm), tmp_path / "out", format)
    features = sentences_as_features(folder)
    theirs, _ = oracle.run(minilm, "AutoModel", features, tmp_path)
    ours = BertBackbone.from_preset(folder)(features)
    kept = np.asarray(features["input_mask"], bool)
    sequence = np.asarray(ours["sequence_output"])
    np.testing.assert_allclose(sequence[kept], theirs["last_hidden_state"][kept], **CLOSE)
    np.testing.assert_allclose(ours["pooled_output"], theirs["pooler_output"], **CLOSE)


def test_minilm_that_we_wrote_computes_the_same_in_transformers(tmp_path, minilm):
    folder = write_checkpoint(read_checkpoint(minilm), tmp_path / "out", "huggingface")
    features = sentences_as_features(minilm)
    first, _ = oracle.run(minilm, "AutoModel", features, tmp_path)
    second, report = oracle.run(folder, "AutoModel", features, tmp_path)
    assert report == {"missing_keys": [], "unexpected_keys": []}
    for name, value in first.items():
        assert value.tobytes() == second[name].tobytes(), name


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("tokenizer_json", [True, False])
def test_the_tokenizer_that_we_wrote(tmp_path, minilm, lowercase, tokenizer_json):
    checkpoint = read_checkpoint(minilm)
    checkpoint.lowercase = lowercase
    folder = write_checkpoint(checkpoint, tmp_path / "out", "huggingface")
    if not tokenizer_json:
        (folder / "tokenizer.json").unlink()  # transformers makes it from the other files
    texts = [*SENTENCES, "a" * 99, "ab " * 200, ""] + ["b" * 101] * tokenizer_json
    theirs = oracle.ask(do="tokenize", folder=folder, texts=texts)
    assert theirs["class"].startswith("BertTokenizer")
    assert theirs["model_max_length"] == 512
    tokenizer = BertTokenizer.from_preset(folder)
    ours = [[tokenizer.cls_id, *ids, tokenizer.sep_id] for ids in tokenizer(texts).to_list()]
    assert theirs["ids"] == ours
    assert theirs["fast"] == ours
