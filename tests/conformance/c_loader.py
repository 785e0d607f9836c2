"""Builds `run_signatures.c` against TensorFlow's own headers, and asks exports through it."""

import pathlib
import shutil
import subprocess
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
import tensorflow_text
from tensorflow.core.protobuf import saved_model_pb2

SOURCE = pathlib.Path(__file__).with_name("run_signatures.c")
OPERATIONS = "python/ops/_fast_wordpiece_tokenizer.so"  # of the wheel of tensorflow-text
DTYPES = {1: np.float32, 3: np.int32, 7: bytes, 9: np.int64}  # by TF_DataType


def compiler() -> str | None:
    """A C compiler of this machine."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def build(folder: pathlib.Path) -> pathlib.Path:
    """Compiles the program into `folder`."""
    program = folder / "run_signatures"
    libraries = pathlib.Path(tf.sysconfig.get_lib())
    found = sorted(libraries.glob("libtensorflow_cc.so.*")) + sorted(
        libraries.glob("libtensorflow_framework.so.*")
    )
    command = [compiler(), "-O1", "-Wall", "-Werror", f"-I{tf.sysconfig.get_include()}", SOURCE]
    command += ["-o", program, *found, f"-Wl,-rpath,{libraries}"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return program


def string_signatures(version: pathlib.Path) -> dict:
    """The signatures of a SavedModel that take strings, as its file defines them."""
    model = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    return {
        name: signature
        for name, signature in model.meta_graphs[0].signature_def.items()
        if any(info.dtype == tf.string.as_datatype_enum for info in signature.inputs.values())
    }


def answers(program: pathlib.Path, models: Mapping[pathlib.Path, Mapping[str, list]]) -> list[dict]:
    """What each model's string signatures answer: arrays by output, signature by signature.

    Args:
        program: what `build` gives.
        models: the named inputs of each version folder.
    """
    signatures = {version: string_signatures(version) for version in models}
    requests = b"".join(
        b"model %s\n" % str(version).encode()
        + b"".join(_run(signature, models[version]) for signature in of_model.values())
        for version, of_model in signatures.items()
    )
    library = pathlib.Path(tensorflow_text.__file__).parent / OPERATIONS
    done = subprocess.run([str(program), str(library)], input=requests, capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    lines = iter(done.stdout.decode("ascii").splitlines())
    return [
        {name: dict(_array(next(lines)) for _ in sig.outputs) for name, sig in of_model.items()}
        for of_model in signatures.values()
    ]


def _run(signature, inputs: Mapping[str, list]) -> bytes:
    parts = [b"run %d %d\n" % (len(signature.inputs), len(signature.outputs))]
    for name, info in signature.inputs.items():
        array = tf.constant(inputs[name], tf.as_dtype(info.dtype)).numpy()
        parts.append(b"%s %s\n" % (_place(info), _tensor(array)))
    for name, info in signature.outputs.items():
        parts.append(b"%s %s\n" % (name.encode(), _place(info)))
    return b"".join(parts)


def _place(info) -> bytes:
    return info.name.replace(":", " ").encode()


def _tensor(array: np.ndarray) -> bytes:
    is_string = array.dtype == object
    values = [b"%d %s" % (len(x), x) if is_string else b"%d" % x for x in array.ravel()]
    dtype = b"string" if is_string else b"int32"
    return b" ".join([dtype, b"%d" % array.ndim, *(b"%d" % n for n in array.shape), *values])


def _array(line: str) -> tuple[str, np.ndarray]:
    name, dtype, rank, *rest = line.split(" ")
    shape, values = list(map(int, rest[: int(rank)])), rest[int(rank) :]
    kind = DTYPES[int(dtype)]
    if kind is bytes:
        texts = [bytes.fromhex(value[1:]).decode("utf-8") for value in values]
        return name, np.array(texts, object).reshape(shape)
    return name, np.array(values, kind).reshape(shape)
