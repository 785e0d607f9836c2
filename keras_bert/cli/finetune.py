"""`keras-bert finetune`: a pretrained BERT learns a task from a file of records."""

import argparse
import time
from typing import Any

from keras_bert.cli.device_arguments import add_device_arguments, device_scope
from keras_bert.cli.output import print_scores, progress_to_stderr, verbosity
from keras_bert.cli.record_arguments import add_record_arguments, positive
from keras_bert.cli.task_kinds import KINDS, load_kind

HELP = "fine-tune a pretrained BERT on a file of records"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments, for each kind of task its own."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    for name in KINDS:
        kind = load_kind(name)
        subparser = tasks.add_parser(name, help=kind.HELP, description=kind.HELP)
        _add_files(subparser)
        kind.add_arguments(subparser.add_argument_group("task"))
        _add_recipe(subparser.add_argument_group("recipe"))
        _add_run(subparser.add_argument_group("run"))
        add_device_arguments(subparser, processes=False)
        add_record_arguments(subparser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset",
        required=True,
        metavar="NAME|DIR",
        help="registered name, or a Google, Hugging Face or keras_bert folder",
    )
    parser.add_argument("--train", required=True, metavar="F", help="records: see the docs")
    parser.add_argument("--valid", metavar="F", help="held-out records, scored at the end")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the result goes")
    parser.add_argument("--overwrite", action="store_true", help="replace DIR if it is there")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--epochs", type=positive, default=3, metavar="N")
    group.add_argument("--batch-size", type=positive, default=32, metavar="N")
    group.add_argument("--learning-rate", type=float, default=5e-5, metavar="X")
    group.add_argument("--warmup-fraction", type=float, default=0.1, metavar="X")
    group.add_argument("--weight-decay", type=float, default=0.01, metavar="X")
    group.add_argument("--layer-decay", type=float, metavar="X", help="rate factor a layer down")
    group.add_argument(
        "--sequence-length",
        type=positive,
        metavar="N",
        help="of word pieces; 128, for answer 384, or the model's positions if they are fewer, "
        "if not given",
    )
    group.add_argument(
        "--packing",
        type=positive,
        nargs="?",
        const=True,
        metavar="N",
        help="several texts a row, of sequence length or N: for XLA and accelerators",
    )
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

    check_destination(arguments.out, overwrite=arguments.overwrite)
    kind = load_kind(arguments.task)
    train = kind.read(arguments.train, arguments, labelled=True)
    valid = kind.read(arguments.valid, arguments, labelled=True) if arguments.valid else None
    started = time.monotonic()
    callbacks = _callbacks(arguments)
    with progress_to_stderr():
        with device_scope(arguments):
            task = _fit(arguments, kind, train, valid, callbacks)
        if valid is not None and hasattr(kind, "tune"):
            kind.tune(task, valid, batch_size=arguments.batch_size, verbose=0)
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


def _fit(arguments: argparse.Namespace, kind: Any, train: Any, valid: Any, callbacks: list) -> Any:
    import keras

    keras.utils.set_random_seed(arguments.seed)
    task = kind.build(arguments, train, valid)
    recipe = {"epochs": arguments.epochs, "batch_size": arguments.batch_size}
    order = {"batch_size": arguments.batch_size, "shuffle": True, "seed": arguments.seed}
    few = {"few_lengths": True} if arguments.jit_compile else {}
    packing = _packing(arguments, task)
    batches = task.batches(train.inputs(), train.labels, **order, **few, **packing)
    task.compile_for(
        len(batches) * arguments.batch_size,
        **recipe,
        learning_rate=arguments.learning_rate,
        warmup_fraction=arguments.warmup_fraction,
        weight_decay=arguments.weight_decay,
        layer_decay=arguments.layer_decay,
        jit_compile=arguments.jit_compile,
    )
    task.fit(
        batches,
        **recipe,
        validation_data=valid and (valid.inputs(), valid.labels),
        verbose=verbosity(),
        callbacks=callbacks,
    )
    return task


def _packing(arguments: argparse.Namespace, task: Any) -> dict[str, Any]:
    if arguments.packing is None:
        return {}
    from keras_bert.models.packed_model import require_packable

    require_packable(task)
    return {"packing": arguments.packing}


def _callbacks(arguments: argparse.Namespace) -> list:
    import keras

    callbacks: list = []
    if arguments.tensorboard:
        from keras_bert.training.tensor_board import CurveBoard

        callbacks.append(CurveBoard(arguments.tensorboard, update_freq=10))
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
