"""Writes a classifier of `LABELS` labels with a new head: `FOLDER/classifier`, for transformers.

    write_classifier.py '{"folder": …, "length": …}'

`reference.json` becomes the probabilities of the first text, as a vector of length 1.
"""

import json
import pathlib
import sys

import keras
from answer_loop import sample

from keras_bert.models.classifier import BertClassifier

LABELS = 77  # as many as banking77 has


def main():
    """Write both."""
    settings = json.loads(sys.argv[1])
    folder = pathlib.Path(settings["folder"])
    keras.utils.set_random_seed(0)
    labels = [f"label {number}" for number in range(LABELS)]
    task = BertClassifier.from_preset(
        folder / "weights", labels=labels, sequence_length=settings["length"]
    )
    task.save_to_preset(folder / "classifier", format="huggingface")
    first = json.loads((folder / "texts.json").read_text("utf-8"))[:1]
    reference = sample(task.predict(first, verbose=0)["probabilities"])
    (folder / "reference.json").write_text(json.dumps(reference), "utf-8")


if __name__ == "__main__":
    main()
