"""The arguments of `keras-bert pretrain`."""

import argparse
import dataclasses
from typing import Any

from keras_bert.cli.pretrain_origin import SOURCES
from keras_bert.cli.record_arguments import positive
from keras_bert.config import BertConfig

# Of a new model; the rest of the configuration is rarely changed: --config FILE.
SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "hidden_act",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
)
# Flags that another start of the same run may change; of files the contents are compared.
FREE = (
    *("data", "valid"),
    *SOURCES,
    *("out", "overwrite", "json", "checkpoint", "save_every_steps", "tensorboard"),
    *("verb", "run"),
    # A run may go on with other devices.
    *("strategy", "data_parallel", "model_parallel", "coordinator", "processes", "process"),
)
# Flags that the first version did not have, with the value that stands for what it did.
LATER = {"optimizer": "adamw", "decay_power": 1.0, "end_learning_rate": 0.0, "accumulation": 1}


def add_pretrain_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares all of them, by groups."""
    _add_files(parser.add_argument_group("data and results"))
    _add_model(parser.add_argument_group("model"))
    _add_recipe(parser.add_argument_group("recipe"))
    _add_run(parser.add_argument_group("run"))


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--data", required=True, metavar="DIR|GLOB", help="records of keras-bert pretrain-data"
    )
    group.add_argument("--valid", metavar="DIR|GLOB", help="held-out records")
    group.add_argument("--out", required=True, metavar="DIR", help="where the model goes")
    group.add_argument("--overwrite", action="store_true", help="replace DIR if it is there")
    group.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_model(group: argparse._ArgumentGroup) -> None:
    source = group.add_mutually_exclusive_group(required=True)
    source.add_argument("--vocab", metavar="FILE", help="a new model, for this vocabulary")
    source.add_argument("--preset", metavar="NAME|DIR", help="a new model, for its vocabulary")
    source.add_argument(
        "--init", metavar="NAME|DIR", help="go on with a pretrained model, vocabulary and all"
    )
    group.add_argument("--cased", action="store_true", help="FILE is of text as it is written")
    group.add_argument("--config", metavar="FILE", help="sizes of a new model: bert_config.json")
    group.add_argument(
        "--position-embeddings",
        choices=("interpolate", "extend"),
        help="how --init learns of more positions, where the records are longer",
    )
    fields = {field.name: field for field in dataclasses.fields(BertConfig)}
    for name in SIZES:
        kind: Any = positive if fields[name].type is int else fields[name].type
        group.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="X")
    group.add_argument(
        "--next-sentence",
        action=argparse.BooleanOptionalAction,
        help="learn which sentence comes next (if the records tell, when not given)",
    )


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--steps", type=positive, required=True, metavar="N", help="updates")
    group.add_argument(
        "--batch-size", type=positive, default=32, metavar="N", help="rows of an update"
    )
    group.add_argument(
        "--accumulation",
        type=positive,
        default=1,
        metavar="N",
        help="parts in which a batch is computed, for memory; the result is the same",
    )
    group.add_argument("--optimizer", choices=("adamw", "lamb"), default="adamw")
    group.add_argument("--learning-rate", type=float, default=1e-4, metavar="X", help="the peak")
    group.add_argument(
        "--warmup-steps", type=int, metavar="N", help="until the peak (a tenth of all)"
    )
    group.add_argument(
        "--decay-power",
        type=float,
        default=1.0,
        metavar="X",
        help="how the rate falls after the peak: 1 in a line, 0.5 late, 2 early",
    )
    group.add_argument("--end-learning-rate", type=float, default=0.0, metavar="X")
    group.add_argument("--weight-decay", type=float, default=0.01, metavar="X")
    group.add_argument("--beta-2", type=float, default=0.999, metavar="X")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="weights, order, dropout")


def _add_run(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--dtype", metavar="POLICY", help="Keras dtype policy, such as mixed_bfloat16"
    )
    group.add_argument("--jit-compile", action="store_true", help="compile the step with XLA")
    group.add_argument(
        "--gradient-checkpointing", action="store_true", help="recompute blocks, for memory"
    )
    group.add_argument(
        "--loss-chunk",
        type=positive,
        metavar="N",
        help="predictions that have logits at a time, for memory (all)",
    )
    group.add_argument(
        "--evaluate-every",
        type=positive,
        default=1000,
        metavar="N",
        help="steps between two evaluations, with a line of progress and a saved state",
    )
    group.add_argument("--tensorboard", metavar="DIR", help="write TensorBoard logs")
    group.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="keep the run's state here until it is done; the same command resumes from it",
    )
    group.add_argument(
        "--save-every-steps", type=positive, metavar="N", help="and not only at evaluations"
    )


def kept_flags(arguments: argparse.Namespace) -> dict[str, Any]:
    """The flags that every start of a run must share.

    Switches that are off count as none, and so do those of `LATER` at their default: a run
    that an earlier version began goes on under this one.
    """
    return {
        f"--{name.replace('_', '-')}": value
        for name, value in vars(arguments).items()
        if name not in FREE
        and not (value is None or value is False)  # 0 is a value
        and not (name in LATER and value == LATER[name])
    }
