"""The masked language model's loss, whole and in chunks, as an entry of the results.

`benchmarks/masked_lm_loss.py` measures a case in a new process; here the cases take turns.
"""

import subprocess
import sys

from machine_facts import BENCHMARKS
from measurement import entry, say

FEW = 8  # predictions of the case that shows what the process itself holds


def case(predictions: int, chunk: int) -> dict[str, float]:
    """Peak megabytes and processor seconds of a step, see `benchmarks/masked_lm_loss.py`."""
    if str(BENCHMARKS) not in sys.path:
        sys.path.append(str(BENCHMARKS))
    from masked_lm_loss import case as measured

    return measured(predictions, chunk)


def measure_loss(predictions: int, chunks: list[int], rounds: int, threads: int) -> dict:
    """An entry with a row for each number of logits at a time, 0 for all."""
    rows: dict[str, dict] = {name_of(chunk): {"processor": [], "peaks": []} for chunk in chunks}
    failed: dict[str, str] = {}
    say(f"loss of {predictions} predictions")
    try:
        least = 2**20 * case(FEW, 0)["peak"]
    except subprocess.CalledProcessError as error:
        least, failed = None, dict.fromkeys(rows, reason_of(error))
    for turn in range(rounds):
        order = chunks[turn % len(chunks) :] + chunks[: turn % len(chunks)]
        for chunk in (chunk for chunk in order if name_of(chunk) not in failed):
            try:
                found = case(predictions, chunk)
            except subprocess.CalledProcessError as error:
                failed[name_of(chunk)] = reason_of(error)
                continue
            rows[name_of(chunk)]["processor"].append(found["seconds"])
            rows[name_of(chunk)]["peaks"].append(2**20 * found["peak"])
        say(f"  round {turn + 1} of {rounds}")
    about = "`benchmarks/masked_lm_loss.py`"
    engines: dict[str, dict] = {}
    for row, facts in rows.items():
        engines[row] = {"about": about}
        if row in failed:
            engines[row]["reason"] = failed[row]
        else:
            measured = {
                "peak_memory": max(facts["peaks"]),
                "loaded_memory": least,
                "resting_memory": least,
            }
            engines[row] |= {"processor": facts["processor"]} | measured
    settings = {"job": "loss", "predictions": predictions, "threads": threads}
    return entry(settings, engines, {}, rounds)


def name_of(chunk: int) -> str:
    """A row's name."""
    return f"{chunk} logits at a time" if chunk else "plain"


def reason_of(error: subprocess.CalledProcessError) -> str:
    """The last line of a case that failed."""
    lines = (error.stderr or "").strip().splitlines()
    return lines[-1] if lines else f"exit status {error.returncode}"
