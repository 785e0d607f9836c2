"""Two pairs of modules with the same weights: ours, and those of the Model Garden's exporter.

The Model Garden is asked where it is installed, or behind KERAS_BERT_OFFICIAL_PYTHON.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.checkpoints.hub_names import hub_names
from keras_bert.checkpoints.rows import expand, shape_of
from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.hub_modules import export_hub_modules

HERE = pathlib.Path(__file__).parent
LENGTH = 29  # tokens that the preprocessing gives by default
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["ada", "##s", "bell", "cafe", "die", "stadt", "in", "lives", "met", "狗", "猫", "!", "?"]
VOCABULARY = [*SPECIAL, *WORDS, "un", "##able", "#", "[unused1]", "[unused2]"]


class Pair(NamedTuple):
    """Two modules, loaded, and where they lie."""

    encoder: tf.train.Checkpoint
    preprocess: tf.train.Checkpoint
    encoder_path: pathlib.Path
    preprocess_path: pathlib.Path


@pytest.fixture(scope="session")
def config():
    return BertConfig(
        vocab_size=23,
        hidden_size=22,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=37,
        hidden_act="gelu_new",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        max_position_embeddings=31,
        type_vocab_size=2,
    )


@pytest.fixture(scope="session")
def preset(config, tmp_path_factory):
    """A folder with a random encoder and its masked language model's head."""
    generator = np.random.default_rng(13)
    arrays = {
        row.google: generator.normal(0, 0.3, shape_of(row, config, 2)).astype("float32")
        for row in expand(config, ("embeddings", "encoder", "pooler", "mlm"))
    }
    for name in arrays:
        arrays[name] += np.float32(name.endswith("gamma"))  # around one, or nothing would be learnt
    checkpoint = Checkpoint(config, arrays, vocabulary=VOCABULARY, lowercase=True)
    return write_checkpoint(checkpoint, tmp_path_factory.mktemp("presets") / "small", "keras")


@pytest.fixture(scope="session")
def backbone(preset):
    return BertBackbone.from_preset(preset)


@pytest.fixture(scope="session")
def quiet():
    """The environment of other processes."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="session", params=["ours", "official"])
def pair(request, preset, config, quiet, tmp_path_factory):
    """The two modules of one maker."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "ours":
        modules = export_hub_modules(preset, folder, name="small", sequence_length=LENGTH)
    else:
        modules = official_modules(preset, config, folder, quiet)
    return Pair(*map(hub.load, map(str, modules)), *modules)


def official_modules(preset, config, folder, environment):
    """What the Model Garden's exporter makes of the same weights."""
    python = beside("parity", "tokenizer_google").oracle_python()
    if python is None:
        pytest.skip("tf-models-official is not installed")
    checkpoint = read_checkpoint(preset)
    names = hub_names(config, masked_lm=True)
    arrays = {hub: checkpoint.arrays[google] for google, hub in names.items()}
    np.savez(folder / "weights.npz", **{k.replace("/", "|"): v for k, v in arrays.items()})
    # In Google's files `gelu` is the tanh form.
    facts = config.to_dict() | {"hidden_act": "gelu"}
    facts = {key: facts[key] for key in facts if key != "layer_norm_eps"}
    (folder / "bert_config.json").write_text(json.dumps(facts))
    (folder / "vocab.txt").write_text("".join(f"{p}\n" for p in checkpoint.vocabulary), "utf-8")
    command = [python, str(HERE / "official_modules.py"), str(folder), str(LENGTH)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "official_encoder" / "1", folder / "official_preprocess" / "1"


def beside(folder, name):
    """A module of another folder of tests."""
    path = HERE.parent / folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def c_loader():
    """Asks SavedModels through TensorFlow's C API; skips without a compiler."""
    loader = beside("conformance", "c_loader")
    if loader.compiler() is None:
        pytest.skip("there is no C compiler")
    return loader
