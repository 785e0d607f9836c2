"""Records checkpoints and an encoder module of tf-models-official, and what they compute.

Run with tf-models-official and safetensors, from the repository's root:
    PYTHONPATH=. python tests/golden/record_tf_models.py
It writes beside this file, in `tf_models/`, one small random BERT in every layout:
`source/` (Google's TF1 names), and from it by the Model Garden's own converter and classes
`encoder/` (`BertEncoder`), `pretrainer/` (the same with its masked-LM head), `v1/` (a functional
model of the same layers: layer_with_weights-N and nothing else), `v2/` (`BertEncoderV2` and a
next-sentence head, as pretraining saves them), the module `encoder.tar.gz` of its exporter,
and `outputs.npz`, computed by the module.
Recorded with tf-models-official 2.20.0, tensorflow 2.20.0.
"""

import json
import pathlib
import shutil
import tarfile
import tempfile

import numpy as np
import tensorflow as tf
import tf_keras
from official.legacy.bert import configs
from official.nlp.modeling import layers, models, networks
from official.nlp.tools import export_tfhub_lib, tf2_bert_encoder_checkpoint_converter

from keras_bert.checkpoints.rows import expand, shape_of
from keras_bert.config import BertConfig

FOLDER = pathlib.Path(__file__).parent / "tf_models"
SIZES = {
    "vocab_size": 37,
    "hidden_size": 22,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 29,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.2,
    "attention_probs_dropout_prob": 0.1,
    "max_position_embeddings": 19,
    "type_vocab_size": 5,
    "initializer_range": 0.02,
}
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnop", "##é", "東"]
BATCH, LENGTH, POSITIONS = 7, 13, 3


def write_source() -> None:
    """Random weights by Google's TF1 names, and the configuration that goes with them."""
    source = FOLDER / "source"
    source.mkdir(parents=True)
    generator = np.random.default_rng(5)
    arrays = {}
    for row in expand(BertConfig(**SIZES), ("embeddings", "encoder", "pooler", "mlm", "nsp")):
        arrays[row.google] = generator.normal(
            0.0, 0.3, shape_of(row, BertConfig(**SIZES), None)
        ).astype("float32")
        if row.google.endswith("gamma"):
            arrays[row.google] += 1.0
    names = sorted(arrays)
    tf.raw_ops.SaveV2(
        prefix=str(source / "bert_model.ckpt"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[arrays[name] for name in names],
    )
    for folder in ("source", "encoder", "v1", "v2", "pretrainer"):
        (FOLDER / folder).mkdir(exist_ok=True)
        (FOLDER / folder / "bert_config.json").write_text(json.dumps(SIZES, indent=1) + "\n")
    (source / "vocab.txt").write_text("".join(f"{token}\n" for token in TOKENS), encoding="utf-8")


def convert(folder: str, what: str, name: str) -> None:
    """The Model Garden's converter, from the source."""
    tf2_bert_encoder_checkpoint_converter.convert_checkpoint(
        configs.BertConfig.from_dict(SIZES),
        str(FOLDER / folder / "bert_model.ckpt"),
        str(FOLDER / "source" / "bert_model.ckpt"),
        checkpoint_model_name=name,
        converted_model=what,
    )
    (FOLDER / folder / "checkpoint").unlink()


def write_v2() -> None:
    """The encoder as a layer, under a pretrainer with a next-sentence head, as its task saves."""
    encoder = networks.BertEncoderV2(
        **{key: SIZES[key] for key in ("vocab_size", "hidden_size", "num_attention_heads")},
        num_layers=SIZES["num_hidden_layers"],
        inner_dim=SIZES["intermediate_size"],
        max_sequence_length=SIZES["max_position_embeddings"],
        type_vocab_size=SIZES["type_vocab_size"],
    )
    head = layers.ClassificationHead(SIZES["hidden_size"], 2, name="next_sentence")
    pretrainer = models.BertPretrainerV2(encoder, classification_heads=[head])
    pretrainer(pretrainer.inputs)
    v1 = tf2_bert_encoder_checkpoint_converter._create_bert_pretrainer_model(
        configs.BertConfig.from_dict(SIZES)
    )
    tf.train.Checkpoint(model=v1).restore(
        str(FOLDER / "pretrainer" / "bert_model.ckpt-1")
    ).expect_partial()
    names = {variable.name: variable for variable in v1.variables}
    reader = tf.train.load_checkpoint(str(FOLDER / "source" / "bert_model.ckpt"))
    google = {
        "bert/next_sentence/pooler_dense/kernel:0": reader.get_tensor("bert/pooler/dense/kernel"),
        "bert/next_sentence/pooler_dense/bias:0": reader.get_tensor("bert/pooler/dense/bias"),
        "bert/next_sentence/logits/kernel:0": reader.get_tensor(
            "cls/seq_relationship/output_weights"
        ).T,
        "bert/next_sentence/logits/bias:0": reader.get_tensor("cls/seq_relationship/output_bias"),
    }
    for variable in pretrainer.variables:
        name = variable.name.removeprefix("bert_encoder_v2/")
        variable.assign(google[name] if name in google else names[name])
    encoder.pooler_layer.kernel.assign(tf.ones_like(encoder.pooler_layer.kernel))  # not used
    checkpoint = tf.train.Checkpoint(model=pretrainer, **pretrainer.checkpoint_items)
    checkpoint.write(str(FOLDER / "v2" / "ckpt-17"))
    # Layers by number alone, as models of 2020 were, whose classes had no names for them.
    functional = tf_keras.Model(v1.encoder_network.inputs, v1.encoder_network.outputs)
    tf.train.Checkpoint(model=functional).write(str(FOLDER / "v1" / "bert_model.ckpt"))


def write_module() -> None:
    """The exporter's encoder module, packed as it is published, and its answers."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "module"
        export_tfhub_lib.export_model(
            str(path),
            bert_config=configs.BertConfig.from_dict(SIZES),
            model_checkpoint_path=str(FOLDER / "pretrainer" / "bert_model.ckpt-1"),
            with_mlm=True,
            vocab_file=str(FOLDER / "source" / "vocab.txt"),
            do_lower_case=True,
        )
        with tarfile.open(FOLDER / "encoder.tar.gz", "w:gz") as archive:
            archive.add(path, arcname=".")
        record_outputs(tf.saved_model.load(str(path)))


def record_outputs(module) -> None:
    """What the module answers, with and without padding."""
    generator = np.random.default_rng(3)
    lengths = np.array([13, 1, 2, 3, 5, 8, 13])
    mask = (np.arange(LENGTH) < lengths[:, None]).astype("int32")
    features = {
        "input_word_ids": generator.integers(0, 37, (BATCH, LENGTH)).astype("int32") * mask,
        "input_mask": mask,
        "input_type_ids": generator.integers(0, 5, (BATCH, LENGTH)).astype("int32"),
    }
    positions = generator.integers(0, LENGTH, (BATCH, POSITIONS)).astype("int32")
    answers = module.mlm({**features, "masked_lm_positions": positions})
    np.savez_compressed(
        FOLDER / "outputs.npz",
        **features,
        masked_lm_positions=positions,
        encoder_outputs=np.stack([tensor.numpy() for tensor in answers["encoder_outputs"]]),
        **{
            name: answers[name].numpy()
            for name in ("sequence_output", "pooled_output", "mlm_logits")
        },
    )


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    write_source()
    convert("encoder", "encoder", "encoder")
    convert("pretrainer", "pretrainer", "model")
    write_v2()
    write_module()
