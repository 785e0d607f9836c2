"""The `keras-bert` command: one verb a module, heavy imports only inside a verb.

`--help` of every verb answers from the standard library alone. Results go to standard
output, progress and errors to standard error. Exit codes: 0 done, 1 the work failed,
2 wrong usage, 130 interrupted.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from keras_bert import __version__

# verb → the module beside this one that defines HELP, add_arguments and run.
VERBS = {
    "vocab": "vocab",
    "pretrain-data": "pretrain_data",
    "pretrain": "pretrain",
    "finetune": "finetune",
    "evaluate": "evaluate",
    "predict": "predict",
    "batch-predict": "batch_predict",
    "export": "export",
    "convert": "convert",
    "inspect": "inspect_folder",
    "presets": "presets",
}


def build_parser() -> argparse.ArgumentParser:
    """The parser of every verb; imports no more than argparse."""
    parser = argparse.ArgumentParser(
        prog="keras-bert", description="BERT for Keras: text in, answers out."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, module_name in VERBS.items():
        module = importlib.import_module(f"keras_bert.cli.{module_name}")
        subparser = verbs.add_parser(verb, help=module.HELP, description=module.HELP)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and gives the exit code."""
    arguments = build_parser().parse_args(argv)
    # TensorFlow's start-up notices (a missing GPU among its errors) are no part of the answer.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return arguments.run(arguments)
    except KeyboardInterrupt as interrupt:
        print(f"keras-bert {arguments.verb}: {str(interrupt) or 'interrupted'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has left; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, RuntimeError, ImportError, TypeError) as error:
        notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
        print(f"keras-bert {arguments.verb}: {error}{notes}", file=sys.stderr)
        return 1
    except Exception as error:
        from keras_bert.checkpoints.tensorflow_errors import is_tensorflow_error, reason_of

        if not is_tensorflow_error(error):
            raise
        print(f"keras-bert {arguments.verb}: {reason_of(error)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
