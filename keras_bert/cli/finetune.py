"""`keras-bert finetune`: a pretrained BERT learns a task from a file of records."""

import argparse
import time
from typing import TYPE_CHECKING

from keras_bert.cli.output import print_scores, progress_to_stderr, verbosity
from keras_bert.cli.record_arguments import add_record_arguments, positive, record_options

if TYPE_CHECKING:
    from keras_bert.data.records import Records
    from keras_bert.models.task import Task

HELP = "fine-tune a pretrained BERT on a file of records"
TASKS = ("classify", "regress")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument("task", choices=TASKS, help="class names, or one number a record")
    parser.add_argument(
        "--preset",
        required=True,
        metavar="NAME|DIR",
        help="registered name, or a Google, Hugging Face or keras_bert folder",
    )
    parser.add_argument("--train", required=True, metavar="F", help="TSV, CSV or JSONL")
    parser.add_argument("--valid", metavar="F", help="held-out records, scored at the end")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the result goes")
    parser.add_argument("--overwrite", action="store_true", help="replace DIR if it is there")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    _add_recipe(parser.add_argument_group("recipe"))
    _add_run(parser.add_argument_group("run"))
    add_record_arguments(parser)


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--epochs", type=positive, default=3, metavar="N")
    group.add_argument("--batch-size", type=positive, default=32, metavar="N")
    group.add_argument("--learning-rate", type=float, default=5e-5, metavar="X")
    group.add_argument("--warmup-fraction", type=float, default=0.1, metavar="X")
    group.add_argument("--weight-decay", type=float, default=0.01, metavar="X")
    group.add_argument("--layer-decay", type=float, metavar="X", help="rate factor a layer down")
    group.add_argument("--sequence-length", type=positive, default=128, metavar="N")
    group.add_argument("--pooling", choices=("first", "mean", "max"), default="first")
    group.add_argument("--multi-label", action="store_true", help="any number of labels a record")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="weights, order, dropout")


def _add_run(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--dtype", metavar="POLICY", help="Keras dtype policy, such as mixed_bfloat16"
    )
    group.add_argument("--jit-compile", action="store_true", help="compile the step with XLA")
    group.add_argument("--tensorboard", metavar="DIR", help="write TensorBoard logs")
    group.add_argument(
        "--early-stopping", type=positive, metavar="N", help="stop N epochs after the best"
    )
    group.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="keep the run's state here until it is done; the same command resumes from it",
    )
    group.add_argument(
        "--save-every-steps", type=positive, metavar="N", help="and not only each epoch"
    )


def run(arguments: argparse.Namespace) -> int:
    """Reads, fine-tunes, scores the held-out part and writes the preset."""
    from keras_bert.checkpoints.atomic import check_destination
    from keras_bert.data.records import read_records

    check_destination(arguments.out, overwrite=arguments.overwrite)
    options = {"require_labels": True, **record_options(arguments)}
    train = read_records(arguments.train, **options)
    valid = read_records(arguments.valid, **options) if arguments.valid else None
    started = time.monotonic()
    callbacks = _callbacks(arguments)
    with progress_to_stderr():
        task = _fit(arguments, train, valid, callbacks)
    scores = {"out": arguments.out, "examples": len(train)}
    scores["seconds"] = round(time.monotonic() - started, 1)
    task.save_to_preset(arguments.out, overwrite=arguments.overwrite)
    if arguments.checkpoint:
        callbacks[-1].delete()  # the result is safe: nothing is left to resume
    if valid is not None:
        size = arguments.batch_size
        scores |= task.score(valid.inputs(), valid.labels, batch_size=size, verbose=0)
    print_scores(scores, as_json=arguments.json)
    return 0


def _fit(
    arguments: argparse.Namespace, train: "Records", valid: "Records | None", callbacks: list
) -> "Task":
    import keras

    keras.utils.set_random_seed(arguments.seed)
    task = _build(arguments, train)
    recipe = {"epochs": arguments.epochs, "batch_size": arguments.batch_size}
    task.compile_for(
        len(train),
        **recipe,
        learning_rate=arguments.learning_rate,
        warmup_fraction=arguments.warmup_fraction,
        weight_decay=arguments.weight_decay,
        layer_decay=arguments.layer_decay,
        jit_compile=arguments.jit_compile,
    )
    task.fit(
        train.inputs(),
        train.labels,
        **recipe,
        validation_data=valid and (valid.inputs(), valid.labels),
        seed=arguments.seed,
        verbose=verbosity(),
        callbacks=callbacks,
    )
    return task


def _build(arguments: argparse.Namespace, train: "Records") -> "Task":
    from keras_bert.models.classifier import BertClassifier
    from keras_bert.models.regressor import BertRegressor

    options = {
        "pairs": train.pairs is not None,
        "pooling": arguments.pooling,
        "sequence_length": arguments.sequence_length,
        "dtype": arguments.dtype,
    }
    if arguments.task == "regress":
        return BertRegressor.from_preset(arguments.preset, **options)
    labels = train.labels
    names = {name for row in labels for name in row} if arguments.multi_label else set(labels)
    return BertClassifier.from_preset(
        arguments.preset, labels=sorted(names), multi_label=arguments.multi_label, **options
    )


def _callbacks(arguments: argparse.Namespace) -> list:
    import keras

    callbacks: list = []
    if arguments.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(arguments.tensorboard, update_freq=10))
    if arguments.early_stopping:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor="val_loss" if arguments.valid else "loss",
                patience=arguments.early_stopping,
                restore_best_weights=True,
            )
        )
    if arguments.checkpoint:
        from keras_bert.training.resume import ResumableTraining

        callbacks.append(ResumableTraining(arguments.checkpoint, arguments.save_every_steps))
    return callbacks
