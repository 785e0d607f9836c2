"""`keras-bert pretrain`: BERT learns masked words, and which sentence comes next."""

import argparse
import math
import time
from typing import TYPE_CHECKING, Any

from keras_bert.cli.device_arguments import add_device_arguments, device_scope
from keras_bert.cli.output import print_scores, progress_to_stderr, verbosity
from keras_bert.cli.pretrain_arguments import SIZES, add_pretrain_arguments, kept_flags

if TYPE_CHECKING:
    from keras_bert.config import BertConfig
    from keras_bert.data.pretraining_records import PretrainingRecords
    from keras_bert.text.tokenizer import BertTokenizer
    from keras_bert.training.pretraining_recipe import PretrainingRecipe

HELP = "pretrain a BERT, new or further, on records of masked text"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    add_pretrain_arguments(parser)
    add_device_arguments(parser, processes=True)


def run(arguments: argparse.Namespace) -> int:
    """Trains to the last step and writes the model with its heads."""
    with device_scope(arguments):
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from keras_bert.checkpoints.atomic import check_destination
    from keras_bert.cli.pretrain_origin import origin_facts
    from keras_bert.cli.run_flags import delete_flags, keep_flags

    check_destination(arguments.out, overwrite=arguments.overwrite)
    _refuse_contradictions(arguments)
    from keras_bert.data.faulty_records import naming_faulty_records
    from keras_bert.data.pretraining_passes import digest
    from keras_bert.data.pretraining_records import inspect_records
    from keras_bert.data.record_files import record_files
    from keras_bert.training.processes import writes_results
    from keras_bert.training.resume import ResumableTraining

    records = inspect_records(arguments.data)
    next_sentence = _next_sentence(arguments, records)
    tokenizer = _tokenizer(arguments)
    _refuse_other_case(records, tokenizer)
    if arguments.checkpoint:
        length = records.schema.sequence_length
        config = None if arguments.init else _config(arguments, len(tokenizer.vocabulary), length)
        flags = kept_flags(arguments) | origin_facts(arguments, tokenizer, config)
        flags |= {"files of --data": digest(records.files), "--next-sentence": next_sentence}
        begun = ResumableTraining(arguments.checkpoint).path.exists()
        keep_flags(arguments.checkpoint, flags, begun=begun)
    started = time.monotonic()
    read = [*records.files, *(record_files(arguments.valid) if arguments.valid else ())]
    with progress_to_stderr(), naming_faulty_records(read, len(tokenizer.vocabulary)):
        task, result, state = _train(arguments, records, tokenizer, next_sentence)
    result |= {"seconds": round(time.monotonic() - started, 1)}
    if not writes_results():
        return 0
    task.save_to_preset(arguments.out, overwrite=arguments.overwrite)
    if state is not None:  # the result is safe: nothing is left to resume
        state.delete()
        delete_flags(arguments.checkpoint)
    print_scores({"out": arguments.out, "steps": arguments.steps, **result}, as_json=arguments.json)
    return 0


def _train(
    arguments: argparse.Namespace,
    records: "PretrainingRecords",
    tokenizer: "BertTokenizer",
    next_sentence: bool,
) -> tuple[Any, dict[str, Any], Any]:
    import keras

    from keras_bert.data.pretraining_passes import pretraining_stream
    from keras_bert.data.pretraining_records import read_pretraining_records
    from keras_bert.models.pretraining_run import compile_pretraining, run_pretraining
    from keras_bert.training.pretraining_progress import Throughput
    from keras_bert.training.resume import ResumableTraining

    keras.utils.set_random_seed(arguments.seed)
    size, length = arguments.batch_size, records.schema.sequence_length
    vocabulary = tokenizer.vocabulary
    stream = pretraining_stream(
        arguments.data,
        size,
        steps=arguments.steps,
        steps_per_period=arguments.evaluate_every,
        parts=arguments.accumulation,
        seed=arguments.seed,
        vocabulary=vocabulary,
    )
    valid = arguments.valid and read_pretraining_records(
        arguments.valid, size, shuffle=False, vocabulary=vocabulary
    )
    task = _task(arguments, tokenizer, length, next_sentence)
    model = compile_pretraining(
        task,
        _recipe(arguments),
        loss_chunk=arguments.loss_chunk,
        jit_compile=arguments.jit_compile or "auto",
    )
    callbacks: list = [Throughput(size * length / arguments.accumulation)]
    if arguments.tensorboard:
        from keras_bert.training.tensor_board import CurveBoard

        callbacks.append(CurveBoard(arguments.tensorboard, update_freq=100))
    state = None
    if arguments.checkpoint:
        every = arguments.save_every_steps and arguments.save_every_steps * arguments.accumulation
        state = ResumableTraining(arguments.checkpoint, every)
    history = run_pretraining(
        model, stream, validation=valid, state=state, callbacks=callbacks, verbose=verbosity()
    )
    return task, _last(history.history), state


def _recipe(arguments: argparse.Namespace) -> "PretrainingRecipe":
    from keras_bert.training.pretraining_recipe import PretrainingRecipe

    return PretrainingRecipe(
        arguments.steps,
        arguments.learning_rate,
        arguments.warmup_steps,
        arguments.weight_decay,
        beta_2=arguments.beta_2,
        optimizer=arguments.optimizer,
        decay_power=arguments.decay_power,
        end_learning_rate=arguments.end_learning_rate,
        accumulation=arguments.accumulation,
    )


