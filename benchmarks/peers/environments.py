"""The environments of the engines: made once by venv and pip, kept, and found by name.

`requirements/NAME.txt` says what is in environment NAME; a copy beside the environment says
what it was made from, so that a changed file makes it anew.
"""

import os
import pathlib
import shutil
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).parent / "requirements"
ENVIRONMENTS = pathlib.Path(__file__).parents[2] / ".venv-peers"
_MADE_FROM = "made_from.txt"


def pythons(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The interpreter of each environment, made or not; `own` is this one."""
    names = sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))
    return {"own": pathlib.Path(sys.executable)} | {
        name: python_of(folder / name) for name in names
    }


def python_of(environment: pathlib.Path) -> pathlib.Path:
    """The interpreter inside an environment."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return environment.absolute().joinpath(*inside)


def make_environments(folder: pathlib.Path) -> dict[str, str]:
    """Make what is missing or out of date; those that could not be made, with the reason."""
    failed = {}
    for path in sorted(REQUIREMENTS.glob("*.txt")):
        environment = folder / path.stem
        made_from = environment / _MADE_FROM
        if made_from.exists() and made_from.read_text("utf-8") == path.read_text("utf-8"):
            continue
        if environment.exists() and not made_from.exists() and python_of(environment).exists():
            print(f"{environment}: left as it is, not made here", file=sys.stderr)
            continue
        print(f"{environment}: installing {path.name}", file=sys.stderr, flush=True)
        try:
            make_environment(environment, path)
        except subprocess.CalledProcessError as error:
            failed[path.stem] = f"{' '.join(map(str, error.cmd[1:4]))} gave {error.returncode}"
            print(f"{environment}: {failed[path.stem]}", file=sys.stderr)
    return failed


def make_environment(environment: pathlib.Path, requirements: pathlib.Path) -> None:
    """Make one, marked as made when all is installed."""
    shutil.rmtree(environment, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    install = ["-m", "pip", "install", "--quiet", "-r", str(requirements)]
    subprocess.run([str(python_of(environment)), *install], check=True, stdout=sys.stderr)
    shutil.copyfile(requirements, environment / _MADE_FROM)
