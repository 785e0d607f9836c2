"""Results as JSON, a file a day, each a list of entries; nothing that was measured is lost.

An entry is what `measurement.measure` returns.
"""

import json
import os
import pathlib
import re
from collections.abc import Callable

from machine_facts import commit

RESULTS = pathlib.Path(__file__).parents[1] / "results" / "peers"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")


def add(entry: dict, folder: pathlib.Path = RESULTS) -> pathlib.Path:
    """Append an entry to its day's file, whole or not at all; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{entry['time'][:10]}.json"
    entries = [*_read(path), entry] if path.exists() else [entry]
    new = path.with_suffix(".json.new")
    new.write_text(json.dumps(entries, indent=1) + "\n", "utf-8")
    os.replace(new, path)
    return path


def entries(folder: pathlib.Path = RESULTS) -> list[dict]:
    """All entries, oldest first.

    Raises:
        ValueError: a file that is no list of entries.
    """
    paths = sorted(path for path in folder.glob("*.json") if _DAY.fullmatch(path.name))
    return sorted((entry for path in paths for entry in _read(path)), key=lambda e: e["time"])


def key(entry: dict) -> str:
    """What two entries have in common that may be compared: job, settings and machine.

    The number of tokens is a fact about a corpus, of which one run may draw another sample.
    """
    settings = {name: value for name, value in entry["settings"].items() if name != "tokens"}
    return json.dumps([settings, machine_of(entry)], sort_keys=True)


def machine_of(entry: dict) -> dict:
    """What makes two machines one: after a restart the memory differs by some pages."""
    return {name: entry["machine"].get(name) for name in ("processor", "cores")}


def newest(all_entries: list[dict], count: int = 1) -> list[list[dict]]:
    """For each key, in the order of first appearance, its newest entries, oldest first."""
    groups: dict[str, list[dict]] = {}
    for entry in all_entries:
        groups.setdefault(key(entry), []).append(entry)
    return [group[-count:] for group in groups.values()]


def of_this_commit(folder: pathlib.Path) -> dict[str, dict]:
    """The entries that this commit measured, by their keys."""
    now = commit()
    return {key(entry): entry for entry in entries(folder) if entry["commit"] == now}


def write_page(
    folder: pathlib.Path,
    page: Callable[[list[dict]], str],
    picture: Callable[[list[dict]], str] | None = None,
) -> None:
    """Write FOLDER.md, and FOLDER.svg, of the newest entry of each key, if there are any."""
    shown = [group[-1] for group in newest(entries(folder))]
    if not shown:
        return
    folder.with_suffix(".md").write_text(page(shown), "utf-8")
    if picture is not None:
        folder.with_suffix(".svg").write_text(picture(shown), "utf-8")


def _read(path: pathlib.Path) -> list[dict]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"expected a JSON list of results in {path}; received {error}") from error
    if not isinstance(found, list):
        raise ValueError(f"expected a JSON list of results in {path}; received {type(found)}")
    return found
