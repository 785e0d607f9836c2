"""What engines read, written anew for each run: weights, ids, the SavedModel, the ONNX graph.

All engines of a job get the same weights and the same rows, so that their answers can be
compared beside their times.
"""

import json
import pathlib
import subprocess

from engine_process import WORKERS, EngineError, environment_variables
from model_shapes import SHAPES, VOCABULARY, shape_of

PRESET, PRESET_SHAPE = "all-minilm-l6-v2", "minilm"


def write(pythons, settings: dict, kinds: set[str], folder: pathlib.Path, source=None):
    """Write the kinds of files that are needed.

    Args:
        pythons: the interpreter of each environment by its name.
        settings: of the measurement; `preset` None for a vocabulary that is made up.
        kinds: of `weights`, `served`, `onnx` and `fused`.
        folder: where to.
        source: for a `texts` job, `file` (None for the library's documentation), `column`
            and `count`.

    Returns:
        The kinds that failed, with the reason; facts about the texts for the settings; and
        the first text's vector in float32, or its probabilities, as a vector of length 1.
    """
    commands = _commands(settings, kinds, folder)
    if source is not None:
        wanted = source | {"folder": str(folder), "length": settings["length"]}
        commands["texts"] = ["own", "write_texts.py", json.dumps(wanted)]
    if settings["job"] == "classify":
        commands["classifier"] = ["own", "write_classifier.py", json.dumps(wanted)]
    failed = {}
    for kind, (environment, script, *arguments) in commands.items():
        try:
            _run(pythons[environment], WORKERS / script, *arguments, threads=settings["threads"])
        except EngineError as failure:
            failed[kind] = f"no {kind}: {failure}"
            if kind == "weights":
                break  # All others are made from them.
    facts, reference = (_read(folder / f"{name}.json") for name in ("texts_facts", "reference"))
    return failed, facts or {}, reference or []


def _read(path: pathlib.Path):
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _commands(settings, kinds, folder) -> dict[str, list[str]]:
    """By kind: environment, script and arguments."""
    shape = shape_of(settings) if settings.get("shape") else None
    wanted = {
        "folder": str(folder),
        "preset": settings.get("preset", PRESET),
        "vocabulary": VOCABULARY,
        "config": shape.config() if shape else None,
        "batch": settings["batch"],
        "length": settings["length"],
    }
    commands = {"weights": ["own", "write_own_files.py", json.dumps(wanted)]}
    if "served" in kinds:
        served = {name: settings[name] for name in ("dtype", "batch", "length")}
        served["folder"] = str(folder)
        commands["served"] = ["own", "write_served.py", json.dumps(served)]
    exported, fused = str(folder / "encoder.onnx"), str(folder / "encoder.fused.onnx")
    if kinds & {"onnx", "fused"}:
        commands["onnx"] = ["torch", "write_onnx.py", str(folder / "weights"), exported]
    if "fused" in kinds:
        sizes = shape or SHAPES[PRESET_SHAPE]
        heads = [str(sizes.heads), str(sizes.hidden)]
        commands["fused"] = ["torch", "write_fused_onnx.py", exported, fused, *heads]
    return commands


def _run(python, *command, threads: int) -> None:
    variables = environment_variables(threads)
    try:
        done = subprocess.run(
            [python, *command], env=variables, capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        raise EngineError(f"{python} does not start: {error.strerror}") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise EngineError(lines[-1])
