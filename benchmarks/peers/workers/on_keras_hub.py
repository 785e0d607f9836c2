"""keras-hub on TensorFlow: the backbone, the classifier's training step, strings by `predict`."""

import pathlib

from answer_loop import answer
from rows import given_texts, ids_of_rows, refuse_dtype

MIXED = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def weights_of(settings):
    """The prepared weights' folder, which keras-hub converts when it loads them."""
    refuse_dtype(settings, *MIXED)
    return str(pathlib.Path(settings["folder"]) / "weights")


def features_of(settings):
    """The rows by keras-hub's names."""
    ids, mask = ids_of_rows(settings, "int32")
    return {"token_ids": ids, "segment_ids": ids * 0, "padding_mask": mask}


def forward(settings):
    """Ids to `sequence_output`, by `predict_on_batch`."""
    import keras_hub

    backbone = keras_hub.models.BertBackbone.from_preset(
        weights_of(settings), dtype=MIXED[settings["dtype"]]
    )
    features = features_of(settings)
    return lambda: backbone.predict_on_batch(features)["sequence_output"].astype("float32")


def train(settings):
    """A step of `BertClassifier`; the loss."""
    import keras
    import keras_hub
    import numpy as np

    backbone = keras_hub.models.BertBackbone.from_preset(
        weights_of(settings), dtype=MIXED[settings["dtype"]], dropout=settings["dropout"]
    )
    classifier = keras_hub.models.BertTextClassifier(
        backbone, num_classes=2, dropout=settings["dropout"]
    )
    classifier.compile(
        optimizer=keras.optimizers.AdamW(5e-5, weight_decay=0.01, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[],
    )
    features, labels = features_of(settings), np.arange(settings["batch"]) % 2
    return lambda: np.float64(classifier.train_on_batch(features, labels))


def texts(settings):
    """Strings by a classifier's `predict` with its preprocessor, every row at one length."""
    import keras_hub

    folder = weights_of(settings)
    vocabulary = pathlib.Path(folder, "vocab.txt").read_text("utf-8").splitlines()
    tokenizer = keras_hub.models.BertTokenizer(vocabulary=vocabulary, lowercase=True)
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(
        tokenizer, sequence_length=settings["length"]
    )
    classifier = keras_hub.models.BertTextClassifier(
        keras_hub.models.BertBackbone.from_preset(folder, dtype=MIXED[settings["dtype"]]),
        num_classes=2,
        preprocessor=preprocessor,
    )
    given = given_texts(settings)
    return lambda: classifier.predict(given, batch_size=settings["batch"], verbose=0)


if __name__ == "__main__":
    packages = ("keras-hub", "keras", "tensorflow")
    answer({"forward": forward, "train": train, "texts": texts}, packages)
