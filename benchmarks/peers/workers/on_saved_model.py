"""The exported SavedModel in TensorFlow alone: `features` (ids) or `serving_default` (strings)."""

import os
import pathlib

from answer_loop import answer
from rows import given_texts, ids_of_rows, refuse_dtype, texts_of_rows

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def signature_of(settings, name):
    """A signature of the loaded model, which it keeps alive."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  # its operations are part of the graph

    refuse_dtype(settings, "float32", "bfloat16", "int8")
    loaded = tf.saved_model.load(
        str(pathlib.Path(settings["folder"]) / "served" / settings["dtype"] / "1")
    )
    signature = loaded.signatures[name]
    signature.loaded = loaded
    return signature


def forward(settings):
    """A batch of rows to vectors."""
    import tensorflow as tf

    signature = signature_of(settings, settings["way"])
    if settings["way"] == "features":
        ids, mask = ids_of_rows(settings, "int32")
        arrays = {"input_word_ids": ids, "input_mask": mask, "input_type_ids": ids * 0}
        output = "logits"
    else:
        arrays, output = {"text": texts_of_rows(settings)}, "embedding"
    inputs = {name: tf.constant(array) for name, array in arrays.items()}
    return lambda: signature(**inputs)[output].numpy()


def texts(settings):
    """All texts in the order in which they come, a batch a request."""
    import numpy as np
    import tensorflow as tf

    signature = signature_of(settings, settings["way"])
    given, size = given_texts(settings), settings["batch"]
    batches = [given[i : i + size] for i in range(0, len(given), size)]

    def run():
        vectors = [signature(text=tf.constant(batch))["embedding"].numpy() for batch in batches]
        return np.concatenate(vectors)

    return run


if __name__ == "__main__":
    answer({"forward": forward, "texts": texts}, ("keras-bert-text", "tensorflow"))
