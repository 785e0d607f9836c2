"""keras_bert in the process: a graph function, `fit` and its step, `encode` and `predict`."""

import os
import pathlib

from answer_loop import answer
from rows import given_texts, ids_of_rows, refuse_dtype

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def features_of(settings):
    """The three int32 tensors of the rows."""
    import tensorflow as tf

    ids, mask = ids_of_rows(settings, "int32")
    return {
        "input_word_ids": tf.constant(ids),
        "input_mask": tf.constant(mask),
        "input_type_ids": tf.constant(ids * 0),
    }


def weights_of(settings):
    """The prepared weights' folder; refuses precisions that Keras has no policy for here."""
    refuse_dtype(settings, *POLICIES)
    return pathlib.Path(settings["folder"]) / "weights"


def forward(settings):
    """Ids to `sequence_output`."""
    import tensorflow as tf

    from keras_bert.models.backbone import BertBackbone

    backbone = BertBackbone.from_preset(weights_of(settings), dtype=POLICIES[settings["dtype"]])
    features = features_of(settings)

    @tf.function(autograph=False)
    def run(inputs):
        return tf.cast(backbone(inputs, training=False)["sequence_output"], tf.float32)

    return lambda: run(features).numpy()


def task_of(kind, settings, **head):
    """A task of the prepared weights whose backbone drops at the rate of the settings."""
    rate = settings["dropout"]
    return kind.from_preset(
        weights_of(settings),
        sequence_length=settings["length"],
        gradient_checkpointing=settings.get("checkpointing", False),
        dtype=POLICIES[settings["dtype"]],
        hidden_dropout_prob=rate,
        attention_probs_dropout_prob=rate,
        **head,
    )


def classifier_of(settings):
    """A classifier of two labels, compiled with BERT's recipe."""
    from keras_bert.models.classifier import BertClassifier

    task = task_of(BertClassifier, settings, labels=["no", "yes"])
    task.compile_for(100_000, metrics=[])
    return task


def train(settings):
    """A step of the classifier as `fit` compiles it; the loss."""
    import numpy as np

    task = classifier_of(settings)
    features, labels = features_of(settings), np.arange(settings["batch"]) % 2
    return lambda: np.float64(task.train_on_batch(features, labels))


def fit(settings):
    """An epoch of `fit` on strings, in batches of like lengths or in packed rows; the loss."""
    import numpy as np

    task, given = classifier_of(settings), given_texts(settings)
    labels = [("no", "yes")[number % 2] for number in range(len(given))]
    options = {"packing": True} if settings["way"] == "packed" else {}

    def run():
        history = task.fit(given, labels, batch_size=settings["batch"], verbose=0, **options)
        return np.float64(history.history["loss"][-1])

    return run


def texts(settings):
    """`encode` of all texts."""
    from keras_bert.models.sentence_encoder import BertSentenceEncoder

    encoder = BertSentenceEncoder.from_preset(
        weights_of(settings),
        pooling="mean",
        sequence_length=settings["length"],
        dtype=POLICIES[settings["dtype"]],
    )
    given = given_texts(settings)
    return lambda: encoder.encode(given, batch_size=settings["batch"])


def classify(settings):
    """`predict` of all texts: their probabilities."""
    from keras_bert.models.classifier import BertClassifier

    refuse_dtype(settings, *POLICIES)
    task = BertClassifier.from_preset(
        pathlib.Path(settings["folder"]) / "classifier",
        sequence_length=settings["length"],
        dtype=POLICIES[settings["dtype"]],
    )
    given, size = given_texts(settings), settings["batch"]
    return lambda: task.predict(given, batch_size=size, verbose=0)["probabilities"]


if __name__ == "__main__":
    jobs = {"forward": forward, "train": train, "fit": fit, "texts": texts, "classify": classify}
    answer(jobs, ("keras-bert-text", "keras", "tensorflow"))
