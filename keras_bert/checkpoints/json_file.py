"""JSON objects in files, with errors that name the file."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

Types = type | tuple[type, ...]


def read_json(path: pathlib.Path) -> dict[str, Any]:
    """The object in a UTF-8 JSON file.

    Raises:
        ValueError: there is no such file, or it holds something else.
    """
    if not path.is_file():
        raise ValueError(f"expected a JSON file {path}; received no such file")
    try:
        values = json.loads(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"expected UTF-8 JSON in {path}; received {error}") from error
    if not isinstance(values, dict):
        raise ValueError(f"expected a JSON object in {path}; received a {type(values).__name__}")
    return values


def require_types(
    values: Mapping[str, Any], types: Mapping[str, Types], path: pathlib.Path
) -> None:
    """Checks the types of the values that are there and not null.

    Raises:
        ValueError: naming the first key whose value is of another type.
    """
    for key, kinds in types.items():
        value = values.get(key)
        if value is not None and not isinstance(value, kinds):
            names = [kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
            raise ValueError(
                f"expected {key} in {path} to be of type {' or '.join(names)}; received {value!r}"
            )


def write_json(values: Mapping[str, Any], path: pathlib.Path) -> None:
    """Writes an object, indented, readable in any script."""
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")
