"""Answers questions with words of a passage, or says that it holds no answer.

    python examples/answer_questions.py [--train SQUAD.json --test SQUAD.json]

Fine-tunes on SQuAD files (by default 30 questions on six passages of examples/questions,
enough to see the steps and far too few to answer well), tunes when to refuse, scores held-out
questions by SQuAD 2.0's rules, exports a SavedModel that takes strings, and asks it. `--smoke`
does the same with a tiny random model in seconds.
"""

import argparse
import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from keras_bert.config import BertConfig
from keras_bert.data import read_questions
from keras_bert.models import BertBackbone, BertQuestionAnswerer
from keras_bert.text import BertPreprocessor, BertTokenizer

DATA = pathlib.Path(__file__).resolve().parent / "questions"
SIZES = {"squad_v2": True, "max_query_length": 32, "stride": 64}


def tiny_answerer(texts: list[str]) -> BertQuestionAnswerer:
    """A random model whose vocabulary is the words of some texts."""
    words = sorted({word.strip("?,.").lower() for text in texts for word in text.split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", ",", ".", *words]
    sizes = {"hidden_size": 22, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(vocabulary), intermediate_size=29, **sizes)
    preprocessor = BertPreprocessor(BertTokenizer(vocabulary), sequence_length=128)
    return BertQuestionAnswerer(BertBackbone(config), preprocessor, **SIZES)


def ask(version: pathlib.Path, questions: list[str], contexts: list[str]) -> list[tuple]:
    """(answer, probability, first byte) of each question, as the exported model gives them."""
    model = tf.saved_model.load(version)
    answers = model.signatures["serving_default"](
        question=tf.constant(questions), context=tf.constant(contexts)
    )
    columns = (answers[name].numpy().tolist() for name in ("answer", "score", "byte_start"))
    return [(text.decode(), *rest) for text, *rest in zip(*columns, strict=True)]


def main() -> None:
    """Runs the steps in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--train", default=DATA / "train.json", help="SQuAD JSON or JSON lines")
    parser.add_argument("--test", default=DATA / "test.json", help="held-out questions")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--sequence-length", type=int, default=128)
    parser.add_argument("--out", default="runs/questions", help="model folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny random model, in seconds")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)

    train = read_questions(arguments.train, require_answers=True, misplaced="skip")
    test = read_questions(arguments.test, require_answers=True, misplaced="keep")
    if arguments.smoke:
        arguments.epochs, arguments.out = 1, tempfile.mkdtemp()
        answerer = tiny_answerer(train.questions + train.contexts)
    else:
        length = arguments.sequence_length
        answerer = BertQuestionAnswerer.from_preset(
            arguments.preset, sequence_length=length, **SIZES
        )

    recipe = {"epochs": arguments.epochs, "batch_size": 8}
    batches = answerer.batches(train.inputs(), train.labels, batch_size=8, shuffle=True)
    answerer.compile_for(batches.records, learning_rate=3e-4, **recipe)
    answerer.fit(batches, epochs=arguments.epochs, verbose=2)

    # With more data, tune on questions that are neither trained on nor scored.
    answerer.tune_threshold(train.inputs(), train.labels)
    scores = answerer.score(test.inputs(), test.labels)
    print(f"\n{len(test)} held-out questions, no answer above {answerer.spans.null_threshold:.2f}:")
    for name in ("exact_match", "f1", "HasAns_f1", "NoAns_f1"):
        print(f"  {name:<12}{scores.get(name, 0):6.1f}%")

    version = answerer.export(pathlib.Path(arguments.out) / "1", overwrite=True)
    print(f"\nexported {version}, which answers:")
    asked = ask(version, test.questions[:5], test.contexts[:5])
    for question, (answer, score, start) in zip(test.questions, asked, strict=False):
        place = f"from byte {start}" if answer else "not in the passage"
        print(f"  {question}\n    {answer or '-'}  ({score:.0%}, {place})")


if __name__ == "__main__":
    main()
