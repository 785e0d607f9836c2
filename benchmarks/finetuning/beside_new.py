"""Fine-tunes a pretrained BERT and a new one of its sizes: what was pretraining worth?

    python benchmarks/finetuning/beside_new.py PRESET FOLDER ROWS.json [ROWS.json …]
        [--rates 3e-4,1e-3] [--seeds 0,1] [--processes 2]
        [--options="--epochs 3 --sequence-length 64"]     of with_keras_bert.py

Every rate is tried for both models with every seed (of the new one's weights too). Prints a
line for each rate: the scores of `score.py`, as means over the seeds. Whoever takes the best
rate chooses on the held-out rows, for both models alike. What FOLDER holds of an earlier run
is not trained again.
"""

import argparse
import concurrent.futures
import itertools
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
from typing import NamedTuple

HERE = pathlib.Path(__file__).parent


class Run(NamedTuple):
    """One fine-tuning."""

    rows: pathlib.Path
    model: str  # "pretrained" or "new"
    rate: str
    seed: str


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("rows", nargs="+", type=pathlib.Path)
    parser.add_argument("--rates", default="3e-4,1e-3")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--options", type=shlex.split, default="", help="of with_keras_bert.py")
    return parser.parse_args()


def python(script: str, *arguments: object) -> str:
    """What a script of this folder prints."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def new_model(a: argparse.Namespace, seed: str) -> pathlib.Path:
    """A folder with the preset's sizes and vocabulary and new weights."""
    folder = a.folder / f"new{seed}"
    if not folder.is_dir():
        python("new_model.py", a.preset, folder, "--seed", seed)
    return folder


def scored(a: argparse.Namespace, run: Run) -> dict[str, float]:
    """The scores of a run on the held-out rows, trained unless its predictions are there."""
    stem = f"{run.rows.stem}-{run.model}-{run.rate}-{run.seed}"
    found, new = a.folder / f"{stem}.json", a.folder / f"{stem}.json.new"
    if not found.exists():
        model = a.preset if run.model == "pretrained" else a.folder / f"new{run.seed}"
        options = ("--learning-rate", run.rate, "--seed", run.seed, *a.options)
        python("with_keras_bert.py", model, run.rows, new, *options)
        new.rename(found)
    scores = json.loads(python("score.py", run.rows, found).splitlines()[-1])
    scores = {name: value for name, value in scores.items() if isinstance(value, float)}
    print(stem, scores, flush=True)
    return scores


def main() -> None:
    """Trains, scores and prints."""
    a = parsed()
    a.folder.mkdir(parents=True, exist_ok=True)
    rates, seeds = a.rates.split(","), a.seeds.split(",")
    for seed in seeds:
        new_model(a, seed)
    runs = [
        Run(*settings)
        for settings in itertools.product(a.rows, ("pretrained", "new"), rates, seeds)
    ]
    with concurrent.futures.ThreadPoolExecutor(a.processes) as pool:
        scores = dict(zip(runs, pool.map(lambda run: scored(a, run), runs), strict=True))
    for rows, model, rate in itertools.product(a.rows, ("pretrained", "new"), rates):
        each = [scores[Run(rows, model, rate, seed)] for seed in seeds]
        means = {name: round(statistics.mean(s[name] for s in each), 1) for name in each[0]}
        print(json.dumps({"rows": rows.stem, "model": model, "rate": rate, **means}))


if __name__ == "__main__":
    main()
