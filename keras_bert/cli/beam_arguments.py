"""The arguments by which a verb runs its work on Apache Beam."""

import argparse
import logging
import shlex

LOCAL_RUNNER = "DirectRunner"


def add_beam_arguments(parser: argparse.ArgumentParser) -> None:
    """The runner, and what is passed on to it."""
    group = parser.add_argument_group("Apache Beam")
    group.add_argument(
        "--runner",
        metavar="NAME",
        help="run as a Beam pipeline: DirectRunner (this machine), FlinkRunner, SparkRunner, "
        "DataflowRunner, … (extra: beam)",
    )
    group.add_argument(
        "--beam-options",
        default="",
        metavar="TEXT",
        help="options of Beam in one argument after an equals sign, such as "
        '--beam-options="--flink_master=HOST:8081 --parallelism=8"',
    )


def beam_options(arguments: argparse.Namespace, processes: int = 1) -> list[str]:
    """The options of the pipeline.

    Args:
        arguments: of `add_beam_arguments`.
        processes: workers of the local runner.

    Raises:
        ValueError: `--beam-options` with a quotation mark too few, or a runner in it.
        ImportError: the extra is not installed.
    """
    try:
        options = shlex.split(arguments.beam_options)
    except ValueError as error:
        raise ValueError(
            f"expected whole words in --beam-options; received {arguments.beam_options!r}: {error}"
        ) from error
    if any(option.split("=")[0] == "--runner" for option in options):
        raise ValueError("expected the runner in --runner; received one in --beam-options")
    _require_beam()
    runner = arguments.runner or LOCAL_RUNNER
    local = []
    if runner == LOCAL_RUNNER and processes > 1:
        local = ["--direct_running_mode=multi_processing", f"--direct_num_workers={processes}"]
        local.append("--default_sdk_harness_log_level=ERROR")
    return [f"--runner={runner}", *local, *options]


def _require_beam() -> None:
    # It tells of the cloud libraries that are not there, and of each worker's steps.
    logging.getLogger().setLevel(logging.ERROR)
    try:
        import apache_beam  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'expected Apache Beam: pip install "keras-bert-text[beam]"; '
            "received no package apache_beam"
        ) from error
