"""The TensorFlow Model Garden: its BERT encoder and its training step, in graph functions.

The weights are random ones of its own; a time does not depend on them.
"""

import json
import os
import pathlib

from answer_loop import answer
from rows import ids_of_rows, refuse_dtype

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def encoder_of(settings, dropout=0.0):
    """`BertEncoderV2` of the prepared configuration, under the precision's policy."""
    import tf_keras
    from official.nlp import modeling

    refuse_dtype(settings, "float32", "bfloat16")
    policies = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
    tf_keras.mixed_precision.set_global_policy(policies[settings["dtype"]])
    path = pathlib.Path(settings["folder"]) / "weights" / "config.json"
    config = json.loads(path.read_text("utf-8"))
    return modeling.networks.BertEncoderV2(
        vocab_size=config["vocab_size"],
        hidden_size=config["hidden_size"],
        num_layers=config["num_hidden_layers"],
        num_attention_heads=config["num_attention_heads"],
        inner_dim=config["intermediate_size"],
        inner_activation=lambda x: tf_keras.activations.gelu(x, approximate=True),
        output_dropout=dropout,
        attention_dropout=dropout,
    )


def features_of(settings):
    """The rows by the Model Garden's names."""
    import tensorflow as tf

    ids, mask = ids_of_rows(settings, "int32")
    arrays = {"input_word_ids": ids, "input_mask": mask, "input_type_ids": ids * 0}
    return {name: tf.constant(array) for name, array in arrays.items()}


def timed_only(step):
    """A step whose answer is not compared: NaN stands for weights that are others."""
    import numpy as np

    def run():
        step()
        return np.float64("nan")

    return run


def forward(settings):
    """Ids to `sequence_output`."""
    import tensorflow as tf

    encoder, features = encoder_of(settings), features_of(settings)

    @tf.function(autograph=False)
    def run(inputs):
        return encoder(inputs, training=False)["sequence_output"]

    return timed_only(lambda: run(features).numpy())


def train(settings):
    """Forward, backward, and the Model Garden's AdamW with its clipping."""
    import tensorflow as tf
    import tf_keras
    from official.modeling import optimization
    from official.nlp import modeling

    encoder = encoder_of(settings, settings["dropout"])
    model = modeling.models.BertClassifier(encoder, 2, dropout_rate=settings["dropout"])
    optimizer = optimization.legacy_adamw.AdamWeightDecay(
        5e-5, weight_decay_rate=0.01, gradient_clip_norm=1.0
    )
    loss_of = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    features, labels = features_of(settings), tf.range(settings["batch"]) % 2

    @tf.function(autograph=False)
    def run(inputs, targets):
        with tf.GradientTape() as tape:
            logits = tf.cast(model(inputs, training=True), tf.float32)
            loss = loss_of(targets, logits)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return timed_only(lambda: run(features, labels).numpy())


if __name__ == "__main__":
    answer({"forward": forward, "train": train}, ("tf-models-official", "tensorflow"))
