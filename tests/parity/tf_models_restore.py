"""Restores a checkpoint into the Model Garden's classes and prints how far they differ.

    python tf_models_restore.py PREFIX CONFIG OUTPUTS

Run with tf-models-official. Prints one JSON object: by class, the largest absolute
difference from the outputs recorded in OUTPUTS.
"""

import json
import pathlib
import sys

import numpy as np
import tensorflow as tf
from official.legacy.bert import configs
from official.modeling import tf_utils
from official.nlp.modeling import layers, models, networks
from official.nlp.tools import export_tfhub_lib

NAMES = ("input_word_ids", "input_mask", "input_type_ids")


def main(prefix: str, config_file: str, outputs_file: str) -> None:
    """Compares three classes."""
    sizes = json.loads(pathlib.Path(config_file).read_text())
    recorded = np.load(outputs_file)
    features = {name: tf.constant(recorded[name]) for name in NAMES}

    def difference(outputs, names=("sequence_output", "pooled_output")):
        return max(float(np.abs(outputs[name].numpy() - recorded[name]).max()) for name in names)

    v1 = export_tfhub_lib.get_bert_encoder(configs.BertConfig.from_dict(sizes))
    restored = tf.train.Checkpoint(model=v1, encoder=v1).restore(prefix)
    restored.assert_existing_objects_matched()
    found = {"BertEncoder": difference(v1([features[name] for name in NAMES]))}

    def make_v2():
        encoder = networks.BertEncoderV2(
            vocab_size=sizes["vocab_size"],
            hidden_size=sizes["hidden_size"],
            num_layers=sizes["num_hidden_layers"],
            num_attention_heads=sizes["num_attention_heads"],
            inner_dim=sizes["intermediate_size"],
            max_sequence_length=sizes["max_position_embeddings"],
            type_vocab_size=sizes["type_vocab_size"],
        )
        encoder(encoder.inputs)
        return encoder

    v2 = make_v2()
    tf.train.Checkpoint(model=v2).restore(prefix).assert_existing_objects_matched()
    found["BertEncoderV2"] = difference(v2(features))

    head = layers.ClassificationHead(sizes["hidden_size"], 2, name="next_sentence")
    gelu = tf_utils.get_activation("gelu")
    pretrainer = models.BertPretrainerV2(make_v2(), gelu, classification_heads=[head])
    pretrainer(pretrainer.inputs)
    restored = tf.train.Checkpoint(model=pretrainer, **pretrainer.checkpoint_items).restore(prefix)
    restored.assert_existing_objects_matched()
    restored.assert_consumed()
    positions = tf.constant(recorded["masked_lm_positions"])
    outputs = pretrainer({**features, "masked_lm_positions": positions})
    found["BertPretrainerV2"] = difference(outputs)
    found["mlm_logits"] = difference(outputs, ("mlm_logits",))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
