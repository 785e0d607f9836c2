"""Seconds from the start of a process: to imports, to `--help`, to the first answer.

Every round starts every process anew, in turn. An engine's row is the time from starting its
Python to its answer for the job's first batch, loading the weights included.
"""

import subprocess
import time

from engine_process import EngineError, EngineProcess, environment_variables

# Row → environment, arguments of its Python, what it shows.
COMMANDS = {
    "import tensorflow": ("own", ["-c", "import tensorflow"]),
    "import keras": ("own", ["-c", "import keras"]),
    "import tensorflow, keras, tensorflow_text": (
        "own",
        ["-c", "import tensorflow, keras, tensorflow_text"],
    ),
    "import keras_bert": ("own", ["-c", "import keras_bert"]),
    "import keras_bert.models": ("own", ["-c", "from keras_bert.models import BertClassifier"]),
    "keras-bert --help": ("own", ["-m", "keras_bert", "--help"]),
    "import transformers": ("torch", ["-c", "from transformers import BertModel"]),
    "import sentence_transformers": ("torch", ["-c", "import sentence_transformers"]),
    "import keras_hub": ("keras_hub", ["-c", "import keras_hub"]),
    "import onnxruntime": ("onnxruntime", ["-c", "import onnxruntime"]),
    "import openvino": ("openvino", ["-c", "import openvino"]),
}


def time_command(python, arguments: list[str], threads: int) -> float:
    """Wall seconds of one process.

    Raises:
        EngineError: it does not start or does not succeed.
    """
    begin = time.perf_counter()
    try:
        done = subprocess.run(
            [str(python), *arguments],
            env=environment_variables(threads),
            capture_output=True,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise EngineError(f"{python} does not start: {error.strerror}") from error
    took = time.perf_counter() - begin
    if done.returncode:
        raise EngineError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return took


def time_first_answer(python, worker, settings: dict, threads: int) -> tuple[float, dict]:
    """Wall seconds from the start of a worker to its first answer, and what it answered.

    Raises:
        EngineError: the engine failed.
    """
    begin = time.perf_counter()
    process = EngineProcess(python, worker, threads=threads)
    try:
        facts = process.ask("prepare", settings=settings | {"job": "forward"})
        took = time.perf_counter() - begin
        facts["memory"] = process.ask("memory")["bytes"]
    finally:
        process.close()
    return took, facts


def start_rounds(timed: dict, rounds: int, progress=None) -> dict:
    """Times by row, over rounds that begin with another row each; none is dropped but one.

    Args:
        timed: functions that return seconds and facts, by row.
        rounds: that are kept, after one that reads the files into memory.
        progress: called with the number of rounds done and of all.
    """
    rows: dict[str, dict] = {name: {"wall": []} for name in timed}
    for turn in range(rounds + 1):
        names = [name for name in timed if "reason" not in rows[name]]
        first = turn % max(1, len(names))
        for name in names[first:] + names[:first]:
            try:
                took, facts = timed[name]()
            except EngineError as error:
                rows[name] = {"reason": str(error)}
                continue
            rows[name] |= facts
            if turn:
                rows[name]["wall"].append(took)
        if progress is not None:
            progress(turn + 1, rounds + 1)
    return rows
