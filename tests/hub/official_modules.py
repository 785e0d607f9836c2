"""Writes the Model Garden's own pair of modules; runs in whichever Python has it.

python official_modules.py FOLDER LENGTH

FOLDER holds `bert_config.json`, `vocab.txt` and `weights.npz`, by the names of variables.
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf
from official.legacy.bert import configs
from official.modeling import tf_utils
from official.nlp.modeling import models
from official.nlp.tools import export_tfhub_lib


def main(folder: pathlib.Path, length: int) -> None:
    config = configs.BertConfig.from_json_file(str(folder / "bert_config.json"))
    pretrainer = models.BertPretrainerV2(
        encoder_network=export_tfhub_lib.get_bert_encoder(config),
        mlm_activation=tf_utils.get_activation(config.hidden_act),
    )
    pretrainer(pretrainer.inputs)
    weights = np.load(folder / "weights.npz")
    arrays = {name.replace("|", "/"): weights[name] for name in weights.files}
    for variable in pretrainer.variables:
        name = variable.name.removesuffix(":0")
        # The head's variables are named in full only once they are in a module.
        name = name if name in arrays else f"bert/{name}"
        variable.assign(arrays.pop(name).reshape(variable.shape))
    if arrays:
        raise SystemExit(f"expected a variable for each array; received more: {sorted(arrays)}")
    checkpoint = tf.train.Checkpoint(**pretrainer.checkpoint_items)
    vocabulary = str(folder / "vocab.txt")
    export_tfhub_lib.export_model(
        str(folder / "official_encoder" / "1"),
        bert_config=config,
        model_checkpoint_path=checkpoint.save(str(folder / "checkpoint" / "bert_model.ckpt")),
        with_mlm=True,
        vocab_file=vocabulary,
        do_lower_case=True,
    )
    export_tfhub_lib.export_preprocessing(
        str(folder / "official_preprocess" / "1"),
        vocab_file=vocabulary,
        do_lower_case=True,
        tokenize_with_offsets=True,
        default_seq_length=length,
    )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
