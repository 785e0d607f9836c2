"""keras-hub on TensorFlow: the backbone, the classifier's step, strings by `fit` and `predict`."""

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


def classifier_of(settings, preprocessor=None):
    """A compiled `BertTextClassifier` of two labels."""
    import keras
    import keras_hub

    backbone = keras_hub.models.BertBackbone.from_preset(
        weights_of(settings), dtype=MIXED[settings["dtype"]], dropout=settings["dropout"]
    )
    classifier = keras_hub.models.BertTextClassifier(
        backbone, num_classes=2, dropout=settings["dropout"], preprocessor=preprocessor
    )
    classifier.compile(
        optimizer=keras.optimizers.AdamW(5e-5, weight_decay=0.01, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[],
    )
    return classifier


def train(settings):
    """A step on full rows; the loss."""
    import numpy as np

    classifier = classifier_of(settings)
    features, labels = features_of(settings), np.arange(settings["batch"]) % 2
    return lambda: np.float64(classifier.train_on_batch(features, labels))


def preprocessor_of(settings):
    """Strings to rows that are all of one length."""
    import keras_hub

    path = pathlib.Path(weights_of(settings), "vocab.txt")
    tokenizer = keras_hub.models.BertTokenizer(
        vocabulary=path.read_text("utf-8").splitlines(), lowercase=True
    )
    return keras_hub.models.BertTextClassifierPreprocessor(
        tokenizer, sequence_length=settings["length"]
    )


def fit(settings):
    """An epoch of `fit` on strings; the loss."""
    import numpy as np

    classifier = classifier_of(settings, preprocessor_of(settings))
    given, size = given_texts(settings), settings["batch"]
    labels = np.arange(len(given)) % 2

    def run():
        history = classifier.fit(np.array(given, object), labels, batch_size=size, verbose=0)
        return np.float64(history.history["loss"][-1])

    return run


def texts(settings):
    """Strings by a classifier's `predict`, whose head is new: keras-hub reads none."""
    classifier = classifier_of(settings | {"dropout": 0.0}, preprocessor_of(settings))
    given = given_texts(settings)
    return lambda: classifier.predict(given, batch_size=settings["batch"], verbose=0)


if __name__ == "__main__":
    jobs = {"forward": forward, "train": train, "fit": fit, "texts": texts, "classify": texts}
    answer(jobs, ("keras-hub", "keras", "tensorflow"))
