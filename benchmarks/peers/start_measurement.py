"""The `start` job: processes started anew in every round, one entry made."""

import pathlib
import tempfile

import prepared_files
from engine_process import WORKERS
from engine_table import ENGINES
from measurement import add_differences, entry, require, say
from start_times import COMMANDS, start_rounds, time_command, time_first_answer


def measure_start(settings: dict, names: list[str], pythons: dict, rounds: int) -> dict:
    """An entry of the results; arguments as of `measurement.measure`."""
    able = [name for name in names if "forward" in ENGINES[name].jobs]
    threads = settings["threads"]
    say("start: writing files")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        kinds = {kind for engine in able for kind in ENGINES[engine].files}
        failed, _, reference = prepared_files.write(pythons, settings, kinds, folder)

        def command(environment, arguments):
            return lambda: (time_command(pythons[environment], arguments, threads), {})

        def first_answer(engine, way):
            def timed():
                require(engine, failed)
                given = settings | {"way": way, "folder": str(folder)}
                python, worker = pythons[engine.environment], WORKERS / engine.worker
                return time_first_answer(python, worker, given, threads)

            return timed

        timed = {row: command(*what) for row, what in COMMANDS.items()}
        timed |= {name: first_answer(ENGINES[name], ENGINES[name].way) for name in able}
        rows = start_rounds(timed, rounds, lambda done, of: say(f"  round {done} of {of}"))
    rows |= {name: {"reason": "does not do forward"} for name in names if name not in able}
    for name, facts in rows.items():
        facts["about"] = ENGINES[name].about if name in ENGINES else "a process of its own"
    add_differences(rows, reference)
    return entry(settings, rows, {}, rounds)
