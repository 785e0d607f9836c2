"""Answers questions from an exported SavedModel; needs only tensorflow and tensorflow_text.

    python examples/answer.py MODEL/VERSION ["a question" ...]

Without questions it reads one a line, typed or piped. Neither Keras nor keras_bert is
imported: the tokenizer and the labels are inside the SavedModel.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow_text  # noqa: F401  # its operations are part of the graph


def answer(serve, texts: list[str]) -> None:
    """Prints the label and its probability for each text."""
    answers = serve(text=tf.constant(texts))  # label string [B], score float32 [B]
    for text, label, score in zip(texts, answers["label"], answers["score"], strict=True):
        print(f"  {text}\n    {label.numpy().decode('utf-8')}  {score.numpy():.1%}", flush=True)


def main(path: str, *texts: str) -> None:
    """Loads the model once, then answers."""
    model = tf.saved_model.load(path)
    serve = model.signatures["serving_default"]
    if texts:
        answer(serve, list(texts))
        return
    if sys.stdin.isatty():
        print("Ask something; an empty line ends.", flush=True)
    for line in map(str.strip, sys.stdin):
        if not line:
            return
        answer(serve, [line])


if __name__ == "__main__":
    main(*sys.argv[1:])
