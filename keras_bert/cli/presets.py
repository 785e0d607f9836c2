"""`keras-bert presets`: the published models that have names here, and fetching them."""

import argparse
import json
from typing import Any

HELP = "list published models by name, with licence and source, or fetch some"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the verb's arguments."""
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="names, or parts of names; all by default"
    )
    parser.add_argument(
        "--fetch",
        action="store_true",
        help="fetch the models of exactly these names (or hf://OWNER/NAME) and print the folders",
    )
    parser.add_argument("--here", action="store_true", help="only those on this machine")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Lists or fetches.

    Raises:
        ValueError: `--fetch` without a name, or no model with such a name.
    """
    if arguments.fetch:
        return _fetch(arguments)
    rows = _rows(arguments.names, arguments.here)
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    widths = [max((len(row[key]) for row in rows), default=0) for key in ("name", "licence")]
    for row in rows:
        mark = "*" if row["folder"] else " "
        words = [row["name"].ljust(widths[0]), row["licence"].ljust(widths[1]), row["description"]]
        print(mark, "  ".join(words))
    print(f"{len(rows)} models; * is on this machine. --json adds sources and folders.")
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from keras_bert.presets import resolve_preset

    if not arguments.names:
        raise ValueError("expected the names of models to fetch; received --fetch alone")
    folders = {name: str(resolve_preset(name)) for name in arguments.names}
    print(json.dumps(folders) if arguments.json else "\n".join(folders.values()))
    return 0


def _rows(names: list[str], here: bool) -> list[dict[str, Any]]:
    from keras_bert.presets import PRESETS

    rows = []
    for preset in PRESETS.values():
        texts = [preset.name.lower(), (preset.alias or "").lower()]
        if names and not any(part.lower() in text for part in names for text in texts):
            continue
        folder = preset.present()
        if folder or not here:
            alias = f" ({preset.alias})" if preset.alias else ""
            rows.append(
                {
                    "name": preset.name,
                    "alias": preset.alias,
                    "licence": preset.licence,
                    "description": preset.description + alias,
                    "source": preset.source,
                    "places": [str(place) for place in preset.places],
                    "folder": folder and str(folder),
                }
            )
    if names and not rows and not here:
        raise ValueError(f"expected names of models; received {', '.join(names)}, like none")
    return rows