def _tokenizer(arguments: argparse.Namespace) -> "BertTokenizer":
    from keras_bert.text.tokenizer import BertTokenizer

    if arguments.vocab:
        return BertTokenizer(arguments.vocab, lowercase=not arguments.cased)
    return BertTokenizer.from_preset(arguments.init or arguments.preset)


def _task(
    arguments: argparse.Namespace, tokenizer: "BertTokenizer", length: int, next_sentence: bool
) -> Any:
    from keras_bert.models.pretraining_run import new_pretraining_task, task_class
    from keras_bert.text.preprocessor import BertPreprocessor

    options = {
        "dtype": arguments.dtype,
        "gradient_checkpointing": arguments.gradient_checkpointing,
    }
    if arguments.init:
        checkpoint, folder = _checkpoint(arguments, length)
        cls = task_class(next_sentence)
        return cls.from_checkpoint(checkpoint, folder, sequence_length=length, **options)
    config = _config(arguments, len(tokenizer.vocabulary), length)
    preprocessor = BertPreprocessor(tokenizer, length)
    return new_pretraining_task(config, preprocessor, next_sentence=next_sentence, **options)


def _checkpoint(arguments: argparse.Namespace, length: int) -> tuple[Any, Any]:
    """What --init holds, with as many positions as the records need."""
    from keras_bert.checkpoints.formats import read_checkpoint
    from keras_bert.checkpoints.longer_positions import METHODS, with_positions
    from keras_bert.presets import resolve_preset

    folder = resolve_preset(arguments.init)
    checkpoint = read_checkpoint(folder)
    positions = checkpoint.config.max_position_embeddings
    if length <= positions:
        return checkpoint, folder
    if not arguments.position_embeddings:
        raise ValueError(
            f"expected records of at most the {positions} positions of {arguments.init}; received "
            f"{length}: give --position-embeddings {' or '.join(METHODS)}"
        )
    return with_positions(checkpoint, length, arguments.position_embeddings), folder


def _config(
    arguments: argparse.Namespace, vocabulary_size: int, sequence_length: int
) -> "BertConfig":
    """The file's sizes, then the flags'; what neither tells follows from the rest."""
    import pathlib

    from keras_bert.checkpoints.json_file import read_json
    from keras_bert.config import BertConfig

    values = read_json(pathlib.Path(arguments.config)) if arguments.config else {}
    values |= {name: value for name in SIZES if (value := getattr(arguments, name)) is not None}
    values.setdefault("vocab_size", vocabulary_size)
    if not arguments.config and "hidden_size" in values:
        width = values["hidden_size"]
        values.setdefault("intermediate_size", 4 * width)
        values.setdefault("num_attention_heads", max(1, width // 64))
    if not arguments.config:
        values.setdefault("max_position_embeddings", max(512, sequence_length))
    return BertConfig.from_dict(values)


def _next_sentence(arguments: argparse.Namespace, records: "PretrainingRecords") -> bool:
    there = records.schema.next_sentence
    if arguments.next_sentence and not there:
        raise ValueError(
            f"expected records with next_sentence_labels for --next-sentence; received "
            f"{arguments.data} without: make them without --no-next-sentence"
        )
    return there if arguments.next_sentence is None else arguments.next_sentence


def _refuse_other_case(records: "PretrainingRecords", tokenizer: "BertTokenizer") -> None:
    """Records say how their text was lower-cased, and the model's text must be alike."""
    from keras_bert.data.pretraining_records import manifests_beside

    for folder, manifest in manifests_beside(records.files).items():
        made = (manifest.get("tokenizer") or {}).get("lowercase")
        if made is not None and made != tokenizer.lowercase:
            raise ValueError(
                f"expected text with lowercase={made}, as the records in {folder} are made; "
                f"received a tokenizer with lowercase={tokenizer.lowercase}: see --cased"
            )


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    sizes = [name for name in (*SIZES, "config") if getattr(arguments, name) is not None]
    if arguments.init and sizes:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in sizes)
        raise ValueError(f"expected the sizes of --init {arguments.init}; received {flags} too")
    if arguments.position_embeddings and not arguments.init:
        raise ValueError("expected --position-embeddings with --init; received a new model")
    if arguments.cased and not arguments.vocab:
        raise ValueError("expected --cased with --vocab; received it with a folder, which tells")
    if arguments.save_every_steps and not arguments.checkpoint:
        raise ValueError("expected --checkpoint with --save-every-steps; received none")


def _last(history: dict[str, list[float]]) -> dict[str, Any]:
    """The last value of each loss and metric, by short names.

    None stands for what JSON has no number for: the perplexity of a large loss.
    """
    short = {"val_": "valid_", "mlm_logits_": "", "nsp_logits_": "next_sentence_"}
    result = {}
    for name, values in history.items():
        if name.endswith("_logits_loss"):  # the perplexity tells it
            continue
        for long, brief in short.items():
            name = name.replace(long, brief)
        last = float(values[-1])
        result[name] = round(last, 6) if math.isfinite(last) else None
    return result
