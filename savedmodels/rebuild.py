"""Builds an entry again from its source, and compares its answers with the golden ones.

    python savedmodels/rebuild.py library_intents            builds aside and compares
    python savedmodels/rebuild.py library_intents --record   builds the next version and
                                                             writes manifest.json, golden.json
    python savedmodels/rebuild.py minilm_sentences --out models/minilm_sentences
                                                             builds, compares and keeps

The entry's folder holds `warmup.jsonl`, the inputs in `golden.json`, and `source/`; or, for
a large model, a `manifest.json` that names the published weights instead.
"""

# ruff: noqa: T201

import argparse
import hashlib
import importlib.metadata
import json
import pathlib
import sys
import tempfile

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  # its operations are part of the graph

from keras_bert.cli.main import main as keras_bert
from keras_bert.presets import resolve_preset

BASE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-5  # of a manifest that names none


def source_of(entry: pathlib.Path) -> pathlib.Path:
    """The folder that an entry is built from, which has to be the one that was recorded."""
    if (entry / "source").is_dir():
        return entry / "source"
    source = json.loads((entry / "manifest.json").read_text("utf-8"))["source"]
    folder = resolve_preset(source["preset"])
    expected = source["sha256"]
    found = {name: digest for name, digest in files(folder).items() if name in expected}
    if found != expected:
        raise SystemExit(f"expected {source['preset']} with {expected}; received {found}")
    return folder


def export(entry: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """Writes a version of an entry into `out`, by the command line."""
    before = set(out.glob("*"))
    warmup = entry / "warmup.jsonl"
    if keras_bert(["export", str(source_of(entry)), str(out), "--warmup", str(warmup)]):
        raise SystemExit(f"expected an export of {entry.name}; received an error")
    (version,) = (path for path in set(out.glob("*")) - before if path.name.isdigit())
    return version


def answers(version: pathlib.Path, inputs: dict[str, dict[str, list]]) -> dict[str, dict]:
    """What each signature of a version answers, as JSON takes it.

    Args:
        version: a version folder.
        inputs: by signature and name.
    """
    loaded = tf.saved_model.load(version)
    found = {}
    for name, columns in inputs.items():
        signature = loaded.signatures[name]
        specs = signature.structured_input_signature[1]
        tensors = {key: tf.constant(column, specs[key].dtype) for key, column in columns.items()}
        outputs = signature(**tensors)
        found[name] = {key: plain(value.numpy()) for key, value in sorted(outputs.items())}
    return found


def plain(array: np.ndarray) -> list:
    """An array as JSON takes it."""
    if array.dtype != object:
        return array.tolist()
    return [plain(part) if array.ndim > 1 else part.decode("utf-8") for part in array]


def differences(found: dict[str, dict], golden: dict[str, dict]) -> dict[str, float]:
    """The greatest difference of each `signature/output`; infinite where strings differ."""
    result = {}
    for signature, outputs in golden.items():
        if found[signature].keys() != outputs.keys():
            raise SystemExit(f"expected outputs {list(outputs)}; received {list(found[signature])}")
        for name, expected in outputs.items():
            here, there = np.array(found[signature][name]), np.array(expected)
            same_kind = here.shape == there.shape and here.dtype.kind == there.dtype.kind
            if same_kind and here.dtype.kind == "f":
                distance = float(np.max(np.abs(here - there), initial=0))
            else:
                distance = 0.0 if same_kind and (here == there).all() else float("inf")
            result[f"{signature}/{name}"] = distance
    return result


def compare(entry: pathlib.Path, version: pathlib.Path) -> dict[str, float]:
    """`differences` of a version from the entry's golden answers."""
    golden = json.loads((entry / "golden.json").read_text("utf-8"))
    return differences(answers(version, golden["inputs"]), golden["answers"])


def files(folder: pathlib.Path) -> dict[str, str]:
    """The sha256 of every file below a folder, by its path there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def record(entry: pathlib.Path) -> None:
    """Builds the next version, with its manifest and its golden answers.

    The version of an entry without `source/` is not kept.
    """
    kept = (entry / "source").is_dir()
    with tempfile.TemporaryDirectory() as folder:
        version = export(entry, entry if kept else pathlib.Path(folder) / entry.name)
        path = entry / "golden.json"
        inputs = json.loads(path.read_text("utf-8"))["inputs"]
        write(path, {"inputs": inputs, "answers": answers(version, inputs)})
        signatures = tf.saved_model.load(version).signatures
        manifest = {
            "version": int(version.name),
            "source": {"folder": "source", "sha256": files(entry / "source")},
            "built_with": {name: importlib.metadata.version(name) for name in PACKAGES},
            "sha256": files(version),
            "signatures": {name: shapes(signatures[name]) for name in sorted(signatures)},
            "tolerance": TOLERANCE,
        }
        if not kept:
            del manifest["sha256"]
            manifest["source"] = json.loads((entry / "manifest.json").read_text("utf-8"))["source"]
        write(entry / "manifest.json", manifest)


PACKAGES = ("keras-bert-text", "tensorflow", "tensorflow-text", "keras")


def shapes(signature) -> dict[str, dict[str, str]]:
    """The dtypes and shapes of a signature's inputs and outputs."""

    def of(specs) -> dict[str, str]:
        return {key: f"{specs[key].dtype.name} {specs[key].shape}" for key in sorted(specs)}

    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    return {"inputs": of(inputs), "outputs": of(outputs)}


def write(path: pathlib.Path, content: dict) -> None:
    """Writes JSON, a line a value where that stays short."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main(arguments: list[str]) -> int:
    """Builds and compares one entry; 1 if it answers otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="a folder beside this file")
    parser.add_argument("--record", action="store_true", help="make the next version")
    parser.add_argument("--out", type=pathlib.Path, help="keep what is built, as a version in OUT")
    options = parser.parse_args(arguments)
    entry = BASE / options.name
    if options.record:
        record(entry)
    tolerance = json.loads((entry / "manifest.json").read_text("utf-8"))["tolerance"]
    with tempfile.TemporaryDirectory() as folder:
        found = compare(entry, export(entry, options.out or pathlib.Path(folder) / entry.name))
    for name, distance in found.items():
        print(f"{name}: {distance:.1e}")
    far = [name for name, distance in found.items() if distance > tolerance]
    print(f"{entry.name} answers as recorded" if not far else f"over {tolerance}: {far}")
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
