"""Records the operations that TensorFlow Serving 2.13 knows, in `serving_operations.txt`.

    CORE/bin/python tests/golden/record_serving_operations.py core
    TEXT/bin/python tests/golden/record_serving_operations.py text

CORE is an environment with tensorflow-cpu 2.13.1; TEXT one with tensorflow-cpu 2.12.1 and
tensorflow-text 2.12.1, the release of TensorFlow Text that Serving 2.13 to 2.19 links, all
of it (`ops_lib`). Operations are not taken out of later releases. Each call replaces its
own part of the file.

Source: tensorflow_serving/workspace.bzl and tensorflow_serving/model_servers/BUILD
(SUPPORTED_TENSORFLOW_OPS) of https://github.com/tensorflow/serving;
https://github.com/tensorflow/serving/pull/4057
"""

import pathlib
import sys

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

PATH = pathlib.Path(__file__).with_name("serving_operations.txt")
VERSIONS = {"core": "2.13.1", "text": "2.12.1"}
# Known to the wheel, but run by Python itself, which the server has not.
OF_PYTHON = {"EagerPyFunc", "PyFunc", "PyFuncStateless"}


def registered() -> set[str]:
    """The names of all operations that this process knows."""
    content = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    return {operation.name for operation in op_def_pb2.OpList.FromString(content).op}


def operations(part: str) -> list[str]:
    """TensorFlow's own operations, or those that TensorFlow Text adds."""
    core = registered() - OF_PYTHON
    if part == "core":
        return sorted(core)
    import tensorflow_text  # noqa: F401

    return sorted(registered() - OF_PYTHON - core)


def main(part: str) -> None:
    """Writes `PART NAME` lines; those of the other part stay."""
    if tf.__version__ != VERSIONS[part]:
        raise SystemExit(f"expected tensorflow {VERSIONS[part]}; received {tf.__version__}")
    lines = PATH.read_text("utf-8").splitlines() if PATH.exists() else []
    kept = [line for line in lines if not line.startswith(f"{part} ")]
    found = [f"{part} {name}" for name in operations(part)]
    PATH.write_text("\n".join(sorted(kept + found)) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
